/* SPDX-License-Identifier: MIT */
/*
 * place.c - where in an expression the mistake is that libpcap reports: takes the expression and
 * libpcap's reason, gives a column and the words around it, or the beginning of the expression.
 *
 * libpcap names an unknown word, but not the place of a syntax error. That is the first token after
 * which no continuation of the expression is valid.
 */
#include "place.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "../../util.h"

#define SEARCH_NS	NS_PER_S /* libpcap may ask a name server for each host */
#define LONG_LEN	1024
#define AROUND		30 /* characters shown on each side */
#define COMPLETIONS_LEN 16

/* ---- The token that libpcap names ----------------------------------------------------------- */

/* The word in quotes, or else the first number. */
static struct expr_text named_word(const char *why)
{
	const char *quote = strchr(why, '\''), *end = quote ? strchr(quote + 1, '\'') : NULL;

	if (end)
		return (struct expr_text){quote + 1, (size_t)(end - quote - 1)};
	why += strcspn(why, "0123456789");
	return (struct expr_text){why, strspn(why, "0123456789.:/abcdefx")};
}

static const char *find_word(const char *expr, struct expr_text word)
{
	struct token t;

	for (t = c2e_expr_token(expr); t.kind != TOKEN_END;
	     t = c2e_expr_token(t.text.at + t.text.len))
		if (word.len && t.text.len == word.len && memcmp(t.text.at, word.at, word.len) == 0)
			return t.text.at;
	return NULL;
}

/* ---- The token that the grammar refuses ------------------------------------------------------ */

struct place_search {
	place_refuses refuses;
	void *user;
	const char *expr;
	char *prefix; /* memory for a prefix, what completes it, and all parentheses */
	uint64_t end_ns;
};

/* Parentheses that are open at the end of the first `len` characters. */
static size_t open_cnt(const char *expr, size_t len)
{
	size_t cnt = 0;

	for (size_t i = 0; i < len; i++)
		if (expr[i] == '(')
			cnt++;
		else if (expr[i] == ')' && cnt)
			cnt--;
	return cnt;
}

/* Whether no way of going on after the first `len` characters gives an expression. */
static bool is_refused(const struct place_search *s, size_t len)
{
	static const char completions[][COMPLETIONS_LEN] = {
		"", " 1", " x", " ip", " = 1", "] = 1", " 1] = 1", " 1 = 1", " mgt",
	};
	size_t closes = open_cnt(s->expr, len);

	for (size_t i = 0; i < 2 * ARRAY_LEN(completions); i++) {
		bool in_number = i >= ARRAY_LEN(completions); /* as in "(len + 1) = 1" */
		int n = snprintf(s->prefix, len + COMPLETIONS_LEN, "%.*s%s", (int)len, s->expr,
				 completions[i % ARRAY_LEN(completions)]);

		memset(s->prefix + n, ')', closes);
		strcpy(s->prefix + (size_t)n + closes, in_number ? " = 1" : "");
		if (!s->refuses(s->user, s->prefix))
			return false;
		if (mono_now_ns() > s->end_ns)
			return true;
	}
	return true;
}

/* The ends of all tokens, malloc'ed. */
static size_t *token_ends(const char *expr, size_t *cnt)
{
	size_t *ends = NULL, *more, cap = 0;
	struct token t;

	*cnt = 0;
	for (t = c2e_expr_token(expr); t.kind != TOKEN_END;
	     t = c2e_expr_token(t.text.at + t.text.len)) {
		more = grow(ends, &cap, *cnt + 1, sizeof(*more));
		if (!more)
			break;
		ends = more;
		ends[(*cnt)++] = (size_t)(t.text.at - expr) + t.text.len;
	}
	return ends;
}

/* The first token that cannot stand where it is; the end if more should follow; NULL: unknown. */
static const char *search_tokens(const struct place_search *s)
{
	size_t cnt, low = 0, high, *ends = token_ends(s->expr, &cnt);
	const char *found = NULL;

	for (high = cnt; ends && low < high && mono_now_ns() <= s->end_ns;) {
		size_t middle = low + (high - low) / 2; /* the first `low` tokens are fine */

		if (is_refused(s, ends[middle]))
			high = middle;
		else
			low = middle + 1;
	}
	if (ends && mono_now_ns() <= s->end_ns)
		found = c2e_expr_token(s->expr + (low ? ends[low - 1] : 0)).text.at;
	free(ends);
	return found;
}

/*
 * In a long expression: the first operand of `and` and `or` that is wrong by itself, since libpcap
 * takes long for the whole. `operands` is the expression, with spaces for parentheses.
 */
static const char *search_operands(const struct place_search *s, char *operands)
{
	char *start = operands;
	const char *found = NULL;
	struct token t;

	do {
		char *end, cut;

		for (t = c2e_expr_token(start); t.kind > TOKEN_OR;)
			t = c2e_expr_token(t.text.at + t.text.len);
		end = operands + (t.text.at - operands);
		cut = *end;
		*end = '\0';
		if (s->refuses(s->user, start)) {
			struct place_search one = *s;

			one.expr = start;
			found = search_tokens(&one);
		}
		*end = cut;
		start = end + t.text.len;
	} while (!found && t.kind != TOKEN_END && mono_now_ns() <= s->end_ns);
	return found ? s->expr + (found - operands) : NULL;
}

static const char *find_refused(const char *expr, place_refuses refuses, void *user)
{
	const size_t len = strlen(expr);
	struct place_search s = {refuses, user, expr, malloc(2 * len + 2 * COMPLETIONS_LEN),
				 mono_now_ns() + SEARCH_NS};
	char *operands = strdup(expr);
	const char *found = NULL;

	for (size_t i = 0; operands && i < len; i++)
		if (operands[i] == '(' || operands[i] == ')')
			operands[i] = ' ';
	if (s.prefix && operands && len > LONG_LEN)
		found = search_operands(&s, operands);
	if (len > LONG_LEN && !found && open_cnt(expr, len))
		found = expr + len;
	if (s.prefix && operands && len <= LONG_LEN)
		found = search_tokens(&s);
	free(operands);
	free(s.prefix);
	return found;
}

/* ---- Text ------------------------------------------------------------------------------------ */

void c2e_place(const char *expr, const char *why, place_refuses refuses, void *user,
	       char text[PLACE_LEN])
{
	const bool syntax = strstr(why, "syntax error");
	const char *at =
		syntax ? find_refused(expr, refuses, user) : find_word(expr, named_word(why));
	const size_t len = strlen(expr), pos = at ? (size_t)(at - expr) : 0;
	const size_t start = pos > AROUND && len > 2 * AROUND ? pos - AROUND : 0;
	const bool cut = len - start > (size_t)2 * AROUND;
	char column[32] = "";

	if (at && *at)
		(void)snprintf(column, sizeof(column), "column %zu, ", pos + 1);
	else if (at)
		(void)snprintf(column, sizeof(column), "at its end, ");
	(void)snprintf(text, PLACE_LEN, " (%sin '%s%.*s%s')", column, start ? "..." : "",
		       cut ? 2 * AROUND : (int)(len - start), expr + start, cut ? "..." : "");
}
