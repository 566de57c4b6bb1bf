/* SPDX-License-Identifier: MIT */
/*
 * kprobe.c - counts the packets that ip_rcv() gets and the stub takes, from their IP header on.
 * Members are found by CO-RE relocations, which stand before and behind the stub.
 */
#include "bpf.h"

struct sk_buff {
	unsigned char *head;
	__u16 network_header;
	__u32 tail;
} CORE;

struct pt_regs { /* of x86-64 */
	unsigned long regs[14];
	unsigned long di;
};

MAP(counts, ARRAY, 8, 2);

static NOINLINE void count(__u32 key)
{
	__u64 *value = map_lookup_elem(&counts, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
}

static NOINLINE void *network_header(struct sk_buff *skb)
{
	unsigned char *head = 0;
	__u16 off = 0;

	probe_read(&head, sizeof(head), &skb->head);
	probe_read(&off, sizeof(off), &skb->network_header);
	return head + off;
}

STUB(stub, )

static NOINLINE void *tail(struct sk_buff *skb)
{
	unsigned char *head = 0;
	__u32 off = 0;

	probe_read(&head, sizeof(head), &skb->head);
	probe_read(&off, sizeof(off), &skb->tail);
	return head + off;
}

SEC("kprobe/ip_rcv") int prog(struct pt_regs *regs)
{
	struct sk_buff *skb = PTR(regs->di);

	count(0);
	if (stub(skb, skb, skb, network_header(skb), tail(skb)))
		count(1);
	return 0;
}

char _license[] SEC("license") = "GPL";
