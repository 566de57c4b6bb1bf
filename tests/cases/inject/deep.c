/* SPDX-License-Identifier: MIT */
/*
 * deep.c - a program that has most of the stack for itself: with the frame between, the kernel
 * leaves 96 bytes to the stub.
 */
#include "bpf.h"

enum { NOTE_CNT = 46 }; /* of 8 bytes; 384 are counted */

STUB(stub, )

static NOINLINE _Bool wants(struct __sk_buff *skb)
{
	return stub(skb, skb, skb, PTR(skb->data), PTR(skb->data_end));
}

SEC("tc") int prog(struct __sk_buff *skb)
{
	volatile __u64 notes[NOTE_CNT];

	notes[0] = 7;
	notes[NOTE_CNT - 1] = 9;
	return (int)(wants(skb) ? notes[0] : notes[NOTE_CNT - 1]);
}

char _license[] SEC("license") = "GPL";
