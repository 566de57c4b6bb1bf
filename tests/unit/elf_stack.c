/* SPDX-License-Identifier: MIT */
/*
 * elf_stack.c - how much stack a function may use, counted by hand from the kernel's
 * rule: 512 bytes over each way of calls, every frame rounded up to 32.
 */
#include <elf.h>
#include <stdlib.h>

#include "bpfcap/dsl.h"
#include "bpfcap/kelf.h"
#include "../lib/test.h"

enum { MAIN, MIDDLE, LEAF, ALONE, DEEP, FUNC_CNT };

/* main (100 bytes) calls middle (nothing) and leaf; middle calls leaf (8 bytes, by a copy of r10);
 * alone calls nobody and has a sum that is no address; deep touches all there is and calls leaf. */
static struct ebpf_prog make_code(size_t pos[FUNC_CNT + 1])
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	ebpf_label middle = ebpf_label_new(b), leaf = ebpf_label_new(b);
	struct ebpf_prog p;

	EMIT(b, ST(W, MEM(R10, -100), 0), CALL_FN(middle), CALL_FN(leaf), EXIT());
	EMIT(b, LABEL(middle), CALL_FN(leaf), EXIT());
	EMIT(b, LABEL(leaf), MOV(R1, R10), ADD(R1, -8), MOV(R0, 0), EXIT());
	EMIT(b, MOV(R1, R10), MOV(R1, 5), ADD(R1, -300), EXIT());
	EMIT(b, LDX(DW, R0, MEM(R10, -512)), CALL_FN(leaf), EXIT());
	assert_int_equal(ebpf_finish(b, &p, NULL), 0);
	ebpf_free(b);
	pos[MAIN] = 0;
	pos[MIDDLE] = 4;
	pos[LEAF] = 6;
	pos[ALONE] = 10;
	pos[DEEP] = 14;
	pos[FUNC_CNT] = p.cnt;
	return p;
}

static struct kbpf_elf *make_object(size_t func_cnt)
{
	static const char *const names[] = {"main", "middle", "leaf", "alone", "deep"};
	size_t pos[FUNC_CNT + 1], len = sizeof(struct ebpf_insn);
	struct ebpf_prog p = make_code(pos);
	struct kbpf_elf *k;
	int sec;

	assert_int_equal(kbpf_elf_new(&k, NULL), 0);
	sec = kbpf_elf_section_add(k,
				   &(struct kbpf_elf_section){.name = ".text",
							      .type = SHT_PROGBITS,
							      .flags = SHF_ALLOC | SHF_EXECINSTR,
							      .data = p.insns,
							      .len = p.cnt * len},
				   NULL);
	assert_true(sec > 0);
	for (size_t i = 0; i < func_cnt; i++)
		assert_true(kbpf_elf_symbol_add(
				    k,
				    &(struct kbpf_elf_symbol){.name = names[i],
							      .type = STT_FUNC,
							      .section = (size_t)sec,
							      .value = pos[i] * len,
							      .len = (pos[i + 1] - pos[i]) * len},
				    NULL) > 0);
	ebpf_prog_free(&p);
	return k;
}

static void check_rooms(size_t func_cnt, const int want[FUNC_CNT])
{
	struct kbpf_elf *k = make_object(func_cnt);
	struct kbpf_elf_func *list;
	int cnt = kbpf_elf_funcs(k, &list, NULL);

	assert_int_equal(cnt, func_cnt);
	for (size_t i = 0; i < (size_t)cnt; i++)
		assert_int_equal(kbpf_elf_func_free_stack_len(k, list, (size_t)cnt, i, NULL),
				 want[i]);
	free(list);
	kbpf_elf_free(k);
}

TEST(frames_are_counted)
{
	/* main 128, middle 32, leaf 32, alone 32 */
	const int want[FUNC_CNT] = {
		512 - 32 - 32,
		512 - 128 - 32,
		512 - 128 - 32,
		512,
	};

	check_rooms(FUNC_CNT - 1, want);
}

TEST(a_full_chain_has_no_stack_left)
{
	const int want[FUNC_CNT] = {512 - 32 - 32, 512 - 128 - 32, 0, 512, 512 - 32};

	check_rooms(FUNC_CNT, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_counted),
		cmocka_unit_test(a_full_chain_has_no_stack_left),
	};

	return cmocka_run_group_tests_name("elf_stack", tests, NULL, NULL);
}
