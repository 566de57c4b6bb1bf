/* SPDX-License-Identifier: MIT */
/* binary.h - the static binaries of `make dist`, for machines without bpfcap. */
#ifndef BPFCAP_TOOLS_BPFCAP_REMOTE_BINARY_H
#define BPFCAP_TOOLS_BPFCAP_REMOTE_BINARY_H

#include "bpfcap/err.h"

struct text;

/*
 * Appends what the script of far.h reads: a line with length and checksum, then the binary for
 * `machine` (of uname -m) in the directory, which may be NULL: none. -EINVAL or -errno (input) if
 * there is none for that machine, or no SHA256SUMS with it.
 */
int binary_append(struct text *t, const char *dir, const char *machine, struct err *e);

#endif
