/* SPDX-License-Identifier: MIT */
/*
 * extcap.h - bpfcap as an external capture program of Wireshark.
 *
 * Wireshark runs it with options of its own (doc/extcap in Wireshark's sources): to ask which
 * interfaces, link types and settings there are, whether a filter is correct, and to capture.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_EXTCAP_H
#define BPFCAP_TOOLS_BPFCAP_EXTCAP_H

#include <stdbool.h>

#include "bpfcap/err.h"

/* True if Wireshark runs us. */
bool extcap_is_asked(char **argv);

/*
 * Answers a question on standard output; or, for a capture, replaces *argc and *argv by our own
 * options, which live as long as the process. Returns 1 if there is nothing more to do, 0 for a
 * capture, or -errno with *e filled.
 */
int extcap(int *argc, char ***argv, struct err *e);

#endif
