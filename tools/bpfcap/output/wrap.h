/* SPDX-License-Identifier: MIT */
/* wrap.h - breaks wide lines between words, for a terminal. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_WRAP_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_WRAP_H

#include "../../common/text.h"

/* Columns of the terminal `fd`; 0: it is none, or does not know. */
unsigned wrap_columns(int fd);
/*
 * Gives the lines, those wider than `columns` continued on indented ones: `lines` itself, or `to`,
 * which is overwritten. Lines that begin with a tab (stacks, bytes) and words wider than a line are
 * left alone. 0 columns: any width.
 */
const struct text *wrap_lines(struct text *to, const struct text *lines, unsigned columns);

#endif
