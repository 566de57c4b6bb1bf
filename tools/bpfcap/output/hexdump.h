/* SPDX-License-Identifier: MIT */
/* hexdump.h - bytes as text below a packet's line, laid out as by tcpdump -x, -X and -A. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_HEXDUMP_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_HEXDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../common/text.h"

/* Lines of 16 bytes, each after a newline; with the characters on the right if `ascii`. */
void hexdump(struct text *t, const uint8_t *data, size_t len, bool ascii);
/* The characters alone; unprintable ones become dots. */
void hexdump_ascii(struct text *t, const uint8_t *data, size_t len);

#endif
