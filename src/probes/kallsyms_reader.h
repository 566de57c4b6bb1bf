/* SPDX-License-Identifier: MIT */
/*
 * kallsyms_reader.h - reads the kernel's symbols in a separate thread.
 *
 * The kernel needs some 0.2 s to write /proc/kallsyms, in which a capture would lose packets. The
 * file is opened and the thread created at the start, with the privileges of that moment; it reads
 * nothing until the first symbol is needed.
 */
#ifndef BPFCAP_SRC_PROBES_KALLSYMS_READER_H
#define BPFCAP_SRC_PROBES_KALLSYMS_READER_H

#include <stdbool.h>

#include "kallsyms.h"

struct kallsyms_reader;

/* NULL without the file or memory; the other functions accept NULL as "no symbols". */
struct kallsyms_reader *probe_kallsyms_reader_open(void);
/* Starts reading; true once probe_kallsyms_reader_get() returns without waiting. */
bool probe_kallsyms_reader_ready(struct kallsyms_reader *r);
/* Waits for the symbols. NULL: there are none. */
const struct kallsyms *probe_kallsyms_reader_get(struct kallsyms_reader *r);
void probe_kallsyms_reader_close(struct kallsyms_reader *r);

#endif
