/* SPDX-License-Identifier: MIT */
/* hexdump.h - bytes as text below a packet's line, laid out as by tcpdump -x, -X and -A. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_HEXDUMP_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_HEXDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../common/text.h"

/* Lines of 16 bytes, each begun with a newline; with the characters at the right on demand. */
void hexdump(struct text *t, const uint8_t *data, size_t len, bool ascii);
/* The characters alone; what is not printable becomes a dot. */
void hexdump_ascii(struct text *t, const uint8_t *data, size_t len);

#endif
