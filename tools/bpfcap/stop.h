/* SPDX-License-Identifier: MIT */
/* stop.h - the signals that end a capture cleanly. */
#ifndef BPFCAP_TOOLS_BPFCAP_STOP_H
#define BPFCAP_TOOLS_BPFCAP_STOP_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM and SIGHUP only leave a mark, and SIGPIPE nothing. */
void stop_on_signals(void);
bool stop_requested(void);
/* SIGUSR1 asks for the counts; the mark is taken away. */
bool stop_counts_requested(void);

#endif
