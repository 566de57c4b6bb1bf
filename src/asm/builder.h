/* SPDX-License-Identifier: MIT */
/*
 * builder.h - the contents of a builder. Private to src/asm: builder.c writes them, link.c reads
 * them.
 */
#ifndef BPFCAP_SRC_ASM_BUILDER_H
#define BPFCAP_SRC_ASM_BUILDER_H

#include "isa.h"

#include "bpfcap/err.h"

/* An instruction of one slot, or of two (lddw). */
struct builder_item {
	struct ebpf_insn insn; /* the distance is 0 if `label` is set */
	int32_t imm2;	       /* lddw: second slot's immediate */
	int32_t label;	       /* its target; 0: none */
};

enum place {
	PLACE_NONE, /* not placed yet */
	PLACE_ITEM, /* before item `at` */
	PLACE_SLOT, /* at slot `at`, counted before bridging: the target of a raw jump */
};

struct label {
	enum place place;
	int64_t at;
	const char *file; /* where it was first used, if it was used */
	int line;
};

struct ebpf_builder {
	struct ebpf_target target;
	enum ebpf_prog_type type;

	struct builder_item *items;
	size_t item_cnt, item_cap;
	struct label *labels; /* [0] is unused */
	size_t label_cnt, label_cap;

	size_t slot_cnt;
	bool open; /* the last item is a raw lddw without its second slot yet */

	struct err error; /* code 0: no mistake so far */
	char why[256];	  /* the reason alone, if an operation was rejected */
};

/* The number of slots of an item. */
static inline uint32_t item_slots(const struct builder_item *it)
{
	return it->insn.code == ISA_LDDW ? 2 : 1;
}

#endif
