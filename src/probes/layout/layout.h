/* SPDX-License-Identifier: MIT */
/*
 * layout.h - where the members of sk_buff and net_device lie in the running kernel.
 *
 * Private to src/probes. find.c fills it by asking the verifier, check.c proves it
 * against a packet whose fields are known, pages.c finds the pages of packets,
 * version.c has a table for kernels that are not at hand.
 */
#ifndef BPFCAP_SRC_PROBES_LAYOUT_LAYOUT_H
#define BPFCAP_SRC_PROBES_LAYOUT_LAYOUT_H

#include "bpfcap/probe.h"

struct ebpf_insn;
struct ebpf_prog;

/* X(id, object, member); each object's members together, an sk_buff's in its order. */
/* clang-format off */
#define LAYOUT_FIELDS(X)						\
	X(SKB_DEV, "sk_buff", "dev")					\
	X(SKB_SK, "sk_buff", "sk")					\
	X(SKB_LEN, "sk_buff", "len")					\
	X(SKB_DATA_LEN, "sk_buff", "data_len")				\
	X(SKB_MAC_LEN, "sk_buff", "mac_len")				\
	X(SKB_HDR_LEN, "sk_buff", "hdr_len")				\
	X(SKB_QUEUE_MAPPING, "sk_buff", "queue_mapping")		\
	X(SKB_PKT_TYPE, "sk_buff", "pkt_type")				\
	X(SKB_PRIORITY, "sk_buff", "priority")				\
	X(SKB_IIF, "sk_buff", "skb_iif")				\
	X(SKB_HASH, "sk_buff", "hash")					\
	X(SKB_VLAN_PROTO, "sk_buff", "vlan_proto")			\
	X(SKB_VLAN_TCI, "sk_buff", "vlan_tci")				\
	X(SKB_VLAN_PRESENT, "sk_buff", "vlan_present")			\
	X(SKB_MARK, "sk_buff", "mark")					\
	X(SKB_PROTOCOL, "sk_buff", "protocol")				\
	X(SKB_TRANSPORT_HEADER, "sk_buff", "transport_header")		\
	X(SKB_NETWORK_HEADER, "sk_buff", "network_header")		\
	X(SKB_MAC_HEADER, "sk_buff", "mac_header")			\
	X(SKB_TAIL, "sk_buff", "tail")					\
	X(SKB_END, "sk_buff", "end")					\
	X(SKB_HEAD, "sk_buff", "head")					\
	X(SKB_DATA, "sk_buff", "data")					\
	X(SKB_TRUESIZE, "sk_buff", "truesize")				\
	X(SKB_USERS, "sk_buff", "users")				\
	X(DEV_IFINDEX, "net_device", "ifindex")				\
	X(DEV_NAME, "net_device", "name")				\
	X(DEV_NET, "net_device", "nd_net")				\
	X(DEV_TYPE, "net_device", "type")				\
	X(NET_INUM, "net", "ns.inum")					\
	X(SOCK_FAMILY, "sock_common", "skc_family")			\
	X(SOCK_STATE, "sock_common", "skc_state")			\
	X(SOCK_SADDR, "sock_common", "skc_rcv_saddr")			\
	X(SOCK_DADDR, "sock_common", "skc_daddr")			\
	X(SOCK_SADDR6, "sock_common", "skc_v6_rcv_saddr")		\
	X(SOCK_DADDR6, "sock_common", "skc_v6_daddr")			\
	X(SOCK_PROTOCOL, "sock", "sk_protocol")

enum layout_field {
#define LAYOUT_ENUM(id, object, member) LAYOUT_##id,
	LAYOUT_FIELDS(LAYOUT_ENUM)
#undef LAYOUT_ENUM
	LAYOUT_FIELD_CNT,
};
/* clang-format on */

#define LAYOUT_FRAGS_MAX  17  /* of skb_shared_info.frags[], in usual builds */
#define LAYOUT_SHARED_LEN 384 /* skb_shared_info with so many, with room */

#define LAYOUT_NR_FRAGS_AT 2 /* in skb_shared_info, from 5.4 on */

/* skb_frag_t with pointers of 64 bits, from 5.4 on. */
struct layout_frag {
	uint64_t page;
	uint32_t len, off;
};

/* Fragments of sk_buffs: the bytes at (page << shift) + base + off. */
struct layout_pages {
	const char *missing; /* why nothing is known, or NULL */
	uint64_t base;
	uint16_t frags_at; /* in skb_shared_info; 0: not known, and so is the rest */
	uint8_t shift;
};

struct probe_layout {
	struct probe_field field[LAYOUT_FIELD_CNT];
	struct layout_pages pages;
	uint8_t ptr_len;	   /* bytes of a kernel pointer: 8, or 4 */
	uint8_t pkt_type_mask;	   /* of the byte at SKB_PKT_TYPE */
	uint8_t vlan_present_mask; /* of the byte at SKB_VLAN_PRESENT; 0: u32 at SKB_VLAN_PROTO is
				    * non-zero when a tag is there */
};

static inline int32_t layout_off(const struct probe_layout *l, enum layout_field f)
{
	return l->field[f].off;
}

/* All fields named and not found. */
void probe_layout_init(struct probe_layout *l);

/* ---- xlat.c: what the verifier's rewriting gives away ------------------------------- */

/* One memory load between two markers. */
struct layout_load {
	bool from_ctx; /* the base register is the context itself */
	uint8_t len;   /* bytes: 1, 2, 4, 8 */
	int16_t off;   /* from the base register */
	uint64_t mask; /* constant and'ed to the loaded value; 0: none */
};

#define LAYOUT_LOADS_MAX 4

struct layout_loads {
	struct layout_load load[LAYOUT_LOADS_MAX];
	unsigned cnt;
};

#define LAYOUT_CTX_REG	  6 /* the probing programs keep the context here */
#define LAYOUT_MARKER_REG 8 /* and "r8 = r10" before each access */

/*
 * Cuts a rewritten program at its markers and lists the loads after each: segment i is what came
 * of the i-th access. Returns the number of markers met, or -E2BIG when they exceed `seg_cnt`.
 */
int probe_layout_xlat(const struct ebpf_insn *insns, size_t cnt, struct layout_loads *seg,
		      unsigned seg_cnt);

/* ---- find.c, sock.c, check.c, version.c ------------------------ */

/*
 * Loads a program with `cnt` markers and gives the loads behind each. Frees *p. -EPERM when the
 * kernel hides what it made of the program, -ENOTSUP when it lost a marker.
 */
int probe_layout_reveal(struct ebpf_prog *p, uint32_t type, struct layout_loads *seg, unsigned cnt,
			struct err *e);

/* Finds SOCK_*: what the kernel does not tell stays -1. */
void probe_layout_find_sock(struct probe_layout *l, const struct ebpf_target *t);

/* Derives what is not revealed; -ENOTSUP names the first rule that the found offsets break. */
int probe_layout_derive(struct probe_layout *l, struct err *e);

/* The packet of the test run. Its length is odd, so that nobody else's is taken for it. */
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
 * Runs the packet through the kernel's own test run and copies it by this layout. Where *t lets a
 * sched_cls program call probe_read_kernel, that does the reading; else a raw tracepoint program.
 */
int probe_layout_peek(const struct probe_layout *l, const struct ebpf_target *t,
		      struct layout_peek *peek, struct err *e);
void probe_layout_packet(uint8_t packet[PEEK_PACKET_LEN]);

/* emit.c: how programs copy the kernel's memory, for the layout and for its code. */
void probe_layout_emit_value(struct ebpf_builder *b, int map_fd, ebpf_label out);
void probe_layout_emit_read(struct ebpf_builder *b, enum ebpf_helper read, size_t dst, int len);

/* Compares what was copied with what is known; -ENOTSUP names the first member that differs. */
int probe_layout_check(const struct probe_layout *l, const struct layout_peek *peek, struct err *e);

/* Finds DEV_NAME, DEV_TYPE, DEV_NET and NET_INUM in what was copied; what is not there just once
 * stays -1. */
void probe_layout_find_net(struct probe_layout *l, const struct layout_peek *peek);

/* Finds `pages`; what cannot be found, or is not proved by bytes that are known, stays unknown. */
void probe_layout_find_pages(struct probe_layout *l, const struct ebpf_target *t);

/* The layout that a usual build of mainline `version` has. For programs that are only shown. */
void probe_layout_by_version(struct probe_layout *l, uint32_t version);

/* Finds and checks the layout; the work of probe_layout_find(). */
int probe_layout_fill(struct probe_layout *l, struct err *e);

#endif
