/* SPDX-License-Identifier: MIT */
/*
 * kring.h - memory that the kernel fills and this process reads: BPF ring buffers, packet sockets.
 *
 * kbpf.h has the perf buffer, by whose functions BPF ring buffers are read, too.
 */
#ifndef BPFCAP_KRING_H
#define BPFCAP_KRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- BPF ring buffers (Linux 5.8) --------------------------------------------------------- */

struct kbpf_perfbuf; /* kbpf.h */

enum { KBPF_RINGBUF_CNT_MAX = 64 };

/*
 * Opens a reader of `cnt` maps of type BPF_MAP_TYPE_RINGBUF, to which programs write by
 * bpf_ringbuf_output() or bpf_ringbuf_submit(). The descriptors stay the caller's. Read the records
 * with kbpf_perfbuf_poll(), which gives the index of the map as `cpu`, and close the reader with
 * kbpf_perfbuf_close(). Records of one map come in the order in which they were reserved, and may
 * hold anything; those of several maps are ordered by their first 8 bytes, as in a perf buffer.
 * A program knows that a ring is full (bpf_ringbuf_output() returns -EAGAIN), and counts what it
 * loses; kbpf_perfbuf_lost() counts only records whose length is impossible. -EINVAL: not such a
 * map. -ENOTSUP: a 32-bit program on a 64-bit kernel.
 */
int kbpf_ringbuf_open(struct kbpf_perfbuf **out, const int *map_fds, int cnt, struct err *e);

/*
 * For programs that write to a ring buffer of their CPU: an array of maps in which they look it up
 * by the CPU's number, which is below `cpu_cnt`. Returns the descriptor or -errno.
 */
int kbpf_ringbuf_cpu_map(unsigned cpu_cnt, unsigned page_cnt, const char *name, struct err *e);
/* As kbpf_perfbuf_open(), with a map of kbpf_ringbuf_cpu_map() for rings of the same size. */
int kbpf_ringbuf_open_cpus(struct kbpf_perfbuf **out, int map_fd, unsigned page_cnt, struct err *e);

/* ---- Packet sockets ----------------------------------------------------------------------- */

struct kbpf_packets;

/*
 * Opens a packet socket for all packets of this network namespace. It is not bound yet, so it gets
 * none. `ring_len`: bytes of packets that it holds, rounded to whole blocks; 0: no ring, for a
 * socket whose filter delivers the packets. Fails with -EPERM without CAP_NET_RAW, -ENOTSUP without
 * CONFIG_PACKET.
 */
int kbpf_packets_open(struct kbpf_packets **out, size_t ring_len, struct err *e);
void kbpf_packets_close(struct kbpf_packets *s); /* NULL is allowed */

/* A filter is attached before the socket is bound, and may be replaced at any time. The classic
 * program is an array of struct sock_filter. -ENOSPC: it is longer than the kernel permits. */
int kbpf_packets_filter(struct kbpf_packets *s, const void *classic, size_t cnt, struct err *e);
int kbpf_packets_program(struct kbpf_packets *s, int prog_fd, struct err *e);
/* Gets packets of one interface, or of all (0), from now on. */
int kbpf_packets_bind(struct kbpf_packets *s, int ifindex, struct err *e);
/* Makes an interface promiscuous until the socket is closed. 0 or -errno. */
int kbpf_packets_promiscuous(struct kbpf_packets *s, int ifindex);

struct kbpf_packet {
	uint64_t s; /* CLOCK_REALTIME, */
	uint32_t ns;
	uint32_t len, cap_len; /* with the VLAN tag, which is put back */
	const uint8_t *data;
	uint32_t ifindex;
	uint16_t arp_type; /* ARPHRD_* of the interface */
	uint8_t pkt_type;  /* PACKET_* of linux/if_packet.h */
};

typedef int (*kbpf_packet_fn)(void *user, const struct kbpf_packet *p);

/*
 * Waits up to timeout_ms (-1: without limit) for packets, or for `wake_fd` (-1: none) to become
 * readable, then passes on those of the blocks that the kernel has filled. Packets are noticed
 * some 10 ms late. Returns their number, the callback's non-zero result, or -errno. A signal ends
 * the wait early. After kbpf_packets_stop(), passes on what is left, and returns 0 once all is.
 */
int kbpf_packets_poll(struct kbpf_packets *s, int timeout_ms, int wake_fd, kbpf_packet_fn fn,
		      void *user);
/* No packet comes after this call and a grace period. Idempotent. */
void kbpf_packets_stop(struct kbpf_packets *s);
/* The packets that the filter accepted, and those of them for which the ring had no space. */
void kbpf_packets_counts(struct kbpf_packets *s, uint64_t *accepted, uint64_t *lost);

#ifdef __cplusplus
}
#endif
#endif
