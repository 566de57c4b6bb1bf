/* SPDX-License-Identifier: MIT */
/* privileges.h - -Z: continues with fewer privileges. */
#ifndef BPFCAP_TOOLS_BPFCAP_PRIVILEGES_H
#define BPFCAP_TOOLS_BPFCAP_PRIVILEGES_H

#include "bpfcap/err.h"
#include "options.h"

/*
 * Changes to `user` and keeps only the capabilities that the end of a capture needs: to read
 * counters and to detach from interfaces. -errno (input) for an unknown user.
 */
int privileges_drop(const char *user, struct err *e);

/*
 * While packets are read, this thread runs before others (nice -10), so that the rings are emptied
 * in time on a busy machine. Does nothing without the right to, or with a priority of its own.
 */
void privileges_hurry(void);

/* Drops all capabilities. */
void privileges_none(void);

/* Without -Z, once everything is attached and the first file is open: drops the capabilities that
 * this capture no longer needs, and with them the way to get them back by a setuid program. */
void privileges_settle(const struct cap_options *o);

#endif
