/* SPDX-License-Identifier: MIT */
/* builder.h - what a builder holds. Private to src/asm: builder.c fills, link.c reads. */
#ifndef BPFCAP_SRC_ASM_BUILDER_H
#define BPFCAP_SRC_ASM_BUILDER_H

#include "isa.h"

#include "bpfcap/err.h"

/* An instruction of one slot, or of two (lddw). */
struct builder_item {
	struct ebpf_insn insn; /* distance still 0 where `label` is set */
	int32_t imm2;	       /* lddw: second slot's immediate */
	int32_t label;	       /* where it goes; 0: nowhere */
};

enum place {
	PLACE_NONE, /* not yet */
	PLACE_ITEM, /* in front of item `at` */
	PLACE_SLOT, /* at slot `at`, counted before bridging: the target of a raw jump */
};

struct label {
	enum place place;
	int64_t at;
	const char *file; /* where it was first used, if it was */
	int line;
};

struct ebpf_builder {
	struct ebpf_target target;
	enum ebpf_prog_type type;

	struct builder_item *items;
	size_t item_cnt, item_cap;
	struct label *labels; /* [0] is never used */
	size_t label_cnt, label_cap;

	size_t slot_cnt;
	bool open; /* the last item is a raw lddw that waits for its second slot */

	struct err error; /* code 0: none so far */
	char why[256];	  /* the reason alone, when an operation was refused */
};

/* Slots that an item takes. */
static inline uint32_t item_slots(const struct builder_item *it)
{
	return it->insn.code == ISA_LDDW ? 2 : 1;
}

#endif
