/* SPDX-License-Identifier: MIT */
/*
 * perfring.h - reads one perf ring or BPF ring buffer; uses only memory, so that it can be tested
 * without a kernel. Private to the loader.
 *
 * A ring is written by the kernel and read here. All sizes in it are checked: a record that does
 * not fit is skipped and counted as lost, and the reader always advances.
 */
#ifndef BPFCAP_SRC_LOADER_PERFRING_H
#define BPFCAP_SRC_LOADER_PERFRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_event_mmap_page;

struct perfring {
	struct perf_event_mmap_page *meta; /* NULL: a BPF ring buffer, with these positions: */
	const unsigned long *written;
	unsigned long *passed;
	const uint8_t *data; /* of a BPF ring buffer: mapped twice, so that no record wraps */
	uint64_t len;	     /* bytes at `data`, a power of two */
	uint64_t pos;	     /* the next record; positions only grow */
	uint64_t head;	     /* end of the records that the last look saw */
	uint64_t seen;	     /* end of those that the look before saw */
	uint64_t given;	     /* the position last reported to the kernel */
	uint64_t touched;    /* bytes from the start whose pages have been accessed */
	uint64_t lost;	     /* records */

	/* The record at `pos`, after perfring_next(). */
	uint64_t time_ns; /* its first 8 bytes, 0 when it is shorter */
	uint32_t raw_len;
	uint32_t step; /* bytes to the following record */
};

void kbpf_ring_init(struct perfring *r, void *meta, const void *data, uint64_t len);
/* A BPF ring buffer, from the pages with the position of the reader and that of the kernel. */
void kbpf_ring_init_bpf(struct perfring *r, unsigned long *passed, const unsigned long *written,
			const void *data, uint64_t len);

/* Looks at the records written so far. */
void kbpf_ring_look(struct perfring *r);

/* Are there bytes that the last look saw and that are still unread? */
static inline bool kbpf_ring_left(const struct perfring *r)
{
	return r->pos != r->head;
}

/* Accesses the next pages for the first time; false once all have been accessed. */
bool kbpf_ring_touch(struct perfring *r, uint64_t page_len, unsigned page_cnt);

/*
 * Finds the next sample, counting lost ones on the way. Fills time_ns and raw_len; false when the
 * look saw no more. A record younger than `not_after_ns` is not given at the first look that
 * sees it.
 */
bool kbpf_ring_next(struct perfring *r, uint64_t not_after_ns);

/* The sample's bytes: in the ring, or copied to `bounce` (of 64 KiB) where a perf ring wraps. */
const void *kbpf_ring_data(const struct perfring *r, void *bounce);

/* Moves past the sample. The kernel may overwrite it after the next kbpf_ring_release(). */
void kbpf_ring_pass(struct perfring *r);

/*
 * Reports to the kernel what has been read: always, or (`lazy`) once it is a large part of the
 * ring.
 */
void kbpf_ring_release(struct perfring *r, bool lazy);

#endif
