/* SPDX-License-Identifier: MIT */
/* elf.c - any bytes as a BPF object: read, linked, changed, written, read. */
#include <stdint.h>
#include <stdlib.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/inject.h"
#include "bpfcap/kelf.h"
#include "../lib/opcodes.h"

enum { INSERTIONS_MAX = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What an object becomes must be an object, with as many functions. */
static void check_image(const struct kbpf_elf *k, int func_cnt)
{
	struct kbpf_elf_func *funcs;
	struct kbpf_elf *again;
	uint8_t *image;
	size_t len;

	if (kbpf_elf_image(k, &image, &len, NULL))
		abort();
	if (kbpf_elf_parse(&again, image, len, NULL))
		abort();
	if (kbpf_elf_funcs(again, &funcs, NULL) != func_cnt)
		abort();
	free(funcs);
	kbpf_elf_free(again);
	free(image);
}

/* A linked program has its names and maps inside. */
static void link(const struct kbpf_elf *k, const struct kbpf_elf_func *f, size_t symbol)
{
	struct kbpf_elf_program p;

	if (kbpf_elf_link(k, f->section, symbol, &p, NULL))
		return;
	if (p.cnt < f->insn_cnt || p.func_cnt == 0)
		abort();
	for (size_t i = 0; i < p.func_cnt; i++)
		if (p.funcs[i].slot >= p.cnt || (i && p.funcs[i].slot < p.funcs[i - 1].slot))
			abort();
	for (size_t i = 0; i < p.ref_cnt; i++)
		if (p.refs[i].slot >= p.cnt || (i && p.refs[i].slot < p.refs[i - 1].slot))
			abort();
	kbpf_elf_program_free(&p);
}

static void ask(const struct kbpf_elf *k, const struct kbpf_elf_func *funcs, size_t cnt)
{
	bool *reaches = calloc(cnt + 1, sizeof(*reaches));

	for (size_t i = 0; reaches && i < cnt; i++) {
		link(k, &funcs[i], funcs[i].symbol);
		link(k, &funcs[i], 0);
		kbpf_elf_func_callers(k, funcs, cnt, i, reaches, NULL);
		(void)kbpf_elf_func_free_stack_len(k, funcs, cnt, i, NULL);
		(void)kbpf_elf_func_param_cnt(k, funcs[i].symbol);
		(void)cbpf2ebpf_stub_check(funcs[i].insns, funcs[i].insn_cnt, funcs[i].name, NULL);
		(void)cbpf2ebpf_section_type(funcs[i].section_name);
	}
	free(reaches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct ebpf_insn head[] = {
		{.code = OP_MOV_K}, {.code = OP_MOV_K}, {.code = OP_MOV_K}};
	struct kbpf_elf_func *funcs;
	struct kbpf_elf *k;
	int cnt;

	if (kbpf_elf_parse(&k, data, len, NULL))
		return 0;
	cnt = kbpf_elf_funcs(k, &funcs, NULL);
	if (cnt < 0)
		abort();
	ask(k, funcs, (size_t)cnt);
	for (int i = 0; i < cnt && i < INSERTIONS_MAX; i++) {
		if (kbpf_elf_func_insert(k, funcs[i].symbol, head, 3, NULL))
			break; /* the object is good for nothing now */
		if (i == cnt - 1 || i == INSERTIONS_MAX - 1)
			check_image(k, cnt);
	}
	free(funcs);
	kbpf_elf_free(k);
	return 0;
}
