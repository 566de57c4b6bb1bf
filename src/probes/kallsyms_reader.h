/* SPDX-License-Identifier: MIT */
/*
 * kallsyms_reader.h - reads the kernel's symbols in a thread of its own.
 *
 * The kernel needs some 0.2 s to write /proc/kallsyms, in which a capture would lose packets. The
 * file is opened and the thread made at the start, with the privileges of then; it reads nothing
 * before the first symbol is needed.
 */
#ifndef BPFCAP_SRC_PROBES_KALLSYMS_READER_H
#define BPFCAP_SRC_PROBES_KALLSYMS_READER_H

#include <stdbool.h>

#include "kallsyms.h"

struct kallsyms_reader;

/* NULL without the file or memory; the other functions take that for symbols that are not there. */
struct kallsyms_reader *probe_kallsyms_reader_open(void);
/* Starts to read; true once probe_kallsyms_reader_get() need not wait. */
bool probe_kallsyms_reader_ready(struct kallsyms_reader *r);
/* Waits for the symbols. NULL: there are none. */
const struct kallsyms *probe_kallsyms_reader_get(struct kallsyms_reader *r);
void probe_kallsyms_reader_close(struct kallsyms_reader *r);

#endif
