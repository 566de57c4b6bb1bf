/* SPDX-License-Identifier: MIT */
/* names.h - the names of one source file: labels, constants, maps. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_NAMES_H
#define BPFCAP_SRC_ASM_TEXT_NAMES_H

#include "bpfcap/ebpf.h"
#include "scan.h"

enum name_kind { NAME_CONSTANT, NAME_LABEL, NAME_MAP };

struct name {
	struct word word; /* in the text, which must outlive it */
	enum name_kind kind;
	int line_no;	  /* the line of the definition */
	ebpf_label label; /* of a label */
	int64_t value;	  /* of a constant, or the index of a map */
};

/* A hash table; initialize it with {0}. */
struct names {
	struct name *slots;
	size_t cnt, max; /* max: a power of two, or 0 */
};

/* The entry of a name, or NULL. */
struct name *ebpf_names_find(const struct names *t, struct word word);
/* Adds a new name; the result is valid until the next addition. NULL: no memory. */
struct name *ebpf_names_add(struct names *t, struct word word);
void ebpf_names_free(struct names *t);

#endif
