/* SPDX-License-Identifier: MIT */
/*
 * asm_compiled.c - fuzzes the reading of what compilers write: an object that it becomes reads back
 * with the same functions, within their sections.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/bpfasm/compiled.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void read_back(const struct kbpf_elf *k)
{
	struct kbpf_elf_func *funcs, *same;
	struct kbpf_elf *again;
	uint8_t *image;
	size_t len;
	int cnt = kbpf_elf_funcs(k, &funcs, NULL);

	require(cnt >= 0);
	require(kbpf_elf_image(k, &image, &len, NULL) == 0);
	require(kbpf_elf_parse(&again, image, len, NULL) == 0);
	require(kbpf_elf_funcs(again, &same, NULL) == cnt);
	for (int i = 0; i < cnt; i++) {
		require(strcmp(funcs[i].name, same[i].name) == 0);
		require(funcs[i].insn_cnt == same[i].insn_cnt);
	}
	free(same);
	free(funcs);
	kbpf_elf_free(again);
	free(image);
}

/* Counts mistakes, of which no more than a few are wanted. */
static bool count(void *user, const struct err *e)
{
	unsigned *cnt = user;

	require(e->code < 0 && e->text[0]);
	return ++*cnt < 20;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* A copy of the exact length, so that reading beyond it is seen. */
	char *copy = malloc(len ? len : 1);
	unsigned mistakes = 0;
	const struct ebpf_text text = {copy, len, "x", NULL, EBPF_PROG_ANY, count, &mistakes};
	struct kbpf_elf *k;
	struct err e = {0};

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	(void)compiled_is(copy, len);
	if (compiled_read(&text, &k, &e) == 0) {
		require(mistakes == 0);
		read_back(k);
		kbpf_elf_free(k);
	} else {
		require(e.code < 0 && e.text[0]);
	}
	free(copy);
	return 0;
}
