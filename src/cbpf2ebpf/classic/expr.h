/* SPDX-License-Identifier: MIT */
/*
 * expr.h - pcap-filter(7) expressions in parts.
 *
 * libpcap's generator takes time that grows with the square of an expression, so a long one is
 * compiled in parts. A part is what stands between `and` and `or`: a primitive with the qualifiers
 * that hold for it. Each leads to another part or to the end, by its verdict.
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_CLASSIC_EXPR_H
#define BPFCAP_SRC_CBPF2EBPF_CLASSIC_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/cbpf.h"

struct text {
	const char *at;
	size_t len;
};

/* ---- Tokens (scan.c) ----------------------------------------------------------------- */

enum token_kind {
	TOKEN_END,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_KEYWORD, /* a word of pcap-filter(7) that changes nothing for what stands behind it */
	TOKEN_ID,      /* a number, an address, a name with a dot, or an escaped word */
	TOKEN_SIGN,    /* brackets, operators */
	TOKEN_UNKNOWN, /* any other word or character */
};

struct token {
	enum token_kind kind;
	struct text text;
};

/* The token that begins at or behind `at`, as libpcap would read it. */
struct token c2e_expr_token(const char *at);
bool c2e_expr_is(const struct token *t, const char *word);

/* What a keyword can be in front of an address or number. */
enum head_word { HEAD_NONE, HEAD_PROTO, HEAD_DIR, HEAD_TYPE };
enum head_word c2e_expr_head_word(const struct token *t);

/* ---- Parts (split.c) ----------------------------------------------------------------- */

#define EXPR_YES UINT32_MAX
#define EXPR_NO	 (UINT32_MAX - 1)

struct expr_part {
	struct text head; /* qualifiers of an earlier primitive that hold here too, or len 0 */
	struct text body;
	uint32_t to[2]; /* next part, EXPR_YES or EXPR_NO; [0] for no match, [1] for a match */
};

struct expr_parts {
	struct expr_part *all; /* malloc'ed; evaluation begins at all[0] */
	uint32_t cnt;
	size_t cap;
};

/*
 * Splits an expression. -ENOTSUP: it is not sure that parts mean what the whole does, or that the
 * whole is without mistakes; -ENOMEM. The parts point into `expr`.
 */
int c2e_expr_split(const char *expr, struct expr_parts *out);

/* ---- Programs (join.c) --------------------------------------------------------------- */

typedef int (*expr_compile)(void *user, const char *expr, struct cbpf_prog *out);

/*
 * Compiles each part by `compile`, whose programs return 0 or one other number, and joins them.
 * -ENOTSUP where a program is of another kind, -ENOMEM, or what `compile` fails with.
 */
int c2e_expr_join(const struct expr_parts *parts, expr_compile compile, void *user,
		  struct cbpf_prog *out);

#endif
