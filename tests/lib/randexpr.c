/* SPDX-License-Identifier: MIT */
/* randexpr.c - random expressions of the grammar of pcap-filter(7). */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "randprog.h"

#define CNT(a) (sizeof(a) / sizeof((a)[0]))

__attribute__((format(printf, 2, 3))) static void add(char *text, const char *fmt, ...)
{
	size_t len = strlen(text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text + len, EXPRESSION_LEN - len, fmt, ap);
	va_end(ap);
}

static const char *one_of(struct choices *c, const char *const *texts, size_t cnt)
{
	return texts[choose(c, (uint32_t)cnt)];
}
#define ONE_OF(c, ...)                                                                             \
	one_of(c, (const char *const[]){__VA_ARGS__}, CNT(((const char *const[]){__VA_ARGS__})))

static void byte_access(struct choices *c, char *text, unsigned depth);

static void arithmetic(struct choices *c, char *text, unsigned depth)
{
	switch (depth == 0 ? choose(c, 2) : choose(c, 6)) {
	case 0:
		add(text, "%u", choose(c, 3) ? choose(c, 300) : choose(c, 65536));
		break;
	case 1:
		add(text, "len");
		break;
	case 2:
		add(text, "(");
		arithmetic(c, text, depth - 1);
		add(text, " %s ", ONE_OF(c, "+", "-", "*", "/", "%%", "&", "|", "^", "<<", ">>"));
		arithmetic(c, text, depth - 1);
		add(text, ")");
		break;
	default:
		byte_access(c, text, depth - 1);
		break;
	}
}

static void byte_access(struct choices *c, char *text, unsigned depth)
{
	add(text, "%s[", ONE_OF(c, "ether", "ip", "ip6", "tcp", "udp", "icmp", "icmp6", "arp"));
	if (depth > 0 && choose(c, 3) == 0)
		arithmetic(c, text, depth - 1);
	else
		add(text, "%u", choose(c, 45));
	add(text, "%s]", ONE_OF(c, "", "", ":1", ":2", ":4"));
}

static void address(struct choices *c, char *text)
{
	const char *dir = ONE_OF(c, "", "", "src ", "dst ", "src and dst ");

	switch (choose(c, 6)) {
	case 0:
		add(text, "%snet %s", dir,
		    ONE_OF(c, "10.0.0.0/8", "10.0.0.0/31", "192.168.0.0/16", "1.0.0.0/7",
			   "2001:db8::/32", "2001:db8::/127", "0.0.0.0/0"));
		break;
	case 1:
		add(text, "ether %shost %s", ONE_OF(c, "", "src ", "dst "),
		    ONE_OF(c, "02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff"));
		break;
	default:
		add(text, "%s%shost %s", ONE_OF(c, "", "", "ip ", "arp "), dir,
		    ONE_OF(c, "10.0.0.1", "10.0.0.2", "1.1.1.1", "192.168.1.5", "10.0.0.77"));
		break;
	}
}

static void port(struct choices *c, char *text)
{
	add(text, "%s%s", ONE_OF(c, "", "tcp ", "udp ", "sctp "), ONE_OF(c, "", "src ", "dst "));
	if (choose(c, 3) == 0)
		add(text, "portrange %u-%u", choose(c, 100), 100 + choose(c, 50000));
	else
		add(text, "port %s", ONE_OF(c, "80", "443", "53", "22", "5353", "40000", "1"));
}

static void protocol(struct choices *c, char *text)
{
	add(text, "%s",
	    ONE_OF(c, "ip", "ip6", "arp", "rarp", "tcp", "udp", "icmp", "icmp6", "sctp", "igmp",
		   "ah", "esp", "broadcast", "multicast", "ip multicast", "ip proto 47",
		   "ip6 proto 58", "ether proto 0x88cc", "proto 17", "ip protochain 6",
		   "ip6 protochain 17", "stp", "iso", "ipx"));
}

static void relation(struct choices *c, char *text)
{
	if (choose(c, 6) == 0) {
		add(text, "%s %u", ONE_OF(c, "less", "greater"), choose(c, 120));
		return;
	}
	arithmetic(c, text, 2);
	add(text, " %s ", ONE_OF(c, "=", "!=", "<", ">", "<=", ">="));
	arithmetic(c, text, choose(c, 2));
}

static void primitive(struct choices *c, char *text)
{
	switch (choose(c, 7)) {
	case 0:
	case 1:
		address(c, text);
		break;
	case 2:
	case 3:
		port(c, text);
		break;
	case 4:
		relation(c, text);
		break;
	default:
		protocol(c, text);
		break;
	}
}

static void expression(struct choices *c, char *text, unsigned depth)
{
	if (depth == 0 || choose(c, 4) == 0) {
		if (choose(c, 5) == 0)
			add(text, "not ");
		primitive(c, text);
		return;
	}
	if (choose(c, 8) == 0)
		add(text, "not ");
	add(text, "(");
	expression(c, text, depth - 1);
	for (uint32_t n = 1 + choose(c, 3); n > 0; n--) {
		add(text, " %s ", ONE_OF(c, "and", "or", "or"));
		expression(c, text, depth - 1);
	}
	add(text, ")");
}

void random_expression(struct choices *c, char text[EXPRESSION_LEN])
{
	text[0] = '\0';
	if (choose(c, 12) == 0)
		add(text, "%s and ",
		    ONE_OF(c, "vlan", "vlan 100", "mpls", "pppoes", "vlan and vlan"));
	expression(c, text, choose(c, 3));
}
