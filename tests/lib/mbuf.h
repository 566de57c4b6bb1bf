/* SPDX-License-Identifier: MIT */
/*
 * mbuf.h - rte_mbufs as DPDK makes them, from the offsets that it documents, for programs without
 * DPDK. Gives NULL if memory is short.
 */
#ifndef BPFCAP_TESTS_LIB_MBUF_H
#define BPFCAP_TESTS_LIB_MBUF_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MBUF_HEAD_LEN = 128, MBUF_TEST_PORT = 3 };

/* Little-endian machines only, as DPDK's ABI has it. */
static inline void mbuf_put(uint8_t *mbuf, unsigned at, uint64_t value, unsigned len)
{
	memcpy(mbuf + at, &value, len);
}

/* A packet of one segment, with `len` bytes of data at the end of a buffer of `room`. */
static inline uint8_t *mbuf_new(const uint8_t *data, unsigned len, unsigned room)
{
	uint8_t *mbuf = aligned_alloc(64, (MBUF_HEAD_LEN + room + 63) / 64 * 64);

	if (!mbuf)
		return NULL;
	memset(mbuf, 0, MBUF_HEAD_LEN);
	memcpy(mbuf + MBUF_HEAD_LEN + room - len, data, len);
	mbuf_put(mbuf, 0, (uintptr_t)(mbuf + MBUF_HEAD_LEN), 8);
	mbuf_put(mbuf, 16, room - len, 2);     /* data_off */
	mbuf_put(mbuf, 18, 1, 2);	       /* refcnt */
	mbuf_put(mbuf, 20, 1, 2);	       /* nb_segs */
	mbuf_put(mbuf, 22, MBUF_TEST_PORT, 2); /* port */
	mbuf_put(mbuf, 36, len, 4);	       /* pkt_len */
	mbuf_put(mbuf, 40, len, 2);	       /* data_len */
	mbuf_put(mbuf, 54, room, 2);	       /* buf_len */
	return mbuf;
}

#endif
