/* SPDX-License-Identifier: MIT */
/* perf_event.h - perf events that run programs; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_PERF_EVENT_H
#define BPFCAP_SRC_LOADER_PERF_EVENT_H

#include <sys/types.h>

struct err;
struct perf_event_attr;

/* Opens attr's event (sets its size and period) on one CPU. Returns an fd or -errno. */
int kbpf_perf_open(struct perf_event_attr *attr);
/* The same in one process only; 0: in all. */
int kbpf_perf_open_in(struct perf_event_attr *attr, pid_t pid);

/* Takes over event_fd: returns it with the program running, or closes it and returns -errno. */
int kbpf_perf_set_program(int event_fd, int prog_fd);

/* Says why that failed, for the event named `what`; returns rc. */
int kbpf_perf_err(int rc, const char *what, struct err *e);

#endif
