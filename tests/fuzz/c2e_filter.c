/* SPDX-License-Identifier: MIT */
/*
 * c2e_filter.c - any bytes as a classic program and a packet: what the check takes compiles or is
 * refused with a reason, in every access mode; where libpcap's interpreter defines the result, ours
 * has the same. Byte 0: the mode; byte 1: the packet's length, which is the tail; between them
 * instructions.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/interpret.h"
#include "../../src/cbpf2ebpf/classic/code.h"

enum { HEAD_LEN = 2, INSNS_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool jumps_back(const struct cbpf_insn *in)
{
	return cbpf_code(in->code)->form == CBPF_FORM_JA && (int32_t)in->k < 0;
}

/* Scratch memory that was never written, kernel data behind negative offsets, loops: not the same
 * in libpcap. */
static bool is_defined(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++) {
		const struct cbpf_insn *in = &p->insns[i];
		const uint16_t class = in->code & 7, mode = in->code & 0xe0;

		if (jumps_back(in))
			return false;
		if (class <= 1 &&
		    (mode == 0x60 || ((mode != 0 && mode != 0x80) && in->k > INT32_MAX)))
			return false;
	}
	return true;
}

static void try_mode(const struct cbpf_prog *filter, enum filter_mode mode, const uint8_t *data,
		     size_t len)
{
	struct packet p = {.name = "tail", .len = (uint32_t)len};
	const struct packets ps = {&p, 1};
	char why[AGREES_TEXT_LEN];
	struct ebpf_prog prog;
	struct ebpf_target t;
	struct err e = {0};

	memcpy(p.data, data, len);
	if (ebpf_target_by_version(&t, "5.4", &e) != 0)
		abort();
	if (filter_program(filter, &t, mode, EBPF_PROG_ANY, NULL, NULL, NULL, &prog, &e) < 0) {
		if (!e.text[0])
			abort();
		return;
	}
	ebpf_prog_free(&prog);
	if (is_defined(filter) && !interpret_agrees(filter, mode, &t, &ps, why)) {
		fprintf(stderr, "%s\n", why);
		abort();
	}
}

static void as_text(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len);
	struct cbpf_prog p;
	struct err e;

	if (text && cbpf_parse(text, &p, &e) == 0)
		cbpf_prog_free(&p);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cbpf_insn insns[INSNS_MAX];
	struct cbpf_prog filter = {.insns = insns};
	size_t packet_len;
	struct err e = {0};

	as_text(data, len);
	if (len < HEAD_LEN)
		return 0;
	packet_len = data[1] < len - HEAD_LEN ? data[1] : len - HEAD_LEN;
	filter.cnt = (len - HEAD_LEN - packet_len) / sizeof(*insns);
	if (filter.cnt > INSNS_MAX)
		filter.cnt = INSNS_MAX;
	memcpy(insns, data + HEAD_LEN, filter.cnt * sizeof(*insns));
	if (cbpf_check(&filter, &e) == 0)
		try_mode(&filter, data[0] % FILTER_KERNEL_MODE_CNT, data + len - packet_len,
			 packet_len);
	else if (!e.text[0])
		abort();
	return 0;
}
