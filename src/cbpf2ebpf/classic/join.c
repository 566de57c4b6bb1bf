/* SPDX-License-Identifier: MIT */
/*
 * join.c - compiles the parts of an expression and joins their programs: a return becomes a jump to
 * the part that follows for this verdict. Takes the output of split.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "expr.h"
#include "../../util.h"

struct joined {
	struct cbpf_prog prog;
	size_t cap;
	size_t *start;	/* of each part's program */
	uint32_t match; /* what they return for a match; 0: not known yet */
};

static int append(struct joined *j, const struct cbpf_insn *insns, size_t cnt)
{
	struct cbpf_insn *more = grow(j->prog.insns, &j->cap, j->prog.cnt + cnt, sizeof(*more));

	if (!more)
		return -ENOMEM;
	j->prog.insns = more;
	memcpy(j->prog.insns + j->prog.cnt, insns, cnt * sizeof(*insns));
	j->prog.cnt += cnt;
	return 0;
}

static void copy_text(char **to, struct expr_text t)
{
	memcpy(*to, t.at, t.len);
	*to += t.len;
}

static int add_part(struct joined *j, const struct expr_part *part, expr_compile compile,
		    void *user)
{
	char *text = malloc(part->head.len + part->body.len + 2), *to = text;
	struct cbpf_prog prog = {0};
	int rc;

	if (!text)
		return -ENOMEM;
	copy_text(&to, part->head);
	if (part->head.len > 0)
		*to++ = ' ';
	copy_text(&to, part->body);
	*to = 0;
	rc = compile(user, text, &prog);
	if (rc == 0)
		rc = append(j, prog.insns, prog.cnt);
	cbpf_prog_free(&prog);
	free(text);
	return rc;
}

/* Turns the returns of a part's program, which ends before `end`, into jumps. */
static int connect_part(struct joined *j, const struct expr_parts *parts, uint32_t i, size_t end)
{
	for (size_t pc = j->start[i]; pc < end; pc++) {
		struct cbpf_insn *in = &j->prog.insns[pc];
		uint32_t to;

		if (CBPF_CLASS(in->code) != CBPF_RET)
			continue;
		if (in->code & CBPF_A || (in->k != 0 && j->match != 0 && in->k != j->match))
			return -ENOTSUP;
		if (in->k != 0)
			j->match = in->k;
		to = parts->all[i].to[in->k != 0];
		if (to == EXPR_YES || to == EXPR_NO)
			to = parts->cnt + (to == EXPR_NO);
		*in = (struct cbpf_insn){.code = CBPF_JMP | CBPF_JA,
					 .k = (uint32_t)(j->start[to] - pc - 1)};
	}
	return 0;
}

static int join(struct joined *j, const struct expr_parts *parts, expr_compile compile, void *user)
{
	struct cbpf_insn ends[] = {{CBPF_RET | CBPF_K, 0, 0, 0}, {CBPF_RET | CBPF_K, 0, 0, 0}};
	int rc = 0;

	for (uint32_t i = 0; i < parts->cnt && rc == 0; i++) {
		j->start[i] = j->prog.cnt;
		rc = add_part(j, &parts->all[i], compile, user);
	}
	j->start[parts->cnt] = j->prog.cnt;
	j->start[parts->cnt + 1] = j->prog.cnt + 1;
	for (uint32_t i = 0; i < parts->cnt && rc == 0; i++)
		rc = connect_part(j, parts, i, j->start[i + 1]);
	ends[0].k = j->match;
	return rc ? rc : append(j, ends, 2);
}

int c2e_expr_join(const struct expr_parts *parts, expr_compile compile, void *user,
		  struct cbpf_prog *out)
{
	struct joined j = {.start = malloc((parts->cnt + 2) * sizeof(*j.start))};
	int rc = j.start ? join(&j, parts, compile, user) : -ENOMEM;

	if (rc)
		cbpf_prog_free(&j.prog);
	free(j.start);
	*out = j.prog;
	return rc;
}

int c2e_expr_compile(const char *expr, uint32_t parts_min, expr_compile compile, void *user,
		     struct cbpf_prog *out)
{
	struct expr_parts parts = {0};
	int rc = c2e_expr_split(expr, &parts);

	if (rc == 0)
		rc = parts.cnt < parts_min ? -ENOTSUP : c2e_expr_join(&parts, compile, user, out);
	free(parts.all);
	return rc;
}
