/* SPDX-License-Identifier: MIT */
/*
 * asm_disasm.c - the disassembler prints what the verifier of the running kernel prints.
 *
 * For each row of the instruction table, with several operands, a program that holds the
 * instruction is loaded with a log; whether it is accepted does not matter, since the verifier
 * prints an instruction before it looks at it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../src/asm/isa.h"
#include "../lib/opcodes.h"
#include "../lib/rawbpf.h"

#define INSN_AT	 10
#define INSN_MAX 24
#define TYPE_CLS 3

static char log_text[1 << 16];

/* The verifier's text of instruction `at`, after "at: (xx) "; NULL if it is missing. */
static const char *line_of(size_t at)
{
	char head[32];
	const char *p;

	snprintf(head, sizeof(head), "\n%zu: (", at);
	p = strstr(log_text, head);
	if (!p)
		return NULL;
	p = strstr(p, ") ");
	return p ? p + 2 : NULL;
}

/*
 * r6 = ctx; r0..r8 = skb->len; a branch so that all is reachable; the instruction; r0 = 0; exit.
 * The registers are not constants: kernels from 7.3 on fold conditions that are decided.
 */
static size_t program(struct ebpf_insn p[INSN_MAX], const struct ebpf_insn *insn, size_t cnt)
{
	size_t n = 0;

	for (unsigned r = 0; r < INSN_AT; r++)
		p[n++] = (struct ebpf_insn){.code = OP_LDX_W, .dst = r & 15u, .src = 6};
	p[0] = (struct ebpf_insn){.code = OP_MOV_X, .dst = 6, .src = 1};
	p[6] = (struct ebpf_insn){.code = OP_LDX_W, .dst = 0, .src = 6};
	p[9] = (struct ebpf_insn){.code = OP_JEQ_K, .dst = 0, .off = (int16_t)cnt};
	for (size_t i = 0; i < cnt; i++)
		p[n++] = insn[i];
	for (int i = 0; i < 3; i++)
		p[n++] = (struct ebpf_insn){.code = OP_MOV_K};
	p[n++] = (struct ebpf_insn){.code = OP_EXIT};
	return n;
}

/* True when the instruction was shown and compared. */
static bool compare(const struct ebpf_insn insn[2], size_t cnt)
{
	struct ebpf_insn p[INSN_MAX];
	char text[EBPF_TEXT_LEN];
	const char *line;
	size_t n = program(p, insn, cnt);
	int fd = rawbpf_load(TYPE_CLS, p, n, log_text, sizeof(log_text));

	if (fd >= 0)
		close(fd);
	line = line_of(INSN_AT);
	if (!line)
		return false;
	assert_int_equal(ebpf_disasm(p, n, INSN_AT, text), cnt);
	if (strncmp(line, text, strlen(text)) != 0 || !strchr(" \n;", line[strlen(text)]))
		fail_msg("the verifier says '%.60s', we '%s'", line, text);
	return true;
}

#define VARIANTS 4

static const int16_t offs[][VARIANTS] = {
	[ISA_OFF_NONE] = {0},
	[ISA_OFF_MEM] = {-8, 16, 0, 32767},
	[ISA_OFF_JUMP] = {0, 1, 2, -3},
	[ISA_OFF_KERNEL] = {0},
};

static const int32_t imms[][VARIANTS] = {
	[ISA_IMM_NONE] = {0},
	[ISA_IMM_VALUE] = {1, -5, 31, INT32_MIN},
	[ISA_IMM_SHIFT] = {0, 3, 15, 31},
	[ISA_IMM_DIVISOR] = {1, -5, 31, INT32_MIN},
	[ISA_IMM_BITS] = {16, 32, 64, 16},
	[ISA_IMM_SLOTS] = {0, 1, 2, -3},
	[ISA_IMM_HELPER] = {1, 5, 25, 26},
};

/*
 * The verifier prints addresses for these, only the kernel generates them, or the kernel is too
 * old.
 */
static bool shown_otherwise(const struct isa_row *row, const struct ebpf_target *kernel)
{
	if (row->needs < EBPF_FEATURE_CNT && !ebpf_target_has(kernel, row->needs))
		return true;
	return row->needs >= ISA_INTERNAL || row->form == ISA_FORM_LD64_REF ||
	       row->form == ISA_FORM_LD64_OFF || row->form == ISA_FORM_LD64_FUNC ||
	       row->form == ISA_FORM_LOCAL;
}

/* The row with operands of variant `v`; gives its slots. */
static size_t instruction(const struct isa_row *row, unsigned v, struct ebpf_insn insn[2])
{
	const struct isa_fields *f = ebpf_isa_fields(row);

	insn[0] = (struct ebpf_insn){
		.code = row->code, .off = offs[f->off][v], .imm = imms[f->imm][v]};
	insn[1] = (struct ebpf_insn){.imm = f->slot2_imm ? imms[f->imm][v] : 0};
	if (f->dst)
		insn[0].dst = (2u + v) & 15u;
	if (f->src)
		insn[0].src = (7u - v) & 15u;
	if (row->key == ISA_KEY_SRC)
		insn[0].src = (unsigned)row->value & 15u;
	if (row->key == ISA_KEY_OFF)
		insn[0].off = row->value;
	if (row->key == ISA_KEY_IMM)
		insn[0].imm = row->value;
	return f->slot2 ? 2 : 1;
}

static void every_row_reads_as_the_verifier_prints_it(void **state)
{
	size_t cnt, compared = 0, unseen = 0;
	const struct isa_row *rows = ebpf_isa_rows(&cnt);
	struct ebpf_target kernel;
	struct utsname uts;

	(void)state;
	rawbpf_need();
	assert_int_equal(uname(&uts), 0);
	assert_int_equal(ebpf_target_by_version(&kernel, uts.release, NULL), 0);
	for (size_t i = 0; i < cnt; i++)
		for (unsigned v = 0; v < VARIANTS; v++) {
			struct ebpf_insn insn[2];
			size_t slots = instruction(&rows[i], v, insn);

			if (shown_otherwise(&rows[i], &kernel))
				continue;
			if (compare(insn, slots))
				compared++;
			else if (++unseen)
				print_message("not shown: %02x %u: %.60s\n", rows[i].code, v,
					      log_text);
		}
	print_message("%zu compared, %zu not shown\n", compared, unseen);
	assert_true(compared > 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_reads_as_the_verifier_prints_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
