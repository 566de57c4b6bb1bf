/* SPDX-License-Identifier: MIT */
/*
 * elf_insert.c - what control flow and symbols mean before an insertion, they mean behind it. The
 * test follows each jump, call and symbol itself, in the old and the new code.
 */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kelf.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

enum { HEAD_CNT = 5, R_LDDW = 1, R_ABS64 = 2, R_ABS32 = 3, R_CALL = 10 };

/* No other instruction has the immediates of head[], so the test can find it. */
static void make_head(struct ebpf_insn head[HEAD_CNT])
{
	for (int i = 0; i < HEAD_CNT; i++)
		head[i] = (struct ebpf_insn){.code = OP_MOV_K, .imm = 1000 + i};
}

static bool is_jump(const struct ebpf_insn *insn)
{
	uint8_t class = insn->code & 7, op = insn->code & 0xf0;

	return (class == 5 || class == 6) && op != 0x80 && op != 0x90;
}

static bool is_call(const struct ebpf_insn *insn)
{
	return (insn->code == 0x85 && insn->src == 1) || (insn->code == 0x18 && insn->src == 4);
}

/* Where instruction i goes, or -1. */
static long target(const struct ebpf_insn *insns, long i)
{
	const struct ebpf_insn *insn = &insns[i];

	if (insn->code == 0x06 || is_call(insn))
		return i + 1 + insn->imm;
	return is_jump(insn) ? i + 1 + insn->off : -1;
}

/* All kinds of distances: across, to, from and away from each slot. */
static const struct ebpf_insn code[] = {
	{.code = OP_JEQ_K, .off = 6},			     /* 0: if r0 == 0 goto 7 */
	{.code = OP_CALL, .src = 1, .imm = 3},		     /* 1: call 5 */
	{.code = OP_LD_IMM64, .dst = 1, .src = 4, .imm = 2}, /* 2: r1 = address of 5 */
	{0},
	{.code = OP_CALL, .imm = 5},		   /* 4: a helper */
	{.code = OP_MOV_K, .imm = 1},		   /* 5 */
	{.code = OP_JEQ32_K, .off = -2},	   /* 6: if w0 == 0 goto 5 */
	{.code = OP_JA, .off = -3},		   /* 7: goto 5 */
	{.code = OP_JA32, .imm = -9},		   /* 8: gotol 0 */
	{.code = OP_CALL, .src = 2, .imm = 777},   /* 9: a function of the kernel */
	{.code = OP_LD_IMM64, .dst = 1, .imm = 7}, /* 10: a number */
	{.code = 0, .imm = 9},
	{.code = OP_JCOND, .off = -8},		 /* 12: may_goto 5 */
	{.code = OP_CALL, .src = 1, .imm = -14}, /* 13: call 0 */
	{.code = OP_EXIT},
};
enum { CODE_CNT = sizeof(code) / sizeof(code[0]) };

static bool second_slot(long i)
{
	return i > 0 && code[i - 1].code == 0x18;
}

static void check_array(long at)
{
	struct ebpf_insn head[HEAD_CNT], out[CODE_CNT + HEAD_CNT];

	make_head(head);
	assert_int_equal(kbpf_insns_insert(&(struct kbpf_insertion){.insns = code,
								    .cnt = CODE_CNT,
								    .at = (size_t)at,
								    .head = head,
								    .head_cnt = HEAD_CNT},
					   out, NULL),
			 0);
	assert_memory_equal(out + at, head, sizeof(head));
	for (long i = 0; i < CODE_CNT; i++) {
		long now = i < at ? i : i + HEAD_CNT, to = target(code, i), want;

		assert_int_equal(out[now].code, code[i].code);
		if (second_slot(i) || to < 0) {
			assert_memory_equal(&out[now], &code[i], sizeof(code[i]));
			continue;
		}
		/* a call to the position runs the head, a jump skips it */
		want = to < at || (to == at && is_call(&code[i])) ? to : to + HEAD_CNT;
		assert_int_equal(target(out, now), want);
	}
}

TEST(control_flow_is_kept)
{
	for (long at = 0; at < CODE_CNT; at++)
		if (!second_slot(at))
			check_array(at);
}

TEST(code_that_cannot_be_adjusted_is_reported)
{
	struct ebpf_insn head[HEAD_CNT], out[CODE_CNT + HEAD_CNT];
	size_t len = INT16_MAX + 2;
	struct ebpf_insn *far = calloc(len, sizeof(*far)), *far_out;
	struct err e;

	make_head(head);
	assert_int_equal(kbpf_insns_insert(&(struct kbpf_insertion){.insns = code,
								    .cnt = CODE_CNT,
								    .at = 3,
								    .head = head,
								    .head_cnt = HEAD_CNT},
					   out, &e),
			 -EINVAL);
	assert_int_equal(kbpf_insns_insert(&(struct kbpf_insertion){.insns = code,
								    .cnt = CODE_CNT,
								    .at = CODE_CNT,
								    .head = head,
								    .head_cnt = HEAD_CNT},
					   out, &e),
			 -EINVAL);

	/* the longest jump there is gets longer */
	far_out = calloc(len + HEAD_CNT, sizeof(*far));
	assert_true(far && far_out);
	far[0] = (struct ebpf_insn){.code = OP_JA, .off = INT16_MAX};
	assert_int_equal(kbpf_insns_insert(&(struct kbpf_insertion){.insns = far,
								    .cnt = len,
								    .head = head,
								    .head_cnt = HEAD_CNT},
					   far_out, &e),
			 0);
	assert_int_equal(kbpf_insns_insert(&(struct kbpf_insertion){.insns = far,
								    .cnt = len,
								    .at = 1,
								    .head = head,
								    .head_cnt = HEAD_CNT},
					   far_out, &e),
			 -EINVAL);
	assert_non_null(strstr(e.text, "too long"));
	far[0].off = -2; /* and one that leaves the code */
	assert_int_equal(kbpf_insns_insert(&(struct kbpf_insertion){.insns = far,
								    .cnt = len,
								    .at = 1,
								    .head = head,
								    .head_cnt = HEAD_CNT},
					   far_out, &e),
			 -EINVAL);
	free(far);
	free(far_out);
}

/* ---- An object with every kind of reference ---- */

struct object {
	struct kbpf_elf *k;
	size_t text, tc, data, debug;
	size_t text_symbol, func[3], prog;
};

static size_t add_section(struct kbpf_elf *k, const char *name, uint64_t flags, const void *bytes,
			  size_t len)
{
	int i = kbpf_elf_section_add(k,
				     &(struct kbpf_elf_section){.name = name,
								.type = SHT_PROGBITS,
								.flags = flags,
								.data = bytes,
								.len = len},
				     NULL);

	assert_true(i > 0);
	return (size_t)i;
}

static size_t add_symbol(struct kbpf_elf *k, const char *name, int type, size_t sec, uint64_t at,
			 uint64_t len)
{
	int i = kbpf_elf_symbol_add(
		k,
		&(struct kbpf_elf_symbol){
			.name = name, .type = type, .section = sec, .value = at, .len = len},
		NULL);

	assert_true(i > 0);
	return (size_t)i;
}

static void add_reloc(struct kbpf_elf *k, size_t sec, uint64_t at, uint32_t type, size_t symbol)
{
	assert_int_equal(kbpf_elf_reloc_add(k, sec, at, type, symbol, NULL), 0);
}

/* Functions f0, f1, f2 of two instructions each; calls and addresses by symbol, by section and
 * addend, and by distance. */
static struct object make_object(void)
{
	static const struct ebpf_insn text[] = {
		{.code = OP_CALL, .src = 1, .imm = 3}, /* f0 calls f2 by distance */
		{.code = OP_EXIT},
		{.code = OP_CALL, .src = 1, .imm = -1}, /* f1 calls f0 by symbol */
		{.code = OP_EXIT},
		{.code = OP_CALL, .src = 1, .imm = 1}, /* f2 calls f1 by section */
		{.code = OP_EXIT},
	};
	static const struct ebpf_insn prog[] = {
		{.code = OP_CALL, .src = 1, .imm = 1},		      /* f1 by section */
		{.code = OP_CALL, .src = 1, .imm = -1},		      /* f2 by symbol */
		{.code = OP_LD_IMM64, .dst = 1, .src = 4, .imm = 16}, /* f1 by section */
		{0},
		{.code = OP_EXIT},
	};
	static const uint64_t debug[] = {0, 16, 32, 48};
	static const uint32_t data[] = {16, 16};
	const uint64_t exec = SHF_ALLOC | SHF_EXECINSTR;
	struct object o;

	assert_int_equal(kbpf_elf_new(&o.k, NULL), 0);
	o.text = add_section(o.k, ".text", exec, text, sizeof(text));
	o.tc = add_section(o.k, "tc", exec, prog, sizeof(prog));
	o.debug = add_section(o.k, ".debug_addr", 0, debug, sizeof(debug));
	o.data = add_section(o.k, ".data", SHF_ALLOC, data, sizeof(data));
	o.text_symbol = add_symbol(o.k, "", STT_SECTION, o.text, 0, 0);
	for (size_t i = 0; i < 3; i++)
		o.func[i] = add_symbol(o.k, (const char *[]){"f0", "f1", "f2"}[i], STT_FUNC, o.text,
				       i * 16, 16);
	o.prog = add_symbol(o.k, "prog", STT_FUNC, o.tc, 0, sizeof(prog));
	add_reloc(o.k, o.text, 16, R_CALL, o.func[0]);
	add_reloc(o.k, o.text, 32, R_CALL, o.text_symbol);
	add_reloc(o.k, o.tc, 0, R_CALL, o.text_symbol);
	add_reloc(o.k, o.tc, 8, R_CALL, o.func[2]);
	add_reloc(o.k, o.tc, 16, R_LDDW, o.text_symbol);
	for (uint64_t i = 0; i < 4; i++)
		add_reloc(o.k, o.debug, i * 8, R_ABS64, o.text_symbol);
	add_reloc(o.k, o.data, 0, R_ABS32, o.func[1]); /* f1 + 16: f2 */
	add_reloc(o.k, o.data, 4, R_ABS32, o.text_symbol);
	return o;
}

/* The slot that relocation number `i` of a section, with its symbol and addend, refers to. */
static long relocated_slot(const struct object *o, size_t sec, size_t i)
{
	struct kbpf_elf_section rel, target_sec, symtab;
	char name[64] = ".rel";
	Elf64_Rel r;
	Elf64_Sym s;
	long addend;

	kbpf_elf_section(o->k, sec, &target_sec);
	strcat(name, target_sec.name);
	kbpf_elf_section(o->k, kbpf_elf_section_by_name(o->k, name), &rel);
	kbpf_elf_section(o->k, kbpf_elf_section_by_name(o->k, ".symtab"), &symtab);
	memcpy(&r, (const char *)rel.data + i * sizeof(r), sizeof(r));
	memcpy(&s, (const char *)symtab.data + ELF64_R_SYM(r.r_info) * sizeof(s), sizeof(s));
	if (ELF64_R_TYPE(r.r_info) == R_CALL || ELF64_R_TYPE(r.r_info) == R_LDDW) {
		struct ebpf_insn insn;

		memcpy(&insn, (const char *)target_sec.data + r.r_offset, sizeof(insn));
		assert_true(is_call(&insn)); /* the relocation is where the instruction is */
		addend = insn.code == 0x85 ? (insn.imm + 1) * 8L : insn.imm;
	} else if (ELF64_R_TYPE(r.r_info) == R_ABS64) {
		memcpy(&addend, (const char *)target_sec.data + r.r_offset, sizeof(addend));
	} else {
		int32_t half;

		memcpy(&half, (const char *)target_sec.data + r.r_offset, sizeof(half));
		addend = half;
	}
	return ((long)s.st_value + addend) / 8;
}

/* Slot of .text where function i starts. */
static long begin(const struct object *o, size_t i)
{
	struct kbpf_elf_func *funcs;
	long at;

	assert_int_equal(kbpf_elf_funcs(o->k, &funcs, NULL), 4);
	at = (long)funcs[i].at;
	free(funcs);
	return at;
}

static void check_object(const struct object *o, const size_t size[3], size_t prog_size)
{
	struct kbpf_elf_section text, debug;
	struct kbpf_elf_func *funcs;
	long at = 0;

	assert_int_equal(kbpf_elf_funcs(o->k, &funcs, NULL), 4);
	for (size_t i = 0; i < 3; at += (long)size[i++]) {
		assert_int_equal(funcs[i].at, at);
		assert_int_equal(funcs[i].insn_cnt, size[i]);
		assert_int_equal(funcs[i].insns[size[i] - 2].code, 0x85);
		assert_int_equal(funcs[i].insns[size[i] - 1].code, 0x95);
	}
	assert_int_equal(funcs[3].insn_cnt, prog_size);
	free(funcs);
	kbpf_elf_section(o->k, o->text, &text);
	kbpf_elf_section(o->k, o->debug, &debug);
	assert_int_equal(text.len, at * 8);

	/* f0 calls f2 */
	at = (long)size[0] - 2;
	assert_int_equal(target((const struct ebpf_insn *)(const void *)text.data, at),
			 begin(o, 2));
	assert_int_equal(relocated_slot(o, o->text, 0), begin(o, 0));
	assert_int_equal(relocated_slot(o, o->text, 1), begin(o, 1));
	assert_int_equal(relocated_slot(o, o->tc, 0), begin(o, 1));
	assert_int_equal(relocated_slot(o, o->tc, 1), begin(o, 2));
	assert_int_equal(relocated_slot(o, o->tc, 2), begin(o, 1));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(relocated_slot(o, o->debug, i), begin(o, i));
	assert_int_equal(relocated_slot(o, o->debug, 3), text.len / 8); /* the end */
	assert_int_equal(relocated_slot(o, o->data, 0), begin(o, 2));
	assert_int_equal(relocated_slot(o, o->data, 1), begin(o, 1));
}

/* Into each function alone, and into all of them one after the other. */
TEST(references_are_kept)
{
	struct ebpf_insn head[HEAD_CNT];

	make_head(head);
	for (unsigned set = 0; set < 16; set++) {
		struct object o = make_object();
		size_t size[4] = {2, 2, 2, 5};

		for (size_t i = 0; i < 4; i++) {
			size_t symbol = i < 3 ? o.func[i] : o.prog;

			if (!(set & 1u << i))
				continue;
			assert_int_equal(kbpf_elf_func_insert(o.k, symbol, head, HEAD_CNT, NULL),
					 0);
			size[i] += HEAD_CNT;
		}
		check_object(&o, size, size[3]);
		kbpf_elf_free(o.k);
	}
}

TEST(only_functions_are_changed)
{
	struct object o = make_object();
	struct ebpf_insn head[HEAD_CNT];
	struct err e;

	make_head(head);
	assert_int_equal(kbpf_elf_func_insert(o.k, 0, head, HEAD_CNT, &e), -EINVAL);
	assert_int_equal(kbpf_elf_func_insert(o.k, o.text_symbol, head, HEAD_CNT, &e), -EINVAL);
	assert_int_equal(kbpf_elf_func_insert(o.k, 1000, head, HEAD_CNT, &e), -EINVAL);
	kbpf_elf_free(o.k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_flow_is_kept),
		cmocka_unit_test(code_that_cannot_be_adjusted_is_reported),
		cmocka_unit_test(references_are_kept),
		cmocka_unit_test(only_functions_are_changed),
	};

	return cmocka_run_group_tests_name("elf_insert", tests, NULL, NULL);
}
