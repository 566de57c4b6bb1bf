/* SPDX-License-Identifier: MIT */
/* parts.h - the steps of finding a layout, by file. Private to layout/. */
#ifndef BPFCAP_SRC_PROBES_LAYOUT_PARTS_H
#define BPFCAP_SRC_PROBES_LAYOUT_PARTS_H

#include "layout.h"

/* ---- xlat.c: what the verifier's rewriting reveals ------------------------------------------ */

/* One memory load between two markers. */
struct layout_load {
	bool from_ctx; /* the base register is the context itself */
	uint8_t len;   /* bytes: 1, 2, 4, 8 */
	int16_t off;   /* from the base register */
	uint64_t mask; /* constant that masks the loaded value; 0: none */
};

#define LAYOUT_LOADS_MAX 4

struct layout_loads {
	struct layout_load load[LAYOUT_LOADS_MAX];
	unsigned cnt;
};

#define LAYOUT_CTX_REG	  6 /* the probing programs keep the context here */
#define LAYOUT_MARKER_REG 8 /* and "r8 = r10" before each access */

/*
 * Splits a rewritten program at its markers and lists the loads after each: segment i is what the
 * i-th access became. Returns the number of markers, or -E2BIG if there are more than `seg_cnt`.
 */
int probe_layout_xlat(const struct ebpf_insn *insns, size_t cnt, struct layout_loads *seg,
		      unsigned seg_cnt);

/* ---- reveal.c ------------------------------------------------------------------------------- */

/*
 * Loads a program with `cnt` markers and gives the loads after each. Frees *p. -EPERM if the kernel
 * hides the rewritten program, -ENOTSUP if a marker is lost.
 */
int probe_layout_reveal(struct ebpf_prog *p, uint32_t type, struct layout_loads *seg, unsigned cnt,
			struct err *e);

/* ---- sock.c --------------------------------------------------------------------------------- */

/* Finds SOCK_*: what the kernel does not reveal stays -1. */
void probe_layout_find_sock(struct probe_layout *l, const struct ebpf_target *t);

/* ---- peek.c: an sk_buff of known contents --------------------------------------------------- */

/* The packet of the test run. Its length is odd, so that no other packet is mistaken for it. */
enum {
	PEEK_PACKET_LEN = 467,
	PEEK_PRIORITY = 0x5b9cafe,
	PEEK_IFINDEX = 1, /* test runs happen on the loopback device */
};

/* What was copied from the kernel while that packet was an sk_buff. */
struct layout_peek {
	uint8_t skb[256];
	uint8_t data[64]; /* at skb->data */
	uint64_t net;	  /* sock_net(skb->sk) */
	uint32_t ifindex; /* skb->dev->ifindex */
	uint32_t done;
	uint8_t net_bytes[512];
	uint8_t dev_bytes[4096];
};

/*
 * Passes the packet through BPF_PROG_TEST_RUN and copies its sk_buff by this layout. A sched_cls
 * program reads it if *t allows it to call probe_read_kernel; else a raw tracepoint program does.
 */
int probe_layout_peek(const struct probe_layout *l, const struct ebpf_target *t,
		      struct layout_peek *peek, struct err *e);
void probe_layout_packet(uint8_t packet[PEEK_PACKET_LEN]);

/* ---- check.c -------------------------------------------------------------------------------- */

/* Compares the copy with what is known; -ENOTSUP names the first member that differs. */
int probe_layout_check(const struct probe_layout *l, const struct layout_peek *peek, struct err *e);

/* ---- net.c ---------------------------------------------------------------------------------- */

/* Finds DEV_NAME, DEV_TYPE, DEV_NET and NET_INUM in the copy. What does not occur exactly once
 * stays -1. */
void probe_layout_find_net(struct probe_layout *l, const struct layout_peek *peek);

/* ---- pages.c -------------------------------------------------------------------------------- */

/* Finds l->pages. What is not found, or not confirmed by known bytes, stays unknown. */
void probe_layout_find_pages(struct probe_layout *l, const struct ebpf_target *t);

#endif
