/* SPDX-License-Identifier: MIT */
/* stop.h - the signals that end a capture cleanly. */
#ifndef BPFCAP_TOOLS_BPFCAP_STOP_H
#define BPFCAP_TOOLS_BPFCAP_STOP_H

#include <stdbool.h>

#include "bpfcap/probe.h"

/*
 * From now on SIGINT, SIGTERM and SIGHUP set a flag, the end of a child interrupts a wait, and
 * SIGPIPE and SIGXFSZ are ignored: write() fails instead.
 */
void stop_on_signals(void);
/* These signals also end the wait of this session; NULL: of none. */
void stop_wakes(struct probe *p);
/* They also write to this eventfd(2); -1: to none. */
void stop_wakes_fd(int fd);
bool stop_requested(void);
/* The signal if a process sent it to this one; 0 if there was none or the terminal sent it. */
int stop_sent_signal(void);
/* Whether SIGUSR1 has asked for the counts; clears the flag. */
bool stop_counts_requested(void);
/* Whether SIGUSR2 has asked for the packets of --keep; clears the flag. */
bool stop_write_requested(void);

/*
 * While on, EINTR ends each system call that blocks, after 100 ms at the latest, so that a write to
 * a stalled pipe or terminal can notice a request to stop. No effect before stop_on_signals().
 */
void stop_interrupt_writes(bool on);

#endif
