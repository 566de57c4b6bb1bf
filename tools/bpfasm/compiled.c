/* SPDX-License-Identifier: MIT */
/*
 * compiled.c - reads assembly of several sections line by line: bytes go to sections of data, code
 * is kept for the assembler with the names that need relocation replaced. Debug information is
 * dropped. Fails with -EINVAL (input) and the line.
 */
#include "compiled.h"

#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/util.h"
#include "../common/fail.h"

/* ---- What is known ------------------------------------------------------------------------ */

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct compiled_name *)a)->text,
		      ((const struct compiled_name *)b)->text);
}

static void name_from(struct compiled_name *n, const char *text)
{
	*n = (struct compiled_name){0};
	memcpy(n->text, text, strnlen(text, sizeof(n->text) - 1));
}

size_t compiled_find(const struct compiled *c, const char *name)
{
	struct compiled_name n;
	struct compiled_name *const *found;

	name_from(&n, name);
	found = tfind(&n, &c->names, by_text);
	return found ? (*found)->symbol : SIZE_MAX;
}

static int add_symbol(struct compiled *c, const char *name)
{
	struct compiled_symbol *more =
		grow(c->symbols, &c->symbol_cap, c->symbol_cnt + 1, sizeof(*more));
	struct compiled_name *n;

	if (!more)
		return -ENOMEM;
	c->symbols = more;
	n = malloc(sizeof(*n));
	if (!n)
		return -ENOMEM;
	name_from(n, name);
	n->symbol = c->symbol_cnt;
	if (!tsearch(n, &c->names, by_text)) {
		free(n);
		return -ENOMEM;
	}
	c->symbols[c->symbol_cnt++] = (struct compiled_symbol){.name = n, .section = SIZE_MAX};
	return 0;
}

size_t compiled_symbol(struct compiled *c, const char *name)
{
	const size_t i = compiled_find(c, name);

	if (i != SIZE_MAX)
		return i;
	return add_symbol(c, name) == 0 ? c->symbol_cnt - 1 : SIZE_MAX;
}

int compiled_ref_add(struct compiled *c, const struct compiled_ref *ref)
{
	struct compiled_ref *more = grow(c->refs, &c->ref_cap, c->ref_cnt + 1, sizeof(*more));

	if (!more)
		return -ENOMEM;
	c->refs = more;
	c->refs[c->ref_cnt++] = *ref;
	return 0;
}

/* ---- Sections ----------------------------------------------------------------------------- */

static uint64_t flags_of(const char *name)
{
	if (strcmp(name, ".text") == 0)
		return SHF_ALLOC | SHF_EXECINSTR;
	return strncmp(name, ".rodata", 7) == 0 ? SHF_ALLOC : SHF_ALLOC | SHF_WRITE;
}

static bool is_debug(const char *name)
{
	static const char *const all[] = {".debug", ".BTF.ext", ".note", ".eh_frame", ".llvm"};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strncmp(name, all[i], strlen(all[i])) == 0)
			return true;
	return false;
}

static int enter(struct compiled *c, const char *name, uint64_t flags, bool no_bits)
{
	struct compiled_section *s = c->sections;

	for (c->current = 0; c->current < c->section_cnt; c->current++)
		if (strcmp(s[c->current].name, name) == 0)
			return 0;
	if (c->section_cnt == COMPILED_SECTIONS_MAX)
		return compiled_fail(c, "there are more than %d sections", COMPILED_SECTIONS_MAX);
	s = &s[c->section_cnt++];
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	s->flags = flags;
	s->no_bits = no_bits;
	s->is_dropped = is_debug(name);
	return 0;
}

/* A name up to the comma, in quotes or not: "cgroup/connect4" has a slash. */
static bool section_name(struct compiled_scan *s, char *name, size_t cap)
{
	const bool quoted = compiled_take(s, '"');
	size_t n = 0;

	while (s->p < s->end && n < cap - 1 &&
	       (quoted ? *s->p != '"' : *s->p != ',' && !isspace((unsigned char)*s->p)))
		name[n++] = *s->p++;
	name[n] = '\0';
	return n && (!quoted || compiled_take(s, '"'));
}

/* '.section NAME,"aw",@nobits' after the word */
static int enter_section(struct compiled *c, struct compiled_scan *s)
{
	char name[sizeof(c->sections[0].name)], kind[16] = "";
	uint64_t flags;

	if (!section_name(s, name, sizeof(name)))
		return compiled_fail(c, "expected the name of a section");
	flags = flags_of(name);
	if (compiled_take(s, ',') && compiled_take(s, '"')) {
		flags = 0;
		for (; s->p < s->end && *s->p != '"'; s->p++)
			flags |= *s->p == 'a'	? SHF_ALLOC
				 : *s->p == 'w' ? SHF_WRITE
				 : *s->p == 'x' ? SHF_EXECINSTR
						: 0u;
		(void)(compiled_take(s, '"') && compiled_take(s, ',') && compiled_take(s, '@') &&
		       compiled_name(s, kind, sizeof(kind)));
	}
	return enter(c, name, flags, strcmp(kind, "nobits") == 0);
}

/* ---- Code --------------------------------------------------------------------------------- */

/* Appends a line of code in its place in the file. */
static int put_code(struct compiled *c, const char *line, size_t len)
{
	struct compiled_section *const s = &c->sections[c->current];

	for (; s->line_cnt + 1 < (size_t)c->line_no; s->line_cnt++)
		text_put(&s->data, "\n");
	text_bytes(&s->data, line, len);
	text_put(&s->data, "\n");
	s->line_cnt++;
	s->has_code = true;
	return 0;
}

static int put_use(struct compiled *c, const char *line, const char *name, uint32_t type)
{
	struct compiled_ref ref = {.section = c->current, .line_no = c->line_no, .type = type};

	ref.symbol = compiled_symbol(c, name);
	if (ref.symbol == SIZE_MAX || compiled_ref_add(c, &ref))
		return err_run(c->err, -ENOMEM, "assemble", "out of memory");
	return put_code(c, line, strlen(line));
}

/* "r1 = NAME+4 ll" and "call NAME" become "r1 = 4 ll" and "call pc-1", with a use of the name. */
static int code_line(struct compiled *c, const struct compiled_scan *whole)
{
	struct compiled_scan scan = *whole, *const s = &scan;
	char word[128], name[128], line[64];
	int64_t off = 0;

	if (compiled_name(s, word, sizeof(word))) {
		if (strcmp(word, "call") == 0 && compiled_name(s, name, sizeof(name)) &&
		    strcmp(name, "pc") != 0)
			return put_use(c, "call pc-1", name, COMPILED_CALL);
		if (word[0] == 'r' && compiled_take(s, '=') &&
		    compiled_name(s, name, sizeof(name))) {
			char ll[4];

			(void)(compiled_take(s, '+') && compiled_number(s, &off));
			if (compiled_name(s, ll, sizeof(ll)) && strcmp(ll, "ll") == 0) {
				(void)snprintf(line, sizeof(line), "%.4s = %d ll", word, (int)off);
				return put_use(c, line, name, COMPILED_LDDW);
			}
		}
	}
	return put_code(c, whole->p, (size_t)(whole->end - whole->p));
}

/* ---- Lines -------------------------------------------------------------------------------- */

/* ".type NAME,@function", ".size NAME, 4", after the word; sizes of functions follow from code. */
static int describe(struct compiled *c, const char *word, struct compiled_scan *s)
{
	char name[COMPILED_NAME_CAP], kind[16];
	int64_t len;
	size_t i;

	if (!compiled_name(s, name, sizeof(name)) || !compiled_take(s, ','))
		return 0;
	i = compiled_symbol(c, name);
	if (i == SIZE_MAX)
		return err_run(c->err, -ENOMEM, "assemble", "out of memory");
	if (strcmp(word, ".size") == 0 && compiled_number(s, &len) && len >= 0)
		c->symbols[i].len = (uint64_t)len;
	else if (compiled_take(s, '@') && compiled_name(s, kind, sizeof(kind)))
		c->symbols[i].is_function = strcmp(kind, "function") == 0;
	return 0;
}

/* A directive of any section; -ENOENT: it is none of those. */
static int directive(struct compiled *c, const char *word, struct compiled_scan *s)
{
	static const char *const idle[] = {".globl", ".global", ".weak",    ".hidden",
					   ".local", ".file",	".ident",   ".addrsig",
					   ".loc",   ".cfi_",	".addrsig_"};

	if (strcmp(word, ".section") == 0)
		return enter_section(c, s);
	if (strcmp(word, ".text") == 0 || strcmp(word, ".data") == 0)
		return enter(c, word, flags_of(word), false);
	if (strcmp(word, ".bss") == 0)
		return enter(c, word, flags_of(word), true);
	if (strcmp(word, ".type") == 0 || strcmp(word, ".size") == 0)
		return describe(c, word, s);
	for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
		const size_t len = strlen(idle[i]);

		if (strncmp(word, idle[i], len) == 0 && (!word[len] || idle[i][len - 1] == '_'))
			return 0;
	}
	return -ENOENT;
}

/* ".comm NAME,LENGTH[,ALIGNMENT]", after the word: zeros in .bss. */
static int common(struct compiled *c, struct compiled_scan *s)
{
	const size_t before = c->current;
	char name[COMPILED_NAME_CAP];
	int64_t len, unit = 1;
	int rc;

	if (!compiled_name(s, name, sizeof(name)) || !compiled_take(s, ',') ||
	    !compiled_number(s, &len) || len < 0 ||
	    (compiled_take(s, ',') && (!compiled_number(s, &unit) || unit < 1)))
		return compiled_fail(c, "expected NAME,LENGTH,ALIGNMENT");
	rc = enter(c, ".bss", flags_of(".bss"), true);
	if (!rc && c->sections[c->current].flags & SHF_EXECINSTR)
		rc = compiled_fail(c, ".bss was declared as a section of code");
	if (!rc)
		rc = compiled_zeros(c, (uint64_t)len, (uint64_t)unit, name);
	c->current = before;
	return rc;
}

/* The rest of a line after its labels. */
static int statement(struct compiled *c, const struct compiled_scan *line)
{
	const bool code = c->sections[c->current].flags & SHF_EXECINSTR;
	const bool is_dropped = c->sections[c->current].is_dropped;
	struct compiled_scan s = *line;
	char word[128];
	int rc;

	if (compiled_take(&s, '#') || s.p == s.end)
		return 0;
	if (!compiled_name(&s, word, sizeof(word)) || word[0] != '.')
		return is_dropped ? 0
		       : code	  ? code_line(c, line)
				  : compiled_fail(c, "expected a directive");
	if (strcmp(word, ".comm") == 0 || strcmp(word, ".lcomm") == 0)
		return common(c, &s);
	rc = directive(c, word, &s);
	if (rc != -ENOENT)
		return rc;
	/* alignment of code is that of its slots */
	return is_dropped || code ? 0 : compiled_data(c, word, &s);
}

static int read_line(struct compiled *c, struct compiled_scan s)
{
	const struct compiled_section *const section = &c->sections[c->current];
	const struct compiled_scan whole = s;
	char word[128];
	int rc;

	if (!compiled_name(&s, word, sizeof(word)) || s.p == s.end || *s.p != ':')
		return statement(c, &whole);
	if (section->is_dropped)
		return 0;
	if (section->flags & SHF_EXECINSTR)
		return put_code(c, whole.p, (size_t)(whole.end - whole.p));
	s.p++;
	rc = compiled_label(c, word);
	return rc ? rc : statement(c, &s);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static struct compiled_scan next_line(const char **text, const char *end)
{
	const char *const newline = memchr(*text, '\n', (size_t)(end - *text));
	const struct compiled_scan s = {*text, newline ? newline : end};

	*text = newline ? newline + 1 : end;
	return s;
}

bool compiled_is(const char *data, size_t len)
{
	const char *const end = data + len;

	while (data < end) {
		struct compiled_scan s = next_line(&data, end);
		char word[16];

		if (compiled_name(&s, word, sizeof(word)) &&
		    (strcmp(word, ".section") == 0 || strcmp(word, ".data") == 0 ||
		     strcmp(word, ".bss") == 0))
			return true;
	}
	return false;
}

static void release(struct compiled *c)
{
	for (size_t i = 0; i < c->section_cnt; i++)
		text_free(&c->sections[i].data);
	for (size_t i = 0; i < c->symbol_cnt; i++) {
		(void)tdelete(c->symbols[i].name, &c->names, by_text);
		free(c->symbols[i].name);
	}
	free(c->symbols);
	free(c->refs);
	free(c);
}

int compiled_read(const struct ebpf_text *text, struct kbpf_elf **out, struct err *e)
{
	struct compiled *c = calloc(1, sizeof(*c));
	const char *next = text->data;
	int rc;

	if (!c)
		return err_run(e, -ENOMEM, "assemble", "out of memory");
	c->text = text;
	c->err = e;
	rc = enter(c, ".text", flags_of(".text"), false);
	while (!rc && next < text->data + text->len) {
		c->line_no++;
		rc = read_line(c, next_line(&next, text->data + text->len));
	}
	if (!rc)
		rc = compiled_build(c, out);
	release(c);
	return rc;
}
