/* SPDX-License-Identifier: MIT */
/* object.h - reads a program from an ELF object, and lists it with the names of the object. */
#ifndef BPFCAP_TOOLS_BPFASM_OBJECT_H
#define BPFCAP_TOOLS_BPFASM_OBJECT_H

#include "input.h"

/*
 * Fills *in from the bytes of an object, and o->type from the section's name unless it was
 * specified. Returns 0, or -errno with *e filled.
 */
int object_read(struct asm_options *o, const char *data, size_t len, struct asm_input *in,
		struct err *e);

/* Lists a program from an object. Returns 0, or the -errno of the stream. */
int object_list(FILE *out, const struct asm_input *in);

/* Does the same with the object that *in has already. */
int object_take(struct asm_options *o, struct asm_input *in, struct err *e);

#endif
