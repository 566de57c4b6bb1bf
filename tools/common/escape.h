/* SPDX-License-Identifier: MIT */
/* escape.h - makes untrusted text harmless for a terminal. */
#ifndef BPFCAP_TOOLS_COMMON_ESCAPE_H
#define BPFCAP_TOOLS_COMMON_ESCAPE_H

#include <stddef.h>

#define ESCAPE_GROWTH 4 /* one byte can become so many */

/*
 * Writes `len` bytes of text to `to`, which has room for ESCAPE_GROWTH times as many: printable
 * UTF-8 as it is, any other byte as "\xNN". Returns the length; adds no NUL.
 */
size_t escape(const char *text, size_t len, char *to);

#endif
