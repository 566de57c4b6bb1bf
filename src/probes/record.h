/* SPDX-License-Identifier: MIT */
/*
 * record.h - the record that a capture program writes into the perf ring for each packet.
 *
 * The emitter writes it by offsetof(), record.c reads it. After the head come a struct
 * record_call (RECORD_CALLED), `stack_room` bytes for return addresses (0 or RECORD_STACK_LEN) and
 * the packet. All fields are in host byte order,
 * except vlan_proto, which is as on the wire.
 */
#ifndef BPFCAP_SRC_PROBES_RECORD_H
#define BPFCAP_SRC_PROBES_RECORD_H

#include "bpfcap/call.h"
#include "bpfcap/probe.h"

#define RECORD_IFNAME_LEN 16

enum {
	/* vlan_proto and vlan_tci must be inserted into the packet */
	RECORD_VLAN_BESIDE = 1 << 0,
	RECORD_HAS_REASON = 1 << 1,
	RECORD_CALLED = 1 << 2, /* a struct record_call follows the head */
};

/*
 * A program writes the parts of the head that its packets can have, and those before them: few for
 * most, so that more packets fit the ring.
 */
struct probe_record {
	/* RECORD_BASE: every packet */
	uint64_t time_ns; /* CLOCK_MONOTONIC; first, because the perf buffer sorts by it */
	uint64_t skb;
	uint32_t ifindex;
	uint32_t len;	  /* of the packet, with its VLAN tag */
	uint32_t cap_len; /* bytes of it after head and stack */
	uint16_t hook;
	uint16_t linktype;
	uint16_t flags;
	uint16_t vlan_proto;
	uint16_t vlan_tci;
	uint8_t pkt_type; /* PACKET_* of linux/if_packet.h */
	uint8_t head_len; /* RECORD_BASE, ... */
	/* RECORD_TASK: where programs know it; names are stored 8 bytes at a time */
	uint64_t pid_tgid;
	char comm[PROBE_COMM_LEN];
	/* RECORD_NAMES: tracing */
	char ifname[RECORD_IFNAME_LEN];
	uint32_t netns;
	uint16_t made; /* bytes at the packet's start that the program generated */
	uint16_t unused;
	/* RECORD_ALL: drops, stacks, --through */
	uint64_t location;
	uint32_t reason;
	uint32_t stack_len; /* bytes of addresses; may be -errno of the helper */
	uint16_t stack_room;
	/* which packet inside matched, from 1 on; where it begins; its link type */
	uint16_t inner_layer, inner_off, inner_linktype;
};

enum {
	RECORD_BASE = 40,
	RECORD_TASK = 64,
	RECORD_NAMES = 88,
	RECORD_ALL = 112,
};

/* What a function of the user's own wrote. */
struct record_call {
	uint64_t len;
	uint8_t out[PROBE_CALL_OUT_LEN];
};

#define RECORD_STACK_LEN (PROBE_STACK_DEPTH * 8)
/* A perf record's payload must not exceed this: a larger one corrupts the ring silently. */
#define RECORD_LEN_MAX 65512

_Static_assert(offsetof(struct probe_record, time_ns) == 0, "the perf buffer reads the time first");
_Static_assert(offsetof(struct probe_record, pid_tgid) == RECORD_BASE, "no padding");
_Static_assert(offsetof(struct probe_record, ifname) == RECORD_TASK, "no padding");
_Static_assert(offsetof(struct probe_record, location) == RECORD_NAMES, "no padding");
_Static_assert(sizeof(struct probe_record) == RECORD_ALL, "no padding: all of it is written");
_Static_assert(offsetof(struct probe_record, comm) % 8 == 0, "stores must be aligned");
_Static_assert(offsetof(struct probe_record, ifname) % 8 == 0, "stores must be aligned");
_Static_assert(sizeof(struct probe_record) + sizeof(struct record_call) + RECORD_STACK_LEN +
			       PROBE_SNAP_LEN_MAX <=
		       RECORD_LEN_MAX,
	       "a record with a stack and the longest packet fits");

#define RECORD_VLAN_LEN 4 /* bytes of a tag */

/* Memory besides the record that an event may point into. */
struct record_room {
	uint64_t stack[PROBE_STACK_DEPTH]; /* records in the ring are only aligned to 4 */
	uint8_t packet[PROBE_SNAP_LEN_MAX];
};

/*
 * Reads a record of `len` bytes into *ev: everything but wall clock and cpu. Keeps `snap_len` bytes
 * of the packet, at most PROBE_SNAP_LEN_MAX; if a VLAN tag must be inserted, builds the packet in
 * *room. Returns 0, or -EBADMSG for a record that no program of this library writes.
 */
int probe_record_parse(const void *data, size_t len, uint32_t snap_len, struct record_room *room,
		       struct probe_event *ev);

#endif
