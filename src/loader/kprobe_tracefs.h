/* SPDX-License-Identifier: MIT */
/* kprobe_tracefs.h - probes through tracefs, which outlive their process. Private to the loader. */
#ifndef BPFCAP_SRC_LOADER_KPROBE_TRACEFS_H
#define BPFCAP_SRC_LOADER_KPROBE_TRACEFS_H

#include "guard_note.h"

struct err;
struct kbpf_kprobe;

/*
 * Creates an event at the function of p, without a program. The event is named after this process,
 * so that kbpf_kprobe_sweep() can find it, and after `set` and `nr`, which must be unique. Returns
 * an fd or -errno. Close the fd first, then remove the event.
 */
int kbpf_kprobe_event_open(int tracefs_fd, uintptr_t set, size_t nr, const struct kbpf_kprobe *p);
void kbpf_kprobe_event_remove(int tracefs_fd, uintptr_t set, size_t nr);

/*
 * Removes the events that `only` names; with NULL, those whose process is dead. Returns their
 * number, or -errno.
 */
int kbpf_kprobe_sweep_only(int tracefs_fd, const struct guard_notes *only, struct err *e);

#endif
