/* SPDX-License-Identifier: MIT */
/* input.h - reads a program in any form that was asked for. */
#ifndef BPFASM_INPUT_H
#define BPFASM_INPUT_H

#include "options.h"

/* 0 with a program to be released by ebpf_source_free(), or -errno with *e filled. */
int input_read(const struct options *o, struct ebpf_source *out, struct err *e);

/* All bytes of a file, or of standard input (NULL), with a NUL behind them; malloc'ed. */
int input_bytes(const char *path, char **data, size_t *len, struct err *e);

#endif
