/* SPDX-License-Identifier: MIT */
/*
 * symbols.c - kernel functions by name or glob.
 *
 * Keeps the matches from the kernel's lists. Compilers rename a function whose arguments or body
 * they changed (NAME.isra.0); the name in the source finds these, too.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "../../util.h"
#include "kprobe.h"
#include "args.h"

bool probe_kprobe_is_glob(const char *pattern)
{
	return strpbrk(pattern, "*?[") != NULL;
}

/* Symbols that are loaded at run time but not in a module, and second symbols of functions. */
static bool is_unwanted(const char *name, const char *module)
{
	static const char *const prefixes[] = {"__pfx_", "__cfi_", ".L", "$"};

	if (module && (strncmp(module, "bpf]", 4) == 0 || strncmp(module, "__builtin__", 11) == 0))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return strstr(name, ".cold") != NULL;
}

bool probe_kprobe_symbol(char *line, uint64_t *addr, char **name)
{
	char *end, *module;

	*addr = strtoull(line, &end, 16);
	if (end == line || end[0] != ' ' || !end[1] || !strchr("tTwW", end[1]) || end[2] != ' ')
		return false;
	*name = end + 3;
	module = strchr(*name, '[');
	(*name)[strcspn(*name, " \t")] = '\0';
	return **name && !is_unwanted(*name, module ? module + 1 : NULL);
}

/* ".isra.0.constprop.3": only suffixes that do not change the purpose of the function. */
static bool is_variant(const char *suffix)
{
	static const char *const parts[] = {"isra", "constprop", "part", "llvm", "lto_priv"};
	size_t i;

	while (*suffix == '.') {
		size_t len = strcspn(++suffix, ".");

		for (i = 0; i < ARRAY_LEN(parts); i++)
			if (strlen(parts[i]) == len && strncmp(suffix, parts[i], len) == 0)
				break;
		if (i == ARRAY_LEN(parts) || suffix[len] != '.')
			return false;
		suffix += len + 1;
		suffix += strspn(suffix, "0123456789");
	}
	return *suffix == '\0';
}

static bool matches(const char *pattern, bool glob, const char *name)
{
	size_t len = strlen(pattern);

	if (glob)
		return fnmatch(pattern, name, 0) == 0;
	return strncmp(pattern, name, len) == 0 &&
	       (name[len] == '\0' || (name[len] == '.' && is_variant(name + len)));
}

static int add(struct kprobe_funcs *f, const char *name, uint64_t addr)
{
	struct kprobe_func *more = grow(f->func, &f->cap, f->cnt + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	f->func = more;
	more[f->cnt] = (struct kprobe_func){strdup(name), addr, KPROBE_ARGS_ANY, 0, true};
	if (!more[f->cnt].name)
		return -ENOMEM;
	f->cnt++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct kprobe_func *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->addr > y->addr) - (x->addr < y->addr);
}

static void sort(struct kprobe_funcs *f)
{
	if (f->cnt > 1)
		qsort(f->func, f->cnt, sizeof(*f->func), by_name);
}

static bool has(const struct kprobe_funcs *f, const char *name)
{
	size_t low = 0, high = f->cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(f->func[mid].name, name);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

/* Lines "name" or "name [module]". */
static int read_traceable(struct kprobe_funcs *f, const char *glob, const char *text)
{
	char line[KPROBE_LINE_LEN];
	int rc = 0;

	while (rc == 0 && probe_kprobe_line(&text, line)) {
		line[strcspn(line, " \t")] = '\0';
		if (fnmatch(glob, line, 0) == 0)
			rc = add(f, line, 0);
	}
	sort(f);
	return rc;
}

static int read_symbols(struct kprobe_funcs *f, const char *pattern, bool glob, const char *text,
			const struct kprobe_funcs *only)
{
	char line[KPROBE_LINE_LEN], *name;
	uint64_t addr;
	int rc = 0;

	while (rc == 0 && probe_kprobe_line(&text, line)) {
		if (!probe_kprobe_symbol(line, &addr, &name) || !matches(pattern, glob, name))
			continue;
		rc = add(f, name, addr);
		if (rc == 0 && only)
			f->func[f->cnt - 1].traceable = has(only, name);
	}
	sort(f);
	return rc;
}

/* Keeps only the functions with exactly this name, if there are any. */
static void prefer_exact(struct kprobe_funcs *f, const char *name)
{
	size_t kept = 0;

	if (!has(f, name))
		return;
	for (size_t i = 0; i < f->cnt; i++) {
		if (strcmp(f->func[i].name, name) == 0)
			f->func[kept++] = f->func[i];
		else
			free(f->func[i].name);
	}
	f->cnt = kept;
}

int probe_kprobe_funcs(struct kprobe_funcs *out, const char *pattern,
		       const struct kprobe_lists *lists)
{
	bool glob = probe_kprobe_is_glob(pattern), listed = glob && lists->traceable;
	struct kprobe_funcs only = {0};
	int rc = 0;

	*out = (struct kprobe_funcs){0};
	if (listed)
		rc = read_traceable(&only, pattern, lists->traceable);
	if (rc == 0)
		rc = read_symbols(out, pattern, glob, lists->symbols, listed ? &only : NULL);
	if (rc == 0 && !glob)
		prefer_exact(out, pattern);
	probe_kprobe_funcs_free(&only);
	if (rc < 0)
		probe_kprobe_funcs_free(out);
	return rc;
}

void probe_kprobe_funcs_free(struct kprobe_funcs *f)
{
	for (size_t i = 0; i < f->cnt; i++)
		free(f->func[i].name);
	free(f->func);
	*f = (struct kprobe_funcs){0};
}
