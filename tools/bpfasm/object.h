/* SPDX-License-Identifier: MIT */
/* object.h - a program out of an ELF object, and its listing with the names that it has there. */
#ifndef BPFCAP_TOOLS_BPFASM_OBJECT_H
#define BPFCAP_TOOLS_BPFASM_OBJECT_H

#include "input.h"

/*
 * Fills *in from the bytes of an object, and o->type by the section's name where it was not given.
 * 0, or -errno with *e filled.
 */
int object_read(struct asm_options *o, const char *data, size_t len, struct input *in,
		struct err *e);

/* The listing of a program from an object. 0, or the -errno of the stream. */
int object_list(FILE *out, const struct input *in);

#endif
