/* SPDX-License-Identifier: MIT */
/*
 * scan.c - the tokens of pcap-filter(7) expressions, as far as splitting has to distinguish them.
 * Takes a position in the text, gives the token there; unknown words are TOKEN_UNKNOWN.
 */
#include <string.h>

#include "expr.h"
#include "../../util.h"

/*
 * Keywords by role. Not in the list: those that change how everything after them is read (vlan,
 * mpls, pppoes, geneve, vxlan), and those of link types that are not split.
 */
static const struct {
	const char *word;
	enum head_word head;
} keywords[] = {
	{"ether", HEAD_PROTO},	  {"link", HEAD_PROTO},	   {"ip", HEAD_PROTO},
	{"ip6", HEAD_PROTO},	  {"arp", HEAD_PROTO},	   {"rarp", HEAD_PROTO},
	{"tcp", HEAD_PROTO},	  {"udp", HEAD_PROTO},	   {"sctp", HEAD_PROTO},
	{"icmp", HEAD_NONE},	  {"icmp6", HEAD_NONE},	   {"igmp", HEAD_NONE},
	{"igrp", HEAD_NONE},	  {"pim", HEAD_NONE},	   {"vrrp", HEAD_NONE},
	{"carp", HEAD_NONE},	  {"ah", HEAD_NONE},	   {"esp", HEAD_NONE},
	{"src", HEAD_DIR},	  {"dst", HEAD_DIR},	   {"host", HEAD_TYPE},
	{"net", HEAD_TYPE},	  {"port", HEAD_TYPE},	   {"portrange", HEAD_TYPE},
	{"proto", HEAD_TYPE},	  {"mask", HEAD_NONE},	   {"broadcast", HEAD_NONE},
	{"multicast", HEAD_NONE}, {"inbound", HEAD_NONE},  {"outbound", HEAD_NONE},
	{"ifindex", HEAD_NONE},	  {"less", HEAD_NONE},	   {"greater", HEAD_NONE},
	{"len", HEAD_NONE},	  {"length", HEAD_NONE},   {"tcpflags", HEAD_NONE},
	{"tcp-fin", HEAD_NONE},	  {"tcp-syn", HEAD_NONE},  {"tcp-rst", HEAD_NONE},
	{"tcp-push", HEAD_NONE},  {"tcp-ack", HEAD_NONE},  {"tcp-urg", HEAD_NONE},
	{"icmptype", HEAD_NONE},  {"icmpcode", HEAD_NONE},
};

#define KEYWORD_CNT ARRAY_LEN(keywords)

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != 0 && strchr("_.:-", c));
}

bool c2e_expr_is(const struct token *t, const char *word)
{
	return strlen(word) == t->text.len && memcmp(word, t->text.at, t->text.len) == 0;
}

static size_t find_keyword(const struct token *t)
{
	size_t i = 0;

	while (i < KEYWORD_CNT && !c2e_expr_is(t, keywords[i].word))
		i++;
	return i;
}

enum head_word c2e_expr_head_word(const struct token *t)
{
	size_t i = t->kind == TOKEN_KEYWORD ? find_keyword(t) : KEYWORD_CNT;

	return i < KEYWORD_CNT ? keywords[i].head : HEAD_NONE;
}

/* Keywords begin with a letter and have neither dots nor colons. */
static enum token_kind word_kind(const struct token *t)
{
	const char *at = t->text.at;

	if (c2e_expr_is(t, "and"))
		return TOKEN_AND;
	if (c2e_expr_is(t, "or"))
		return TOKEN_OR;
	if (c2e_expr_is(t, "not"))
		return TOKEN_NOT;
	if ((*at >= '0' && *at <= '9') || memchr(at, ':', t->text.len) ||
	    memchr(at, '.', t->text.len))
		return TOKEN_ID;
	return find_keyword(t) < KEYWORD_CNT ? TOKEN_KEYWORD : TOKEN_UNKNOWN;
}

static struct token sign(const char *at)
{
	static const struct {
		const char *text;
		enum token_kind kind;
	} signs[] = {
		{"&&", TOKEN_AND}, {"||", TOKEN_OR},  {"!=", TOKEN_SIGN},
		{"!", TOKEN_NOT},  {"(", TOKEN_OPEN}, {")", TOKEN_CLOSE},
	};

	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (strncmp(at, signs[i].text, strlen(signs[i].text)) == 0)
			return (struct token){signs[i].kind, {at, strlen(signs[i].text)}};
	return (struct token){strchr("[]<>=+*/%^&|", *at) ? TOKEN_SIGN : TOKEN_UNKNOWN, {at, 1}};
}

struct token c2e_expr_token(const char *at)
{
	struct token t = {.kind = TOKEN_END};

	at += strspn(at, " \t\r\n");
	t.text.at = at;
	if (*at == 0)
		return t;
	if (*at == '\\') {
		t.kind = TOKEN_ID;
		t.text.len = 1 + strcspn(at + 1, " !()\n\t");
	} else if (is_word(*at)) {
		while (is_word(at[t.text.len]))
			t.text.len++;
		t.kind = word_kind(&t);
	} else {
		t = sign(at);
	}
	return t;
}
