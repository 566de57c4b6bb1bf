/* SPDX-License-Identifier: MIT */
/*
 * perfring.c - reads one perf ring or BPF ring buffer in place; see perfring.h.
 *
 * Records are aligned to 8 bytes in a ring whose length is a power of two and at least a page, so a
 * header never wraps; the bytes after it may.
 */
#include "perfring.h"

#include <string.h>

#include <linux/perf_event.h>

#include "uapi.h"

#define LAZY_PARTS 8 /* progress is reported to the kernel after this part of the ring */

/* PERF_RECORD_SAMPLE with PERF_SAMPLE_RAW: header, u32 length, bytes */
#define RAW_OFF (sizeof(struct perf_event_header) + sizeof(uint32_t))

struct lost_record {
	struct perf_event_header header;
	uint64_t id;
	uint64_t lost;
};

void kbpf_ring_init(struct perfring *r, void *meta, const void *data, uint64_t len)
{
	*r = (struct perfring){.meta = meta, .data = data, .len = len};
}

void kbpf_ring_init_bpf(struct perfring *r, unsigned long *passed, const unsigned long *written,
			const void *data, uint64_t len)
{
	*r = (struct perfring){
		.written = written,
		.passed = passed,
		.data = data,
		.len = len,
		.pos = *passed, /* another reader may have been here before */
		.head = *passed,
		.seen = *passed,
		.given = *passed,
	};
}

bool kbpf_ring_touch(struct perfring *r, uint64_t page_len, unsigned page_cnt)
{
	for (; page_cnt > 0 && r->touched < r->len; page_cnt--, r->touched += page_len)
		(void)*(const volatile uint8_t *)(r->data + r->touched);
	return r->touched < r->len;
}

/* The kernel's position has the width of its words; ours goes on where that one begins again. */
static uint64_t written_bpf(const struct perfring *r)
{
	return r->pos + (__atomic_load_n(r->written, __ATOMIC_ACQUIRE) - (unsigned long)r->pos);
}

void kbpf_ring_look(struct perfring *r)
{
	/* Pairs with the kernel's barrier between writing records and publishing data_head. */
	uint64_t head =
		r->meta ? __atomic_load_n(&r->meta->data_head, __ATOMIC_ACQUIRE) : written_bpf(r);

	r->seen = r->head;
	r->head = head;
	if (head - r->pos > r->len) { /* never by the kernel's own rules */
		r->pos = head;
		r->lost++;
	}
}

/* Inline, so that the lengths, which mostly do not wrap, are constants for the compiler. */
static inline void copy(const struct perfring *r, uint64_t pos, void *to, size_t len)
{
	size_t at = (size_t)(pos & (r->len - 1)), first = (size_t)(r->len - at);

	if (len <= first) {
		memcpy(to, r->data + at, len);
		return;
	}
	memcpy(to, r->data + at, first);
	memcpy((uint8_t *)to + first, r->data, len - first);
}

/* Whether the record at pos is a whole sample; if so its fields are filled. */
static bool sample(struct perfring *r, uint32_t rec_len)
{
	if (rec_len < RAW_OFF)
		return false;
	copy(r, r->pos + sizeof(struct perf_event_header), &r->raw_len, sizeof(r->raw_len));
	if (r->raw_len > rec_len - RAW_OFF)
		return false;
	r->time_ns = 0;
	if (r->raw_len >= sizeof(r->time_ns))
		copy(r, r->pos + RAW_OFF, &r->time_ns, sizeof(r->time_ns));
	return true;
}

static void count_lost(struct perfring *r, uint32_t rec_len)
{
	struct lost_record rec;

	if (rec_len < sizeof(rec)) {
		r->lost++;
		return;
	}
	copy(r, r->pos, &rec, sizeof(rec));
	r->lost += rec.lost;
}

/* The size in a header is impossible: the start of the next record is unknown. */
static void skip_all(struct perfring *r)
{
	r->pos = r->head;
	r->lost++;
}

static bool is_due(const struct perfring *r, uint64_t not_after_ns)
{
	return r->time_ns <= not_after_ns || (int64_t)(r->seen - r->pos) > 0;
}

/* A record that is still being written ends the reading: those after it have to wait. */
static bool next_bpf(struct perfring *r, uint64_t not_after_ns)
{
	while (kbpf_ring_left(r)) {
		const uint8_t *at = r->data + (r->pos & (r->len - 1));
		uint32_t head =
			__atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE);

		if (head & UAPI_RINGBUF_BUSY) {
			r->head = r->pos;
			break;
		}
		r->raw_len = head & ~UAPI_RINGBUF_DISCARD;
		r->step = (r->raw_len + UAPI_RINGBUF_HEAD_LEN + 7) / 8 * 8;
		if (r->step > r->head - r->pos) {
			skip_all(r);
			break;
		}
		r->time_ns = 0;
		if (r->raw_len >= sizeof(r->time_ns))
			memcpy(&r->time_ns, at + UAPI_RINGBUF_HEAD_LEN, sizeof(r->time_ns));
		if (!(head & UAPI_RINGBUF_DISCARD))
			return is_due(r, not_after_ns);
		r->pos += r->step;
	}
	return false;
}

bool kbpf_ring_next(struct perfring *r, uint64_t not_after_ns)
{
	struct perf_event_header h;

	if (!r->meta)
		return next_bpf(r, not_after_ns);
	while (kbpf_ring_left(r)) {
		uint64_t left = r->head - r->pos;

		if (left < sizeof(h)) {
			skip_all(r);
			break;
		}
		copy(r, r->pos, &h, sizeof(h));
		if (h.size < sizeof(h) || h.size > left || h.size % 8) {
			skip_all(r);
			break;
		}
		r->step = h.size;
		if (h.type == PERF_RECORD_SAMPLE) {
			if (sample(r, h.size))
				return is_due(r, not_after_ns);
			r->lost++;
		} else if (h.type == PERF_RECORD_LOST) {
			count_lost(r, h.size);
		}
		r->pos += h.size;
	}
	return false;
}

const void *kbpf_ring_data(const struct perfring *r, void *bounce)
{
	uint64_t at = (r->pos + RAW_OFF) & (r->len - 1);

	if (!r->meta)
		return r->data + (r->pos & (r->len - 1)) + UAPI_RINGBUF_HEAD_LEN;
	if (r->raw_len <= r->len - at)
		return r->data + at;
	copy(r, r->pos + RAW_OFF, bounce, r->raw_len);
	return bounce;
}

void kbpf_ring_pass(struct perfring *r)
{
	r->pos += r->step;
}

void kbpf_ring_release(struct perfring *r, bool lazy)
{
	if (lazy && r->pos - r->given < r->len / LAZY_PARTS)
		return;
	/* All reads of the records happen before the kernel may overwrite them. */
	if (r->meta)
		__atomic_store_n(&r->meta->data_tail, r->pos, __ATOMIC_RELEASE);
	else /* and before poll(2) looks whether there are more: else one might not wake us */
		__atomic_store_n(r->passed, (unsigned long)r->pos, __ATOMIC_SEQ_CST);
	r->given = r->pos;
}
