/* SPDX-License-Identifier: MIT */
/* stop.h - the signals that end a capture cleanly. */
#ifndef BPFCAP_TOOLS_BPFCAP_STOP_H
#define BPFCAP_TOOLS_BPFCAP_STOP_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP set a flag, and SIGPIPE is ignored. */
void stop_on_signals(void);
bool stop_requested(void);
/* Whether SIGUSR1 has asked for the counts; clears the flag. */
bool stop_counts_requested(void);

#endif
