/* SPDX-License-Identifier: MIT */
/*
 * rings.h - several rings that perfbuf.c reads as one stream: perf rings, which it also opens, or
 * BPF ring buffers, which ringbuf.c opens. Private to the loader.
 */
#ifndef BPFCAP_SRC_LOADER_RINGS_H
#define BPFCAP_SRC_LOADER_RINGS_H

#include <poll.h>

#include "perfring.h"
#include "perfwake.h"

struct err;
struct kbpf_perfbuf;

#define BOUNCE_LEN (64u << 10) /* a perf record's u16 size cannot exceed it */

struct cpu_ring {
	struct perfring ring;
	struct perfwake wake; /* of a perf ring */
	int cpu;	      /* or the number of a ring that a caller gave */
	int fd;
	void *mem[2]; /* mappings, or MAP_FAILED */
	size_t mem_len[2];
	bool ready; /* ring_next() has found a sample */
	bool found; /* a sample was given out in this reading */
};

/* The rings to be opened. */
struct ring_plan {
	/*
	 * Opens the ring of c->cpu and enters it into the map of the programs. -ENODEV: the CPU is
	 * offline; else -errno with a sentence. After a failure the caller closes *c.
	 */
	int (*add)(const struct ring_plan *plan, struct cpu_ring *c, struct err *e);
	size_t page_len, ring_len;
	const int *map_fds; /* the map of the programs, or a ring for each number */
	const int *cpus;
	int cpu_cnt;
};

struct kbpf_perfbuf {
	size_t page_len;
	int cnt;
	struct cpu_ring *rings;
	bool in_order;	    /* one BPF ring buffer, whose records need no time */
	bool touched;	    /* all pages of the rings */
	struct pollfd *fds; /* one per ring, and the caller's wake_fd last */
	uint8_t bounce[BOUNCE_LEN];
};

/* ---- perfbuf.c ----------------------------------------------------------------------------- */

int kbpf_rings_open(struct kbpf_perfbuf **out, struct ring_plan *plan, struct err *e);
/* The same with the CPUs that are online, and rings of `page_cnt` pages, a power of two. */
int kbpf_rings_open_cpus(struct kbpf_perfbuf **out, struct ring_plan *plan, unsigned page_cnt,
			 struct err *e);

#endif
