/* SPDX-License-Identifier: MIT */
/* directive.h - labels, constants and maps that a source defines. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_DIRECTIVE_H
#define BPFCAP_SRC_ASM_TEXT_DIRECTIVE_H

#include "parser.h"

/* Defines a new name. Returns NULL, with *rc and a message, if that fails. */
struct name *ebpf_parse_define(struct parser *p, struct word word, int *rc);
/*
 * Reads the directive of the line, if it has one, in the first pass. Returns 0, or -EINVAL with a
 * message.
 */
int ebpf_parse_directive(struct parser *p);

#endif
