/* SPDX-License-Identifier: MIT */
/*
 * src/asm/parse.c - ebpf_parse(): a text becomes a program. Two passes over the lines: the first
 * finds labels, constants and whether this is a listing, the second emits into a builder.
 */
#include "parse.h"

#include <errno.h>
#include <string.h>

#include "../err.h"
#include "bpfcap/ebpf_text.h"
#include "builder.h"
#include "listing.h"
#include "names.h"

struct parser {
	struct scan scan;
	struct names names;
	struct ebpf_builder *builder;
};

static bool find_constant(void *user, struct word word, int64_t *value)
{
	const struct parser *p = user;
	const struct name *n = ebpf_names_find(&p->names, word);

	if (!n || n->is_label)
		return false;
	*value = n->value;
	return true;
}

/* "name:" */
static bool take_label(struct scan *s, struct word *word)
{
	const char *const start = s->p;

	if (ebpf_scan_name(s, word) && ebpf_scan_text(s, ":"))
		return true;
	s->p = start;
	return false;
}

static struct name *define(struct parser *p, struct word word, int *rc)
{
	const struct name *old = ebpf_names_find(&p->names, word);
	struct name *n;

	*rc = 0;
	if (old) {
		*rc = ebpf_scan_fail(&p->scan, word.p, "'%.*s' is already defined in line %d",
				     (int)word.len, word.p, old->line_no);
		return NULL;
	}
	n = ebpf_names_add(&p->names, word);
	if (n)
		n->line_no = p->scan.line_no;
	else
		*rc = err_run(p->scan.err, -ENOMEM, "assemble", "out of memory for names");
	return n;
}

/* ".equ NAME, VALUE"; the directive is read */
static int define_constant(struct parser *p)
{
	struct word word;
	struct name *n;
	int64_t value;
	int rc;

	if (!ebpf_scan_name(&p->scan, &word))
		return ebpf_scan_fail(&p->scan, p->scan.p, "a name is expected");
	rc = ebpf_parse_text(&p->scan, ",");
	if (!rc)
		rc = ebpf_scan_value(&p->scan, true, &value);
	if (!rc && !ebpf_scan_end(&p->scan))
		return ebpf_scan_fail(&p->scan, p->scan.p, "nothing more is expected here");
	if (rc)
		return rc;
	n = define(p, word, &rc);
	if (n)
		n->value = value;
	return rc;
}

/* The directives of compilers' output that change nothing in a program of one section. */
static bool is_idle_directive(struct word w)
{
	static const char *const idle[] = {".text",    ".globl", ".global", ".type",  ".size",
					   ".p2align", ".file",	 ".ident",  ".local", ".addrsig"};

	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (ebpf_word_is(w, idle[i]))
			return true;
	return false;
}

static int take_directive(struct parser *p)
{
	struct word w;

	if (!ebpf_scan_name(&p->scan, &w) || w.p[0] != '.')
		return 0;
	if (ebpf_word_is(w, ".equ") || ebpf_word_is(w, ".set"))
		return define_constant(p);
	if (is_idle_directive(w))
		return 0;
	return ebpf_scan_fail(&p->scan, w.p, "this directive is not known");
}

/* ---- First pass --------------------------------------------------------------------------- */

static int first_look(struct parser *p)
{
	struct word word;
	int rc = 0;

	while (!rc && take_label(&p->scan, &word)) {
		struct name *n = define(p, word, &rc);

		if (!n)
			return rc;
		n->is_label = true;
		n->label = ebpf_label_new(p->builder);
	}
	return take_directive(p);
}

/* One line is enough: a listing may hold anything beside its instructions. */
static bool has_listing(const char *text, const char *end)
{
	struct scan s = {0};
	uint64_t slot;
	int opcode;

	while (ebpf_scan_line(&s, &text, end))
		if (ebpf_listing_head(&s, &slot, &opcode))
			return true;
	return false;
}

static int first_pass(struct parser *p, const char *text, const char *end)
{
	int rc = 0;

	while (!rc && ebpf_scan_line(&p->scan, &text, end))
		rc = first_look(p);
	p->scan.line_no = 0;
	return rc;
}

/* ---- Second pass -------------------------------------------------------------------------- */

static int unknown_target(const struct parser *p, const struct statement *st)
{
	return ebpf_scan_fail(&p->scan, st->target.p, "'%.*s' is %s", (int)st->target.len,
			      st->target.p,
			      st->maybe_helper ? "neither a label of this file nor a helper"
					       : "not a label of this file");
}

/* Gives the operation its label, or its helper. */
static int resolve(const struct parser *p, struct statement *st)
{
	const struct name *n = ebpf_names_find(&p->names, st->target);
	char helper[64];
	int number;

	if (n && n->is_label) {
		st->op.label = n->label;
		return 0;
	}
	if (!st->maybe_helper || st->target.len >= sizeof(helper))
		return unknown_target(p, st);
	memcpy(helper, st->target.p, st->target.len);
	helper[st->target.len] = '\0';
	number = ebpf_helper_by_name(helper);
	if (number < 0)
		return unknown_target(p, st);
	st->op = ebpf_call_helper(number);
	return 0;
}

/* A refusal of the builder is told with the place in the text. */
static int emit(struct parser *p, const struct ebpf_op *op, const char *at)
{
	struct ebpf_builder *b = p->builder;

	ebpf_emit(b, op, 1, p->scan.name, p->scan.line_no);
	if (!b->error.code)
		return 0;
	if (b->why[0])
		return ebpf_scan_fail(&p->scan, at, "%s", b->why);
	return err_run(p->scan.err, b->error.code, b->error.stage, "%s", b->error.text);
}

static int second_look(struct parser *p)
{
	struct statement st;
	struct word word;
	const char *at;
	int rc = 0;

	while (!rc && take_label(&p->scan, &word)) {
		const struct ebpf_op op = ebpf_place(ebpf_names_find(&p->names, word)->label);

		rc = emit(p, &op, word.p);
	}
	if (rc || ebpf_scan_end(&p->scan) || *p->scan.p == '.')
		return rc;
	at = p->scan.p;
	rc = ebpf_parse_statement(&p->scan, PARSE_NO_OPCODE, &st);
	if (!rc && st.target.len)
		rc = resolve(p, &st);
	return rc ? rc : emit(p, &st.op, at);
}

static int second_pass(struct parser *p, const char *text, const char *end, struct ebpf_prog *out)
{
	int rc = 0;

	while (!rc && ebpf_scan_line(&p->scan, &text, end))
		rc = second_look(p);
	if (rc)
		return rc;
	rc = ebpf_finish(p->builder, out, p->scan.err);
	if (rc && rc != -ENOMEM && p->scan.err)
		p->scan.err->kind = ERR_INPUT;
	return rc;
}

/* ---- The whole ---------------------------------------------------------------------------- */

static int parse_source(const char *text, const char *end, const char *name,
			const struct ebpf_target *t, enum ebpf_prog_type type,
			struct ebpf_prog *out, struct err *e)
{
	struct parser p = {.scan = {.name = name, .err = e, .constant = find_constant}};
	int rc;

	p.scan.user = &p;
	p.builder = ebpf_new(t, type);
	rc = first_pass(&p, text, end);
	if (!rc)
		rc = second_pass(&p, text, end, out);
	ebpf_free(p.builder);
	ebpf_names_free(&p.names);
	return rc;
}

int ebpf_parse(const char *text, size_t len, const char *name, const struct ebpf_target *t,
	       enum ebpf_prog_type type, struct ebpf_prog *out, struct err *e)
{
	const char *const end = text + len;
	int rc;

	*out = (struct ebpf_prog){0};
	if (!has_listing(text, end))
		return parse_source(text, end, name, t, type, out, e);
	rc = ebpf_listing_parse(text, end, name, out, e);
	if (!rc && t)
		rc = ebpf_check(out->insns, out->cnt, t, type, e);
	if (rc)
		ebpf_prog_free(out);
	return rc;
}
