/* SPDX-License-Identifier: MIT */
/* announce.h - says where a capture has begun. */
#ifndef BPFCAP_TOOLS_BPFCAP_ANNOUNCE_H
#define BPFCAP_TOOLS_BPFCAP_ANNOUNCE_H

#include "bpfcap/probe.h"

/*
 * Prints the hooks that are attached, those that wait for an interface, and how many functions were
 * skipped; `listed`: each of these has been printed.
 */
void announce(const struct probe *p, unsigned skipped_cnt, bool listed);

#endif
