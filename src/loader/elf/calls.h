/* SPDX-License-Identifier: MIT */
/* calls.h - which function of an object calls which. Private to the loader. */
#ifndef BPFCAP_SRC_LOADER_ELF_CALLS_H
#define BPFCAP_SRC_LOADER_ELF_CALLS_H

#include "elf.h"

#define ELF_NOWHERE	   SIZE_MAX
#define ELF_CALL_DEPTH_MAX 8 /* the most frames that the kernel allows */

/* All slots of code, numbered consecutively: slot i of section s is base[s] + i. */
struct elf_calls {
	size_t *base;
	size_t slot_cnt;
	size_t *target; /* the slot that is called or whose address is taken, or ELF_NOWHERE */
};

/* Returns 0 or -ENOMEM; the caller frees *c in the first case. */
int kbpf_elf_calls_find(const struct kbpf_elf *k, struct elf_calls *c);
void kbpf_elf_calls_free(struct elf_calls *c);

static inline size_t elf_func_slot(const struct elf_calls *c, const struct kbpf_elf_func *f)
{
	return c->base[f->section] + f->at;
}

#endif
