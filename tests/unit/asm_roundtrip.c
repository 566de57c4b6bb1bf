/* SPDX-License-Identifier: MIT */
/*
 * asm_roundtrip.c - what the disassembler prints, the assembler reads back byte for byte: every row
 * of the instruction table, every opcode with many operands, and random words. What is not an
 * instruction is shown as .insn, read back from a listing and refused in a source.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/asm/isa.h"
#include "bpfcap/ebpf_text.h"
#include "../lib/share.h"
#include "../lib/test.h"

#define WORDS 1000000

static uint64_t rng = 0x9e3779b97f4a7c15;

static uint32_t any(uint32_t below)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return (uint32_t)(rng >> 20) % below;
}

/* Zero half of the time, small half of the rest: reserved fields are mostly zero then. */
static int32_t any_number(void)
{
	if (any(2))
		return 0;
	return any(2) ? (int32_t)any(65) - 1 : (int32_t)(rng >> 16);
}

static size_t any_insn(struct ebpf_insn insn[2])
{
	insn[0] = (struct ebpf_insn){.code = (uint8_t)any(256),
				     .dst = (any(4) ? any(11) : any(16)) & 15u,
				     .src = (any(2) ? 0 : any(16)) & 15u,
				     .off = (int16_t)any_number(),
				     .imm = any_number()};
	insn[1] = (struct ebpf_insn){.imm = any_number()};
	if (any(64) == 0)
		insn[1].off = 1;
	return insn[0].code == ISA_LDDW ? 2 : 1;
}

/* Parsed as a listing it is the same; as a source it is the same, or refused with a reason. */
static void check_text(const struct ebpf_insn *insn, size_t cnt, const char *text)
{
	char line[EBPF_TEXT_LEN + 32];
	struct ebpf_prog p;
	struct err e = {0};
	int len = snprintf(line, sizeof(line), "   0: (%02x) %s\n", insn->code, text);

	if (ebpf_parse(&(struct ebpf_text){.data = line, .len = (size_t)len, .name = "x"}, &p, &e))
		fail_msg("%s", e.text);
	if (p.cnt != cnt || memcmp(p.insns, insn, cnt * sizeof(*insn)) != 0)
		fail_msg("'%s' became %02x dst %u src %u off %d imm %d", line, p.insns->code,
			 p.insns->dst, p.insns->src, p.insns->off, p.insns->imm);
	ebpf_prog_free(&p);

	if (insn->code == ISA_LDDW && insn->src == 0) /* reads like a mov */
		return;
	if (ebpf_parse(&(struct ebpf_text){.data = text, .len = strlen(text), .name = "x"}, &p, &e))
		return;
	assert_int_equal(p.cnt, cnt);
	assert_memory_equal(p.insns, insn, cnt * sizeof(*insn));
	ebpf_prog_free(&p);
}

/* Not an instruction: a listing shows its fields and keeps them; checks and sources refuse it. */
static void check_unknown(const struct ebpf_insn *insn, size_t cnt, const char *text)
{
	const struct ebpf_text source = {.data = text, .len = strlen(text), .name = "x"};
	struct ebpf_prog p;

	check_text(insn, 1, text);
	assert_int_equal(ebpf_check(insn, cnt, NULL, EBPF_PROG_ANY, NULL), -EINVAL);
	assert_int_equal(ebpf_parse(&source, &p, NULL), -EINVAL);
}

TEST(every_opcode_is_read_back)
{
	static const uint8_t regs[] = {0, 1, 2, 3, 10, 11, 15};
	static const int16_t offs[] = {0, 1, -1, INT16_MIN, INT16_MAX};
	static const int32_t imms[] = {0, 1, -1, 16, 64, INT32_MIN, INT32_MAX};
	const size_t variants = sizeof(regs) * sizeof(regs) * 5 * 7;
	size_t unknown = 0;

	for (size_t i = 0; i < 256 * variants; i++) {
		const size_t v = i % variants;
		const struct ebpf_insn insn[2] = {{.code = (uint8_t)(i / variants),
						   .dst = regs[v % 7] & 15u,
						   .src = regs[v / 7 % 7] & 15u,
						   .off = offs[v / 49 % 5],
						   .imm = imms[v / 245]}};
		char text[EBPF_TEXT_LEN];
		const size_t slots = ebpf_disasm(insn, 2, 0, text);

		check_text(insn, slots, text);
		unknown += strncmp(text, ".insn", 5) == 0;
	}
	print_message("%zu words, %zu of them unknown\n", 256 * variants, unknown);
	assert_true(unknown > variants && unknown < 256 * variants);
}

TEST(random_words_are_read_back)
{
	const size_t words = (size_t)test_share(WORDS);
	size_t read_back = 0, refused = 0;

	for (size_t i = 0; i < words; i++) {
		struct ebpf_insn insn[2];
		char text[EBPF_TEXT_LEN];
		const size_t cnt = any_insn(insn), slots = ebpf_disasm(insn, cnt, 0, text);

		if (strncmp(text, ".insn", 5) == 0) {
			check_unknown(insn, cnt, text);
			refused++;
			continue;
		}
		assert_int_equal(slots, cnt);
		check_text(insn, cnt, text);
		read_back++;
	}
	print_message("%zu read back, %zu refused\n", read_back, refused);
	assert_true(read_back > words / 100 && refused > words / 100);
}

/* Each row with several operands; those of an offset or immediate at their limits, too. */
TEST(every_row_of_the_table_is_read_back)
{
	static const int32_t numbers[] = {1, -1, 32, INT16_MAX, INT16_MIN, INT32_MAX, INT32_MIN};
	size_t cnt;
	const struct isa_row *rows = ebpf_isa_rows(&cnt);

	for (size_t i = 0; i < cnt; i++) {
		const struct isa_fields *f = ebpf_isa_fields(&rows[i]);

		for (size_t v = 0; v < sizeof(numbers) / sizeof(numbers[0]); v++) {
			const int32_t n = f->imm == ISA_IMM_BITS ? 16 << (v % 3) : numbers[v];
			struct ebpf_insn insn[2] = {{.code = rows[i].code}};
			char text[EBPF_TEXT_LEN];

			insn->dst = f->dst ? (v + 1) & 15u : 0;
			insn->src = f->src ? (v + 3) & 15u : 0;
			insn->off = f->off && f->off != ISA_OFF_KERNEL ? (int16_t)n : 0;
			insn->imm = f->imm ? n : 0;
			insn[1].imm = f->slot2_imm ? n : 0;
			if (rows[i].key == ISA_KEY_SRC)
				insn->src = (unsigned)rows[i].value & 15u;
			else if (rows[i].key == ISA_KEY_OFF)
				insn->off = rows[i].value;
			else if (rows[i].key == ISA_KEY_IMM)
				insn->imm = rows[i].value;
			assert_int_equal(ebpf_disasm(insn, 2, 0, text), f->slot2 ? 2 : 1);
			check_text(insn, f->slot2 ? 2 : 1, text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_table_is_read_back),
		cmocka_unit_test(every_opcode_is_read_back),
		cmocka_unit_test(random_words_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
