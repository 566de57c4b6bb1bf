/* SPDX-License-Identifier: MIT */
/* manual.h - the sections of the manual page that no table holds. */
#ifndef BPFCAP_TOOLS_BPFCAP_MANUAL_H
#define BPFCAP_TOOLS_BPFCAP_MANUAL_H

#include "../common/text.h"

/*
 * Appends man(7) source: OUTPUT FORMAT, COUNTS, SIGNALS, LOSSES, PRIVILEGES and DIFFERENCES FROM
 * TCPDUMP.
 */
void manual_sections(struct text *t);

#endif
