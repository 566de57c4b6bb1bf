/* SPDX-License-Identifier: MIT */
/*
 * c2e_expr.c - fuzzes the way of expressions: bytes become choices of a random expression or of a
 * valid classic program, or are an expression's text. What compiles must give libpcap's verdict in
 * an access mode, on packets of which one is made of the bytes, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/interpret.h"
#include "../lib/randprog.h"

enum { TEXT_MAX = 300, SNAP_LEN = 262144 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool text_program(const uint8_t *data, size_t len, int linktype, struct cbpf_prog *p)
{
	char text[TEXT_MAX + 1] = {0};

	memcpy(text, data, len < TEXT_MAX ? len : TEXT_MAX);
	return cbpf_compile(text, linktype, SNAP_LEN, len & 1, p, NULL) == 0;
}

static bool make_program(unsigned how, const uint8_t *data, size_t len, struct cbpf_prog *p)
{
	static const int linktypes[] = {CBPF_LINKTYPE_ETHERNET, CBPF_LINKTYPE_RAW,
					CBPF_LINKTYPE_LINUX_SLL, CBPF_LINKTYPE_NULL};
	struct choices choices = {.data = data, .len = len};
	char text[EXPRESSION_LEN];

	switch (how % 3) {
	case 0:
		*p = random_program(&choices);
		return true;
	case 1:
		random_expression(&choices, text);
		return cbpf_compile(text, linktypes[how / 3 % 4], SNAP_LEN, how & 128, p, NULL) ==
		       0;
	default:
		return text_program(data, len, linktypes[how / 3 % 4], p);
	}
}

/* Ancillary data, which libpcap's interpreter does not know. */
static bool asks_the_kernel(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++)
		if ((p->insns[i].code & 0xe7) == 0x20 && p->insns[i].k >= 0xfff00000)
			return true;
	return false;
}

/* Some packets of the set, and the input itself. */
static struct packets choose_packets(const struct packets *set, const uint8_t *data, size_t len,
				     struct packet some[4])
{
	for (size_t i = 0; i < 3; i++)
		some[i] = set->all[(len > i ? data[i] + i * 7 : i) % set->cnt];
	memset(&some[3], 0, sizeof(some[3]));
	some[3].len = len < PACKET_LEN_MAX ? (uint32_t)len : PACKET_LEN_MAX;
	memcpy(some[3].data, data, some[3].len);
	return (struct packets){some, 4};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct packets set;
	struct packet some[4];
	struct packets ps;
	struct ebpf_target t;
	struct cbpf_prog p = {0};
	char why[AGREES_TEXT_LEN];

	if (len < 2)
		return 0;
	if (set.cnt == 0)
		set = packets_ethernet(0);
	ps = choose_packets(&set, data, len, some);
	if (ebpf_target_by_version(&t, data[1] & 1 ? "5.4" : "7.0", NULL) < 0)
		abort();
	if (make_program(data[0], data + 2, len - 2, &p) && !asks_the_kernel(&p) &&
	    !interpret_agrees(&p, (data[1] >> 1) % FILTER_KERNEL_MODE_CNT, &t, &ps, why)) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
	cbpf_prog_free(&p);
	return 0;
}
