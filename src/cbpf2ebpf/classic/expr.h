/* SPDX-License-Identifier: MIT */
/*
 * expr.h - pcap-filter(7) expressions, split into parts.
 *
 * libpcap's generator takes time that grows with the square of an expression, so a long one is
 * compiled in parts. A part is an operand of `and` and `or`: a primitive with the qualifiers that
 * apply to it. Depending on its verdict, evaluation continues with another part or ends.
 */
#ifndef BPFCAP_SRC_CBPF2EBPF_CLASSIC_EXPR_H
#define BPFCAP_SRC_CBPF2EBPF_CLASSIC_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/cbpf.h"

struct expr_text {
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
	TOKEN_KEYWORD, /* a word of pcap-filter(7) that does not affect what follows */
	TOKEN_ID,      /* a number, an address, a name with a dot, or an escaped word */
	TOKEN_SIGN,    /* brackets, operators */
	TOKEN_UNKNOWN, /* any other word or character */
};

struct token {
	enum token_kind kind;
	struct expr_text text;
};

/* The first token at or after `at`, as libpcap would read it. */
struct token c2e_expr_token(const char *at);
bool c2e_expr_is(const struct token *t, const char *word);

/* The role a keyword can have before an address or number. */
enum head_word { HEAD_NONE, HEAD_PROTO, HEAD_DIR, HEAD_TYPE };
enum head_word c2e_expr_head_word(const struct token *t);

/* ---- Parts (split.c) ----------------------------------------------------------------- */

#define EXPR_YES UINT32_MAX
#define EXPR_NO	 (UINT32_MAX - 1)

struct expr_part {
	struct expr_text
		head; /* qualifiers of an earlier primitive that apply here too, or len 0 */
	struct expr_text body;
	uint32_t to[2]; /* next part, EXPR_YES or EXPR_NO; [0] for no match, [1] for a match */
};

struct expr_parts {
	struct expr_part *all; /* malloc'ed; evaluation begins at all[0] */
	uint32_t cnt;
	size_t cap;
};

/*
 * Splits an expression. -ENOTSUP: the parts might not mean what the whole means, or the whole might
 * contain an error; -ENOMEM. The parts point into `expr`.
 */
int c2e_expr_split(const char *expr, struct expr_parts *out);

/* ---- Programs (join.c) --------------------------------------------------------------- */

typedef int (*expr_compile)(void *user, const char *expr, struct cbpf_prog *out);

/*
 * Compiles each part with `compile`, whose programs return 0 or one other number, and joins them.
 * -ENOTSUP if a program is not of this kind, -ENOMEM, or the error of `compile`.
 */
int c2e_expr_join(const struct expr_parts *parts, expr_compile compile, void *user,
		  struct cbpf_prog *out);

/* Splits, and joins, an expression of at least `parts_min` parts; -ENOTSUP if it has fewer. */
int c2e_expr_compile(const char *expr, uint32_t parts_min, expr_compile compile, void *user,
		     struct cbpf_prog *out);

#endif
