/* SPDX-License-Identifier: MIT */
/* whole.h - reads a whole file, of any kind, into memory. */
#ifndef BPFCAP_TOOLS_COMMON_WHOLE_H
#define BPFCAP_TOOLS_COMMON_WHOLE_H

#include <stddef.h>

#include "bpfcap/err.h"

/*
 * Gives all bytes of a file, or of standard input (NULL), and a NUL after them that *len does not
 * count; malloc'ed. `stage` (static) is for *e. -EFBIG beyond 256 MiB.
 */
int read_whole(const char *path, const char *stage, char **data, size_t *len, struct err *e);

#endif
