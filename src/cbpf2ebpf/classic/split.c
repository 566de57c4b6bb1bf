/* SPDX-License-Identifier: MIT */
/*
 * split.c - splits an expression at its `and`, `or` and parentheses.
 *
 * The grammar is libpcap's: `and` and `or` have equal precedence and are left-associative, `not`
 * binds tightest. An address or number alone takes the qualifiers of the primitive before it: `src
 * host a or b`. The text of a primitive is not parsed; libpcap reads it later and reports errors.
 * Where only the whole expression would show an error, or its meaning is not certain, the result is
 * -ENOTSUP.
 *
 * Like libpcap's own parser, this one backpatches jumps: a block is the first part of what has been
 * read, and the open exits for each verdict.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "../../util.h"

#define DEPTH_MAX 64 /* parentheses */
#define NO_WAY	  UINT32_MAX

/* Exits of parts, numbered part * 2 + verdict, linked through expr_part.to. */
struct ways {
	uint32_t first, last;
};

struct block {
	uint32_t begin;
	struct ways to[2]; /* for no match, for a match */
};

struct splitter {
	struct expr_parts *parts;
	struct token t;	       /* the present one */
	const char *end;       /* of the one before */
	struct expr_text head; /* qualifiers for an address or number alone; len 0: none */
	unsigned depth;
	int rc;
};

static bool parse_all(struct splitter *s, bool only_ids, struct block *out);

static bool refuse(struct splitter *s, int rc)
{
	if (!s->rc)
		s->rc = rc;
	return false;
}

static void next(struct splitter *s)
{
	s->end = s->t.text.at + s->t.text.len;
	s->t = c2e_expr_token(s->end);
}

static struct token peek(const struct token *t)
{
	return c2e_expr_token(t->text.at + t->text.len);
}

/* ---- Ways --------------------------------------------------------------------------------- */

static uint32_t *way(const struct splitter *s, uint32_t w)
{
	return &s->parts->all[w / 2].to[w % 2];
}

static void lead(const struct splitter *s, struct ways ways, uint32_t to)
{
	for (uint32_t w = ways.first, after; w != NO_WAY; w = after) {
		after = *way(s, w);
		*way(s, w) = to;
	}
}

static struct ways both(const struct splitter *s, struct ways a, struct ways b)
{
	*way(s, a.last) = b.first;
	return (struct ways){a.first, b.last};
}

/* a and b; a or b: the verdict of a that does not decide leads to b. */
static void join(const struct splitter *s, struct block *a, const struct block *b, bool and)
{
	lead(s, a->to[and], b->begin);
	a->to[and] = b->to[and];
	a->to[!and] = both(s, a->to[!and], b->to[!and]);
}

static bool add_part(struct splitter *s, struct expr_text head, struct expr_text body,
		     struct block *out)
{
	struct expr_parts *p = s->parts;
	struct expr_part *more = grow(p->all, &p->cap, p->cnt + 1, sizeof(*more));

	if (!more)
		return refuse(s, -ENOMEM);
	p->all = more;
	p->all[p->cnt] = (struct expr_part){head, body, {NO_WAY, NO_WAY}};
	*out = (struct block){p->cnt, {{2 * p->cnt, 2 * p->cnt}, {2 * p->cnt + 1, 2 * p->cnt + 1}}};
	p->cnt++;
	return true;
}

/* ---- Primitives --------------------------------------------------------------------------- */

/* The text read since `from`. */
static struct expr_text read_since(const struct splitter *s, const char *from)
{
	return (struct expr_text){from, (size_t)(s->end - from)};
}

/* Is it `src or dst` or the like, whose `or` does not join primitives? */
static bool is_two_dirs(const struct token *t)
{
	struct token op = peek(t), other = peek(&op);

	return (op.kind == TOKEN_AND || op.kind == TOKEN_OR) && c2e_expr_head_word(t) == HEAD_DIR &&
	       c2e_expr_head_word(&other) == HEAD_DIR;
}

/*
 * Reads the qualifiers [protocol] [direction] [type] that are present. True if an address or number
 * can follow them.
 */
static bool read_head(struct splitter *s)
{
	enum head_word before = HEAD_NONE, word;

	while ((word = c2e_expr_head_word(&s->t)) > before) {
		if (is_two_dirs(&s->t)) {
			next(s);
			next(s);
		}
		before = word;
		next(s);
	}
	return before > HEAD_PROTO;
}

static bool ends_primitive(const struct token *t)
{
	return t->kind == TOKEN_END || t->kind == TOKEN_AND || t->kind == TOKEN_OR ||
	       t->kind == TOKEN_CLOSE;
}

/* An address or number, `a`, `a/n`, `a mask b`: read only if the primitive ends after it. */
static bool read_id(struct splitter *s)
{
	struct token sign = peek(&s->t), number = peek(&sign), end = peek(&number);

	if (s->t.kind != TOKEN_ID)
		return false;
	if (ends_primitive(&sign)) {
		next(s);
		return true;
	}
	if ((!c2e_expr_is(&sign, "/") && !c2e_expr_is(&sign, "mask")) || number.kind != TOKEN_ID ||
	    !ends_primitive(&end))
		return false;
	next(s);
	next(s);
	next(s);
	return true;
}

/* Any other primitive: up to `and`, `or`, or a parenthesis that it did not open. */
static bool read_other(struct splitter *s)
{
	unsigned depth = 0;

	while (!(depth == 0 && ends_primitive(&s->t))) {
		if (s->t.kind == TOKEN_END || s->t.kind == TOKEN_UNKNOWN)
			return refuse(s, -ENOTSUP);
		depth += s->t.kind == TOKEN_OPEN;
		depth -= s->t.kind == TOKEN_CLOSE;
		next(s);
	}
	return true;
}

/* An address or number alone. */
static bool parse_id(struct splitter *s, struct block *out)
{
	const char *from = s->t.text.at;

	if (s->head.len == 0 || !read_id(s))
		return refuse(s, -ENOTSUP);
	return add_part(s, s->head, read_since(s, from), out);
}

/* ( ... ): the qualifiers from before it apply again after it. */
static bool parse_group(struct splitter *s, bool only_ids, struct block *out)
{
	const struct expr_text head = s->head;

	next(s);
	if (++s->depth > DEPTH_MAX)
		return refuse(s, -ENOTSUP);
	if (!parse_all(s, only_ids, out))
		return false;
	s->depth--;
	s->head = head;
	if (s->t.kind != TOKEN_CLOSE)
		return refuse(s, -ENOTSUP);
	next(s);
	return true;
}

/* A primitive, whose qualifiers may apply to the next ones. */
static bool parse_primitive(struct splitter *s, struct block *out)
{
	const char *from = s->t.text.at;
	bool head = read_head(s);
	struct expr_text none = {from, 0};

	if (ends_primitive(&s->t) && s->t.text.at == from)
		return refuse(s, -ENOTSUP); /* nothing */
	s->head = head ? read_since(s, from) : none;
	if (head && s->t.kind == TOKEN_OPEN)
		return parse_group(s, true, out);
	if (!head || !read_id(s)) {
		s->head = none;
		if (!read_other(s))
			return false;
	}
	return add_part(s, none, read_since(s, from), out);
}

/* ---- What joins them ---------------------------------------------------------------------- */

/* Does an operator follow the matching parenthesis, so that it is arithmetic? */
static bool is_arithmetic(struct token t)
{
	unsigned depth = 0;

	do {
		depth += t.kind == TOKEN_OPEN;
		depth -= t.kind == TOKEN_CLOSE;
		t = peek(&t);
	} while (depth > 0 && t.kind != TOKEN_END);
	return t.kind == TOKEN_SIGN;
}

/* `only_ids`: within `host (...)` or after an address alone, where libpcap accepts nothing else. */
static bool parse_term(struct splitter *s, bool only_ids, struct block *out)
{
	struct token first = peek(&s->t);
	struct ways no;
	bool ok;

	switch (s->t.kind) {
	case TOKEN_NOT:
		if (++s->depth > DEPTH_MAX)
			return refuse(s, -ENOTSUP);
		next(s);
		ok = parse_term(s, only_ids, out);
		s->depth--;
		no = out->to[0];
		out->to[0] = out->to[1];
		out->to[1] = no;
		return ok;
	case TOKEN_OPEN:
		if (is_arithmetic(s->t))
			break;
		while (first.kind == TOKEN_NOT || first.kind == TOKEN_OPEN)
			first = peek(&first);
		return parse_group(s, only_ids || first.kind == TOKEN_ID, out);
	case TOKEN_ID:
		if (only_ids || first.kind != TOKEN_SIGN || c2e_expr_is(&first, "/"))
			return parse_id(s, out);
		break;
	default:
		break;
	}
	return only_ids ? refuse(s, -ENOTSUP) : parse_primitive(s, out);
}

/* Terms joined by `and` and `or`, from left to right. */
static bool parse_all(struct splitter *s, bool only_ids, struct block *out)
{
	struct block right;

	if (!parse_term(s, only_ids, out))
		return false;
	while (s->t.kind == TOKEN_AND || s->t.kind == TOKEN_OR) {
		bool and = s->t.kind == TOKEN_AND;

		next(s);
		if (!parse_term(s, only_ids, &right))
			return false;
		join(s, out, &right, and);
	}
	return true;
}

int c2e_expr_split(const char *expr, struct expr_parts *out)
{
	struct splitter s = {.parts = out, .t = c2e_expr_token(expr), .end = expr};
	struct block all;

	*out = (struct expr_parts){0};
	if (parse_all(&s, false, &all) && s.t.kind != TOKEN_END)
		(void)refuse(&s, -ENOTSUP);
	if (!s.rc) {
		lead(&s, all.to[0], EXPR_NO);
		lead(&s, all.to[1], EXPR_YES);
	}
	return s.rc;
}

bool cbpf_is_about_tags(const char *expr)
{
	return expr && strstr(expr, "vlan");
}
