/* SPDX-License-Identifier: MIT */
/*
 * ring.h - the newest packets, in memory that is allocated once.
 *
 * A packet takes as many chunks of a fixed size as it needs, wherever they are, so that packets of
 * different lengths leave no gaps. The chunks of the oldest packet are used again first:
 * memory that was never needed is never touched.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_KEEP_RING_H
#define BPFCAP_TOOLS_BPFCAP_KEEP_RING_H

#include "../output/packet.h"

struct keep_ring;

/* How many packets, or how many bytes; the other one is 0. */
struct keep_size {
	uint64_t packets, bytes;
};

/*
 * For packets of up to `snap_len` bytes. -EINVAL (input) if a single one would not fit, -ENOMEM if
 * the memory cannot be reserved.
 */
int keep_ring_new(struct keep_ring **out, const struct keep_size *size, uint32_t snap_len,
		  struct err *e);
void keep_ring_free(struct keep_ring *r);
/* The most that the ring can take of memory. */
size_t keep_ring_bytes(const struct keep_ring *r);

/* How many packets were put into the ring, and how many left it, oldest first. */
uint64_t keep_ring_put_cnt(const struct keep_ring *r);
uint64_t keep_ring_out_cnt(const struct keep_ring *r);

/* Whether the oldest packet must leave before this one fits. */
bool keep_ring_is_full(const struct keep_ring *r, const struct packet *pk);
/* Removes the oldest packet; the ring is not empty. */
void keep_ring_drop(struct keep_ring *r);
/* Adds a packet that fits: see keep_ring_is_full(). */
void keep_ring_put(struct keep_ring *r, const struct packet *pk);
/*
 * Removes the oldest packet and gives it, without session and names of hooks; it is valid until the
 * next call. False: the ring is empty.
 */
bool keep_ring_take(struct keep_ring *r, struct packet *pk);

#endif
