/* SPDX-License-Identifier: MIT */
/* privileges.h - -Z USER: go on with fewer rights. */
#ifndef BPFCAP_TOOLS_BPFCAP_PRIVILEGES_H
#define BPFCAP_TOOLS_BPFCAP_PRIVILEGES_H

#include "bpfcap/err.h"

/*
 * Becomes `user` and keeps only what ending a capture needs: to read the counters, and to take a
 * filter off an interface. -errno (input) for an unknown user.
 */
int privileges_drop(const char *user, struct err *e);

#endif
