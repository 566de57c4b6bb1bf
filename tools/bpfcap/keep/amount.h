/* SPDX-License-Identifier: MIT */
/* amount.h - numbers with units: "64MB", "5ms", "1000". */
#ifndef BPFCAP_TOOLS_BPFCAP_KEEP_AMOUNT_H
#define BPFCAP_TOOLS_BPFCAP_KEEP_AMOUNT_H

#include <stdbool.h>
#include <stdint.h>

/* Each takes the whole text; false: it is something else, or zero, or too large for 64 bits. */
bool amount_number(const char *text, uint64_t *n);
bool amount_bytes(const char *text, uint64_t *bytes); /* kB, MB or GB: powers of 1000 */
bool amount_time(const char *text, uint64_t *ns);     /* ns, us, ms or s */

#endif
