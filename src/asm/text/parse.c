/* SPDX-License-Identifier: MIT */
/*
 * parse.c - ebpf_parse(): turns a text into a program. Makes two passes over the lines: the first
 * finds labels, constants and whether the text is a listing, the second emits into a builder.
 */
#include "bpfcap/ebpf_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../builder.h"
#include "directive.h"
#include "insn.h"
#include "listing.h"
#include "spots.h"

static bool find_constant(void *user, struct word word, int64_t *value)
{
	const struct parser *p = user;
	const struct name *n = ebpf_names_find(&p->names, word);

	if (!n || n->kind != NAME_CONSTANT)
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

/* ---- First pass --------------------------------------------------------------------------- */

static int first_look(struct parser *p)
{
	struct word word;
	int rc = 0;

	while (!rc && take_label(&p->scan, &word)) {
		struct name *n = ebpf_parse_define(p, word, &rc);

		if (!n)
			return rc;
		n->kind = NAME_LABEL;
		n->label = ebpf_label_new(p->builder);
	}
	return ebpf_parse_directive(p);
}

/* One line is enough: a listing may have other lines between its instructions. */
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

/* Calls `look` for each line. */
static int each_line(struct parser *p, int (*look)(struct parser *p))
{
	const char *next = p->text->data;
	int rc = 0;

	p->scan.line_no = 0;
	while (!rc && ebpf_scan_line(&p->scan, &next, p->text->data + p->text->len))
		rc = ebpf_mistake(&p->mistakes, look(p));
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

/* Gives the operation its label or its helper. */
static int resolve(const struct parser *p, struct statement *st)
{
	const struct name *n = ebpf_names_find(&p->names, st->target);
	char helper[64];
	int number;

	if (n && n->kind == NAME_LABEL) {
		st->op.label = n->label;
		return 0;
	}
	if (n && n->kind == NAME_MAP && st->op.kind == EBPF_OP_ADDR) {
		st->op = ebpf_ld_map_fd((ebpf_reg){st->op.dst}, (int)n->value);
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

/*
 * Reports an operation that the builder rejects, with its place in the text; the builder continues.
 */
static int emit(struct parser *p, const struct ebpf_op *op, const char *at)
{
	struct ebpf_builder *b = p->builder;
	const size_t first = b->item_cnt;
	int rc;

	ebpf_emit(b, op, 1, p->scan.name, p->scan.line_no);
	if (!b->error.code)
		return ebpf_parse_note_spot(p, first, at);
	if (!b->why[0])
		return err_run(p->scan.err, b->error.code, b->error.stage, "%s", b->error.text);
	rc = ebpf_scan_fail(&p->scan, at, "%s", b->why);
	b->error.code = 0;
	b->why[0] = '\0';
	return rc;
}

static bool refers_to_map(const struct ebpf_op *op)
{
	return op->kind == EBPF_OP_LDDW &&
	       (op->src == EBPF_PSEUDO_MAP_FD || op->src == EBPF_PSEUDO_MAP_VALUE);
}

static int second_look(struct parser *p)
{
	struct statement st;
	struct word word;
	const char *at;
	int rc = 0;

	while (!rc && take_label(&p->scan, &word)) {
		const struct name *n = ebpf_names_find(&p->names, word);
		struct ebpf_op op;

		if (!n || n->word.p != word.p)
			return 0; /* the first pass has reported this line */
		op = ebpf_place(n->label);
		rc = emit(p, &op, word.p);
	}
	if (rc || ebpf_scan_end(&p->scan))
		return rc;
	at = p->scan.p;
	if (*at == '.' && !ebpf_scan_word(&p->scan, ".insn"))
		return 0;
	p->scan.p = at;
	rc = ebpf_parse_statement(&p->scan, PARSE_NO_OPCODE, &st);
	if (!rc && p->map_cnt && refers_to_map(&st.op))
		return ebpf_scan_fail(&p->scan, at,
				      "this file defines maps: use the name of one, not map_fd");
	if (!rc && st.target.len)
		rc = resolve(p, &st);
	return rc ? rc : emit(p, &st.op, at);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static int finish(struct parser *p, struct ebpf_prog *out)
{
	int rc = ebpf_finish(p->builder, out, p->scan.err);

	if (rc && rc != -ENOMEM)
		p->scan.err->kind = ERR_INPUT;
	return rc;
}

static int parse_lines(struct parser *p, struct ebpf_prog *out)
{
	int rc = each_line(p, first_look);

	if (!rc)
		rc = each_line(p, second_look);
	if (!rc && !p->mistakes.cnt)
		rc = ebpf_parse_check_jumps(p);
	return rc || p->mistakes.cnt ? rc : finish(p, out);
}

static int parse_program(const struct ebpf_text *text, struct ebpf_source *out, struct err *e)
{
	struct parser p = {.text = text, .mistakes = {.text = text}};
	int rc;

	p.scan = (struct scan){
		.name = text->name, .err = &p.mistakes.last, .constant = find_constant, .user = &p};
	p.builder = ebpf_new(text->target, text->type);
	rc = ebpf_mistakes_end(&p.mistakes, parse_lines(&p, &out->prog), e);
	if (!rc) {
		out->lines = ebpf_parse_lines(&p, out->prog.cnt);
		out->labels = ebpf_parse_labels(&p, out->prog.cnt, &out->label_cnt);
	}
	ebpf_free(p.builder);
	ebpf_names_free(&p.names);
	free(p.spots);
	out->maps = p.maps;
	out->map_cnt = p.map_cnt;
	return rc;
}

static int parse_listing(const struct ebpf_text *text, struct ebpf_source *out, struct err *e)
{
	struct mistakes m = {.text = text};
	int rc = ebpf_mistakes_end(&m, ebpf_listing_parse(text, &m, &out->prog), e);

	if (!rc && text->target)
		rc = ebpf_check(out->prog.insns, out->prog.cnt, text->target, text->type, e);
	return rc;
}

int ebpf_parse_source(const struct ebpf_text *text, struct ebpf_source *out, struct err *e)
{
	int rc;

	*out = (struct ebpf_source){0};
	if (has_listing(text->data, text->data + text->len))
		rc = parse_listing(text, out, e);
	else
		rc = parse_program(text, out, e);
	if (rc)
		ebpf_source_free(out);
	return rc;
}

void ebpf_source_free(struct ebpf_source *s)
{
	ebpf_prog_free(&s->prog);
	free(s->maps);
	free(s->lines);
	free(s->labels);
	s->maps = NULL;
	s->lines = NULL;
	s->labels = NULL;
	s->label_cnt = 0;
	s->map_cnt = 0;
}

int ebpf_parse(const struct ebpf_text *text, struct ebpf_prog *out, struct err *e)
{
	struct ebpf_source s;
	int rc = ebpf_parse_source(text, &s, e);

	if (!rc && s.map_cnt)
		rc = err_input(e, -EINVAL, "assemble", "%s: maps are not allowed here", text->name);
	if (rc)
		ebpf_source_free(&s);
	*out = s.prog;
	free(s.maps);
	free(s.lines);
	free(s.labels);
	return rc;
}
