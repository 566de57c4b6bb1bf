/* SPDX-License-Identifier: MIT */
/*
 * through.h - packets inside packets: a filter sees what tags and tunnels carry.
 *
 * A walker follows the headers of a packet and finds the places where another packet begins. The
 * filter, compiled for Ethernet and for IP, runs at each place until it matches.
 *
 *	struct cbpf2ebpf_through through;
 *	struct cbpf2ebpf_inner inner = {&through, eth, raw};	two filters of one expression
 *
 *	rc = cbpf2ebpf_through_parse("vlan,vxlan:8472", &through, &e);
 *	if (rc == 0)
 *		rc = cbpf2ebpf_emit_inner(&inner, builder, &frame, &e);
 *
 * docs/through.md says what is followed, and how far.
 */
#ifndef BPFCAP_THROUGH_H
#define BPFCAP_THROUGH_H

#include "bpfcap/cbpf2ebpf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CBPF2EBPF_LAYER_MAX 4	/* packets inside the outer one, one in the other */
#define CBPF2EBPF_INNER_MAX 510 /* they begin at most this many bytes from its start */
/* Bytes of stack that the walker uses of the frame, beside what the filter needs. */
#define CBPF2EBPF_INNER_STACK 48
/* Bytes of a BUFFER before what the filter, or the walker itself, reads of an inner packet. */
#define CBPF2EBPF_INNER_BUFFER (CBPF2EBPF_INNER_MAX + 16)
#define CBPF2EBPF_INNER_READ   40 /* that the walker reads */

/* What carries packets. The first four stand in an Ethernet frame or in IP, the others in UDP. */
enum cbpf2ebpf_carrier {
	CBPF2EBPF_VLAN,
	CBPF2EBPF_MPLS,
	CBPF2EBPF_PPPOE,
	CBPF2EBPF_GRE,
	CBPF2EBPF_IPIP,
	CBPF2EBPF_VXLAN,
	CBPF2EBPF_VXLAN_GPE,
	CBPF2EBPF_GENEVE,
	CBPF2EBPF_GTPU,
	CBPF2EBPF_CARRIER_CNT,
};

#define CBPF2EBPF_PORT_MAX 16

struct cbpf2ebpf_through {
	uint16_t carriers; /* bit n: enum cbpf2ebpf_carrier n is followed */
	struct {
		uint16_t port; /* destination port of UDP */
		uint8_t carrier;
	} ports[CBPF2EBPF_PORT_MAX];
	unsigned port_cnt;
};

/*
 * Reads a list such as "vlan,mpls,gre", "vxlan:8472" (VXLAN at this port instead of 4789), "all" or
 * "all,vxlan:8472". -EINVAL (input) for an unknown word, a port that is none, or too many ports.
 */
int cbpf2ebpf_through_parse(const char *list, struct cbpf2ebpf_through *t, struct err *e);

/* What to look for inside: the filters of one expression for Ethernet and for raw IP. */
struct cbpf2ebpf_inner {
	const struct cbpf2ebpf_through *through;
	struct cbpf2ebpf_filter *eth;
	struct cbpf2ebpf_filter *raw; /* NULL: no packet without a link header matches */
};

/*
 * Emits the walker with the filter inside. The frame is that of the outer packet, with ctx R6, data
 * R7, data_end R8 (BUFFER: len R6, data R7, cap_len R8; PROBE: len R9), all of them as they would
 * be for the outer packet's filter; `base` and `miss` must not be set. R9 belongs to the block, and
 * where the packet is the context, R7 and R8 do, too. `stack_len` must have CBPF2EBPF_INNER_STACK
 * more than a filter needs, and a BUFFER's `buffer_len` must be CBPF2EBPF_INNER_BUFFER plus what a
 * filter or the walker (CBPF2EBPF_INNER_READ) looks at.
 *
 * In:  R1 = link type of the outer packet (CBPF_LINKTYPE_ETHERNET, else raw IP), the frame.
 * Out: R0 = the filter's value, 0: no inner packet matches. If it is not 0: R1 = layer, 1 to 4, R2
 *      = where the inner packet begins, R3 = its link type (ETHERNET or RAW). Packets with a VLAN
 *      tag begin behind the tag, less 14 bytes: a frame without it.
 * Clobbers R0..R5, R9, the registers of data, data_end, cap_len and len, and the stack.
 */
int cbpf2ebpf_emit_inner(const struct cbpf2ebpf_inner *inner, struct ebpf_builder *b,
			 const struct cbpf2ebpf_frame *frame, struct err *e);

/*
 * A whole program for Ethernet frames, as cbpf2ebpf_program() makes it, that returns the value of
 * the filter for the packet (unless `inner_only`), or else for the first inner one that matches.
 */
int cbpf2ebpf_inner_program(const struct cbpf2ebpf_inner *inner,
			    const struct cbpf2ebpf_program_spec *spec, bool inner_only,
			    struct ebpf_prog *out, struct err *e);

/* ---- Without a kernel --------------------------------------------------------------------- */

/* Where an inner packet was found. */
struct cbpf2ebpf_place {
	uint16_t layer;	   /* from 1 on; 0: the outer packet */
	uint16_t off;	   /* of its first byte */
	uint16_t linktype; /* ETHERNET or RAW */
};

struct cbpf2ebpf_walk;

/* The same code for the interpreter: filters packets of files. Errors are those of emit. */
int cbpf2ebpf_walk_new(struct cbpf2ebpf_walk **out, const struct cbpf2ebpf_inner *inner,
		       struct err *e);
void cbpf2ebpf_walk_free(struct cbpf2ebpf_walk *w); /* NULL is fine */
/*
 * Returns the value of the filter at the first inner packet that matches, and its place; 0: none.
 * `linktype` is that of the outer packet: Ethernet, or one that begins with IP. -ENOTSUP is
 * returned for others, -errno of the interpreter for a mistake of this library's.
 */
int64_t cbpf2ebpf_walk_run(struct cbpf2ebpf_walk *w, int linktype, const uint8_t *packet,
			   uint32_t cap_len, uint32_t len, struct cbpf2ebpf_place *place);

#ifdef __cplusplus
}
#endif
#endif
