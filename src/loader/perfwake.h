/* SPDX-License-Identifier: MIT */
/*
 * perfwake.h - when one perf ring wakes its reader: when a part of it is full, as long as records
 * keep coming; at the first record, when none has come for a while.
 */
#ifndef BPFCAP_SRC_LOADER_PERFWAKE_H
#define BPFCAP_SRC_LOADER_PERFWAKE_H

#include <stdbool.h>
#include <stdint.h>

struct perfwake {
	int map_fd, cpu;
	int part_fd;	   /* the ring's event: it wakes when a part is full; the caller's */
	int each_fd;	   /* an event that wakes for each record; -1: cannot be */
	bool each;	   /* records are written through each_fd */
	uint64_t since_ns; /* records were last found, or `each` was last set */
};

/*
 * Opens an event of a CPU through which programs write records. It wakes its reader when `part_len`
 * bytes are written, or with 0 for each record. Returns it, or -errno.
 */
int kbpf_wake_event_open(int cpu, uint32_t part_len);
/*
 * `part_fd` must be mapped, and in the map. The first record wakes the reader; without permission
 * for a second event, the ring stays lazy.
 */
void kbpf_wake_open(struct perfwake *w, int map_fd, int cpu, int part_fd);
void kbpf_wake_close(struct perfwake *w);
/* The ring was looked at, at this time of CLOCK_MONOTONIC. */
void kbpf_wake_note(struct perfwake *w, uint64_t now_ns, bool found);
/* True if there may be records that do not wake the reader. */
bool kbpf_wake_is_lazy(const struct perfwake *w, uint64_t now_ns);

#endif
