/* SPDX-License-Identifier: MIT */
/* names.h - the names of one source file: labels, constants, maps. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_NAMES_H
#define BPFCAP_SRC_ASM_TEXT_NAMES_H

#include "bpfcap/ebpf.h"
#include "scan.h"

enum name_kind { NAME_CONSTANT, NAME_LABEL, NAME_MAP };

struct name {
	struct word word; /* in the text, which must stay */
	enum name_kind kind;
	int line_no;	  /* where it was defined */
	ebpf_label label; /* a label's */
	int64_t value;	  /* a constant's, or the index of a map */
};

/* A hash table; begin with {0}. */
struct names {
	struct name *slots;
	size_t cnt, max; /* max: a power of two, or 0 */
};

/* The entry of a name, or NULL. */
struct name *ebpf_names_find(const struct names *t, struct word word);
/* Adds a name that is not there yet; valid until the next addition. NULL without memory. */
struct name *ebpf_names_add(struct names *t, struct word word);
void ebpf_names_free(struct names *t);

#endif
