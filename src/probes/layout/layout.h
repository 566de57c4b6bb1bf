/* SPDX-License-Identifier: MIT */
/*
 * layout.h - the offsets of the members of sk_buff and net_device in the running kernel.
 *
 * Private to src/probes. The layout, how to get one, and how programs copy kernel memory; parts.h
 * has the steps of finding it.
 */
#ifndef BPFCAP_SRC_PROBES_LAYOUT_LAYOUT_H
#define BPFCAP_SRC_PROBES_LAYOUT_LAYOUT_H

#include "bpfcap/probe.h"

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
#define LAYOUT_SHARED_LEN 384 /* the most bytes of skb_shared_info with that many fragments */

#define LAYOUT_NR_FRAGS_AT 2 /* in skb_shared_info, from 5.4 on */

/* skb_frag_t with pointers of 64 bits, from 5.4 on. */
struct layout_frag {
	uint64_t page;
	uint32_t len, off;
};

/* Fragments of sk_buffs: the bytes at (page << shift) + base + off. */
struct layout_pages {
	const char *missing; /* why the fragments are unknown, or NULL */
	uint64_t base;
	uint16_t frags_at; /* in skb_shared_info; 0: unknown, like the rest */
	uint8_t shift;
};

struct probe_layout {
	struct probe_field field[LAYOUT_FIELD_CNT];
	struct layout_pages pages;
	uint8_t ptr_len;	   /* bytes of a kernel pointer: 8, or 4 */
	uint8_t pkt_type_mask;	   /* of the byte at SKB_PKT_TYPE */
	uint8_t vlan_present_mask; /* of the byte at SKB_VLAN_PRESENT; 0: u32 at SKB_VLAN_PROTO is
				    * non-zero if there is a tag */
};

static inline int32_t layout_off(const struct probe_layout *l, enum layout_field f)
{
	return l->field[f].off;
}

/* ---- layout.c ------------------------------------------------------------------------------ */

/* Names all fields; none is found yet. */
void probe_layout_init(struct probe_layout *l);
/*
 * Fills in the members that no context field reveals, from their neighbours. -ENOTSUP names the
 * first rule that the offsets found break.
 */
int probe_layout_derive(struct probe_layout *l, struct err *e);

/* ---- find.c -------------------------------------------------------------------------------- */

/* Finds and checks the layout of the running kernel; the work of probe_layout_find(). */
int probe_layout_fill(struct probe_layout *l, struct err *e);

/* ---- version.c ----------------------------------------------------------------------------- */

/* The layout of a usual build of mainline `version`, for programs that are only shown. */
void probe_layout_by_version(struct probe_layout *l, uint32_t version);

/* ---- emit.c: how programs copy kernel memory into a map's value ----------------------------- */

void probe_layout_emit_value(struct ebpf_builder *b, int map_fd, ebpf_label out);
void probe_layout_emit_read(struct ebpf_builder *b, enum ebpf_helper probe_read, size_t dst,
			    int len);

#endif
