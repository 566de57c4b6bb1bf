/* SPDX-License-Identifier: MIT */
/*
 * asm_insns.c - fuzzes what takes instructions from outside: the readers of their forms, the check,
 * the disassembler, the builder with raw instructions, the interpreter.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/dsl.h"
#include "bpfcap/ebpf_run.h"
#include "bpfcap/ebpf_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void disassemble(const struct ebpf_prog *p)
{
	char text[EBPF_TEXT_LEN];

	for (size_t i = 0; i < p->cnt;) {
		const size_t slots = ebpf_disasm(p->insns, p->cnt, i, text);

		require(strlen(text) < sizeof(text) - 1 && slots >= 1 && slots <= p->cnt - i);
		i += slots;
	}
}

/* What the builder takes is what the check takes; short programs come out as they went in. */
static void build(const struct ebpf_prog *p)
{
	struct ebpf_target t;
	struct ebpf_builder *b;
	struct ebpf_prog q;

	require(ebpf_target_by_version(&t, "7.0", NULL) == 0);
	b = ebpf_new(&t, EBPF_PROG_ANY);
	for (size_t i = 0; i < p->cnt; i++)
		EMIT(b, ebpf_raw(p->insns[i]));
	if (ebpf_finish(b, &q, NULL) == 0) {
		require(ebpf_check(p->insns, p->cnt, &t, EBPF_PROG_ANY, NULL) == 0);
		require(q.cnt == p->cnt &&
			memcmp(q.insns, p->insns, q.cnt * sizeof(*q.insns)) == 0);
		ebpf_prog_free(&q);
	} else {
		require(ebpf_check(p->insns, p->cnt, &t, EBPF_PROG_ANY, NULL) != 0);
	}
	ebpf_free(b);
}

static void run(const struct ebpf_prog *p)
{
	uint8_t memory[64] = {0};
	const struct ebpf_region region = {0x1000, memory, sizeof(memory), true};
	struct ebpf_machine m = {.regions = &region,
				 .region_cnt = 1,
				 .ctx = 0x1000,
				 .packet = memory,
				 .packet_len = sizeof(memory),
				 .step_max = 2000};
	struct err e;
	uint64_t r0;

	(void)ebpf_run(p, &m, &r0, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ebpf_prog p;
	struct err e;

	for (int f = 0; f < EBPF_FORMAT_CNT; f++) {
		if (ebpf_read(data, len, "x", (enum ebpf_format)f, &p, &e) != 0)
			continue;
		disassemble(&p);
		build(&p);
		run(&p);
		ebpf_prog_free(&p);
	}
	return 0;
}
