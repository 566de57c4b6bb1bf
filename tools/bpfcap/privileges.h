/* SPDX-License-Identifier: MIT */
/* privileges.h - -Z: continues with fewer privileges. */
#ifndef BPFCAP_TOOLS_BPFCAP_PRIVILEGES_H
#define BPFCAP_TOOLS_BPFCAP_PRIVILEGES_H

#include "bpfcap/err.h"

/*
 * Changes to `user` and keeps only the capabilities that the end of a capture needs: to read
 * counters and to detach from interfaces. -errno (input) for an unknown user.
 */
int privileges_drop(const char *user, struct err *e);

#endif
