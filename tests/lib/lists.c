/* SPDX-License-Identifier: MIT */
/* lists.c - long `or` lists, with members that are spread over all numbers. */
#include "lists.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMBER_LEN 64

/* The i-th number of a sequence that does not repeat and has no order. */
static unsigned spread(unsigned i)
{
	return i * 2654435761u;
}

static int host(char *to, unsigned i, int last)
{
	unsigned x = last ? 0x0a000001 : 0x0b000000 + (spread(i) >> 8);

	return sprintf(to, "host %u.%u.%u.%u", x >> 24, x >> 16 & 255, x >> 8 & 255, x & 255);
}

static int host6(char *to, unsigned i, int last)
{
	if (last)
		return sprintf(to, "host 2001:db8::1");
	return sprintf(to, "host 2001:db8:%x:%x::%x", spread(i) >> 16, spread(i) & 0xffff, i);
}

static int port(char *to, unsigned i, int last)
{
	return sprintf(to, "port %u", last ? 443 : 1000 + i * 37 % 60000);
}

static int net(char *to, unsigned i, int last)
{
	unsigned x = last ? 0x0a0000 : 0x0b0000 + i * 7;

	return sprintf(to, "net %u.%u.%u.0/24", x >> 16, x >> 8 & 255, x & 255);
}

static const struct {
	const char *name;
	int (*write)(char *to, unsigned i, int last);
} kinds[] = {{"hosts", host}, {"IPv6 hosts", host6}, {"ports", port}, {"nets", net}};

const char *list_name(enum list_kind kind)
{
	return kinds[kind].name;
}

char *list_expression(enum list_kind kind, unsigned cnt)
{
	char *text = malloc((size_t)cnt * MEMBER_LEN + 1), *to = text;

	if (!text)
		abort();
	*text = 0;
	for (unsigned i = 0; i < cnt; i++) {
		if (i > 0)
			to += sprintf(to, " or ");
		to += kinds[kind].write(to, i, i + 1 == cnt);
	}
	return text;
}
