/* SPDX-License-Identifier: MIT */
/*
 * kallsyms.c - names of kernel addresses, from /proc/kallsyms.
 *
 * Takes lines "ffffffff81000000 T name[\t[module]]"; finds the function of an address by binary
 * search. All text is kept in one block; 200,000 symbols take some 10 MB while loaded.
 */
#include "kallsyms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../util.h"

struct symbol {
	uint64_t addr;
	uint32_t name;	 /* offset in text */
	uint32_t module; /* offset in text; 0: none */
};

struct kallsyms {
	struct symbol *sym;
	size_t cnt, cap;
	char *text;
	size_t text_len, text_cap;
};

/* The longest distance from a symbol at which an address counts as its own: there are no sizes. */
#define FUNC_LEN_MAX (1u << 20)

/* Stores the text; returns its offset, or 0 without memory. Offset 0 is never used. */
static uint32_t keep(struct kallsyms *k, const char *s, size_t len)
{
	size_t at = k->text_len ? k->text_len : 1;
	char *text =
		at + len + 1 > UINT32_MAX ? NULL : grow(k->text, &k->text_cap, at + len + 1, 1);

	if (!text)
		return 0;
	k->text = text;
	memcpy(k->text + at, s, len);
	k->text[at + len] = '\0';
	k->text_len = at + len + 1;
	return (uint32_t)at;
}

/* Symbols of one module follow each other, so the module's text is stored once. */
static uint32_t keep_module(struct kallsyms *k, const char *s, size_t len)
{
	const char *last =
		k->cnt && k->sym[k->cnt - 1].module ? k->text + k->sym[k->cnt - 1].module : NULL;

	if (last && strlen(last) == len && memcmp(last, s, len) == 0)
		return k->sym[k->cnt - 1].module;
	return keep(k, s, len);
}

static size_t word_len(const char *s)
{
	size_t len = 0;

	while (s[len] && s[len] != '\t' && s[len] != ' ' && s[len] != '\n')
		len++;
	return len;
}

static bool add(struct kallsyms *k, uint64_t addr, const char *rest)
{
	size_t name_len = word_len(rest);
	const char *module = rest + name_len + strspn(rest + name_len, "\t ");
	struct symbol s = {.addr = addr}, *sym;

	if (name_len == 0)
		return true;
	sym = grow(k->sym, &k->cap, k->cnt + 1, sizeof(*sym));
	if (!sym)
		return false;
	k->sym = sym;
	if (*module == '[') {
		s.module = keep_module(k, module + 1, strcspn(module + 1, "]\n"));
		if (!s.module)
			return false;
	}
	s.name = keep(k, rest, name_len);
	if (!s.name)
		return false;
	k->sym[k->cnt++] = s;
	return true;
}

/* Hexadecimal digits at *at, which moves behind them. */
static uint64_t read_addr(const char **at)
{
	uint64_t addr = 0;

	for (;; ++*at) {
		char c = **at;

		if (c >= '0' && c <= '9')
			addr = addr << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			addr = addr << 4 | (uint64_t)(c - 'a' + 10);
		else
			return addr;
	}
}

static bool add_line(struct kallsyms *k, const char *line, bool *hidden)
{
	const char *end = line;
	uint64_t addr = read_addr(&end);

	if (end == line || end[0] != ' ' || !end[1] || !strchr("tTwW", end[1]) || end[2] != ' ')
		return true;
	if (addr == 0) {
		*hidden = true;
		return true;
	}
	return add(k, addr, end + 3);
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

/* The kernel's own symbols come first and in order; those of modules and programs follow. */
static void sort(struct kallsyms *k)
{
	size_t n = 1;

	while (n < k->cnt && k->sym[n - 1].addr <= k->sym[n].addr)
		n++;
	qsort(k->sym + n, k->cnt - n, sizeof(*k->sym), by_addr);
	if (n < k->cnt && k->sym[n].addr < k->sym[n - 1].addr)
		qsort(k->sym, k->cnt, sizeof(*k->sym), by_addr);
}

static bool is_set(const bool *quit)
{
	return quit && __atomic_load_n(quit, __ATOMIC_RELAXED);
}

int probe_kallsyms_read(struct kallsyms **out, FILE *in, const bool *quit)
{
	struct kallsyms *k = calloc(1, sizeof(*k));
	bool hidden = false, ok = k;
	char *line = NULL;
	size_t line_cap = 0;

	*out = NULL;
	while (ok && getline(&line, &line_cap, in) > 0 && !is_set(quit))
		ok = add_line(k, line, &hidden);
	free(line);
	if (!ok || k->cnt == 0 || is_set(quit)) {
		probe_kallsyms_free(k);
		return !ok ? -ENOMEM : is_set(quit) ? -ECANCELED : hidden ? -EPERM : -ENODATA;
	}
	sort(k);
	*out = k;
	return 0;
}

void probe_kallsyms_free(struct kallsyms *k)
{
	if (!k)
		return;
	free(k->sym);
	free(k->text);
	free(k);
}

/* The first of the symbols with the greatest address that is not above `addr`. */
static const struct symbol *find(const struct kallsyms *k, uint64_t addr)
{
	size_t low = 0, high = k ? k->cnt : 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (k->sym[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return NULL;
	low--;
	while (low > 0 && k->sym[low - 1].addr == k->sym[low].addr)
		low--;
	return &k->sym[low];
}

void probe_kallsyms_text(const struct kallsyms *k, uint64_t addr, char *text, size_t text_len)
{
	const struct symbol *s = find(k, addr);

	if (!s || addr - s->addr > FUNC_LEN_MAX)
		(void)snprintf(text, text_len, "0x%" PRIx64, addr);
	else if (s->module)
		(void)snprintf(text, text_len, "%s+0x%" PRIx64 " [%s]", k->text + s->name,
			       addr - s->addr, k->text + s->module);
	else
		(void)snprintf(text, text_len, "%s+0x%" PRIx64, k->text + s->name, addr - s->addr);
}

bool probe_kallsyms_is_bpf(const struct kallsyms *k, uint64_t addr)
{
	static const char *const starts[] = {
		"bpf_",		  "__bpf_",	    "___bpf_",	    "trace_call_bpf",
		"perf_call_bpf_", "perf_trace_run", "kprobe_perf_", "kprobe_dispatcher",
		"kprobe_ftrace_", "__traceiter_"};
	const struct symbol *s = find(k, addr);

	for (size_t i = 0; s && i < ARRAY_LEN(starts); i++)
		if (strncmp(k->text + s->name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

uint64_t probe_kallsyms_addr(const struct kallsyms *k, const char *name)
{
	for (size_t i = 0; k && i < k->cnt; i++)
		if (strcmp(k->text + k->sym[i].name, name) == 0)
			return k->sym[i].addr;
	return 0;
}
