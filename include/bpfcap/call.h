/* SPDX-License-Identifier: MIT */
/*
 * call.h - what a function of the user's own (struct probe_config, `call`) gets for a packet.
 *
 * The function is called for each packet that the filter accepts. R1 points to this structure,
 * which is writable; R0 is the verdict: 0 drops the packet, any other value keeps it. In C:
 *
 *	int only_fin(struct probe_call *c)
 *	{
 *		return c->packet[47] & 1;
 *	}
 */
#ifndef BPFCAP_CALL_H
#define BPFCAP_CALL_H

#include <stddef.h>
#include <stdint.h>

#define PROBE_CALL_ARG_CNT    6
#define PROBE_CALL_OUT_LEN    64
#define PROBE_CALL_PACKET_LEN 256

/* The offsets are fixed, for assembly. Whatever is unknown is 0. */
struct probe_call {
	uint32_t hook;	     /*   0: in the order of -f, from 0 */
	uint32_t len;	     /*   4: real length of the packet */
	uint32_t packet_len; /*   8: bytes of it in `packet` */
	uint16_t linktype;   /*  12: enum cbpf_linktype */
	uint16_t unused;     /*  14 */
	uint32_t ifindex;    /*  16 */
	uint32_t out_len;    /*  20: bytes of `out` to keep, set by the function; 0 at first */
	uint64_t skb;	     /*  24: kernel address of the sk_buff */
	/*  32: arguments of the function, or of the raw tracepoint as far as bpfcap knows them */
	uint64_t args[PROBE_CALL_ARG_CNT];
	uint8_t out[PROBE_CALL_OUT_LEN];       /*  80: written by the function; zeros at first */
	uint8_t packet[PROBE_CALL_PACKET_LEN]; /* 144: as captured; zeros after its end */
};

#ifdef __cplusplus
#define PROBE_CALL_ASSERT static_assert
#else
#define PROBE_CALL_ASSERT _Static_assert
#endif
PROBE_CALL_ASSERT(offsetof(struct probe_call, skb) == 24, "as documented");
PROBE_CALL_ASSERT(offsetof(struct probe_call, args) == 32, "as documented");
PROBE_CALL_ASSERT(offsetof(struct probe_call, out) == 80, "as documented");
PROBE_CALL_ASSERT(offsetof(struct probe_call, packet) == 144, "as documented");
PROBE_CALL_ASSERT(sizeof(struct probe_call) == 400, "as documented");
#undef PROBE_CALL_ASSERT

#endif
