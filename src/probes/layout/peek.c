/* SPDX-License-Identifier: MIT */
/*
 * peek.c - copies the kernel's objects of one packet whose fields are known.
 *
 * BPF_PROG_TEST_RUN makes the kernel build an sk_buff from given bytes, which passes no interface.
 * While the sk_buff exists, a program copies it into a map, by the layout under test: the sched_cls
 * program of the test run itself if it may call probe_read_kernel, else (5.4 to 5.7) a raw
 * tracepoint program that sees the sk_buff freed. Fails with the error of a step.
 */
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"
#include "parts.h"
#include "../ours.h"

enum {
	SK_NET = 48,	 /* sock.__sk_common.skc_net, from 5.4 on */
	CHUNK_LEN = 512, /* an object may be near the end of readable memory */
};

/* Offsets in the copy. The checks of the fields find wrong values later. */
#define PEEK(field) offsetof(struct layout_peek, field)

void probe_layout_packet(uint8_t packet[PEEK_PACKET_LEN])
{
	static const uint8_t head[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0x00};

	for (size_t i = 0; i < PEEK_PACKET_LEN; i++)
		packet[i] = (uint8_t)(i * 37 + 11);
	memcpy(packet, head, sizeof(head));
}

/*
 * In: R6 = struct sk_buff, R7 = the map's struct layout_peek. Clobbers R0..R5, R8.
 *
 *	dev = skb->dev;
 *	read(&ifindex, dev + ifindex);
 *	read(dev_bytes, dev);				(in chunks)
 *	read(&net, skb->sk + SK_NET);
 *	read(net_bytes, net);
 */
static void emit_objects(struct ebpf_builder *b, const struct probe_layout *l,
			 enum ebpf_helper probe_read)
{
	enum ebpf_size ptr = l->ptr_len == 8 ? DW : W;

	EMIT(b, LDX(ptr, R8, MEM(R7, layout_off(l, LAYOUT_SKB_DEV))), MOV(R3, R8),
	     ADD(R3, layout_off(l, LAYOUT_DEV_IFINDEX)));
	probe_layout_emit_read(b, probe_read, PEEK(ifindex), 4);
	for (int at = 0; at < (int)sizeof(((struct layout_peek *)0)->dev_bytes); at += CHUNK_LEN) {
		EMIT(b, MOV(R3, R8), ADD(R3, at));
		probe_layout_emit_read(b, probe_read, PEEK(dev_bytes) + (size_t)at, CHUNK_LEN);
	}
	EMIT(b, LDX(ptr, R3, MEM(R7, layout_off(l, LAYOUT_SKB_SK))), ADD(R3, SK_NET));
	probe_layout_emit_read(b, probe_read, PEEK(net), l->ptr_len);
	EMIT(b, LDX(DW, R3, MEM(R7, PEEK(net))));
	probe_layout_emit_read(b, probe_read, PEEK(net_bytes), CHUNK_LEN);
}

/*
 * In: R6 = struct sk_buff *. Copies it if it is the test packet. Out: R0 = 0. Clobbers R1..R5, R7,
 * R8.
 *
 *	peek = lookup(map, 0);
 *	if (peek->done) return 0;
 *	read(peek->skb, skb);
 *	if (skb->len != PEEK_PACKET_LEN) return 0;
 *	read(peek->data, skb->data);
 *	... dev, net ...
 *	peek->done = 1;
 */
static void emit_peek(struct ebpf_builder *b, const struct probe_layout *l,
		      enum ebpf_helper probe_read, int map_fd)
{
	enum ebpf_size ptr = l->ptr_len == 8 ? DW : W;
	ebpf_label out = ebpf_label_new(b);

	probe_layout_emit_value(b, map_fd, out);
	EMIT(b, LDX(W, R1, MEM(R7, PEEK(done))),
		JNE(R1, 0, out),
		MOV(R3, R6));
	probe_layout_emit_read(b, probe_read, PEEK(skb), sizeof(((struct layout_peek *)0)->skb));
	EMIT(b, LDX(W, R1, MEM(R7, layout_off(l, LAYOUT_SKB_LEN))),
		JNE(R1, PEEK_PACKET_LEN, out),
		LDX(ptr, R3, MEM(R7, layout_off(l, LAYOUT_SKB_DATA))));
	probe_layout_emit_read(b, probe_read, PEEK(data), sizeof(((struct layout_peek *)0)->data));
	emit_objects(b, l, probe_read);
	EMIT(b, ST(W, MEM(R7, PEEK(done)), 1),
	     LABEL(out),
		MOV(R0, 0),
		EXIT());
}

/* cls, no `ours`: the context is the sk_buff. Raw tracepoint kfree_skb: argument 0, in `ours`. */
static int build_peek(const struct probe_layout *l, const struct ebpf_target *t,
		      const struct ours *ours, int map_fd, struct ebpf_prog *out, struct err *e)
{
	struct ebpf_builder *b = ebpf_new(t, ours ? EBPF_PROG_RAW_TRACEPOINT : EBPF_PROG_SCHED_CLS);
	int rc;

	if (ours) {
		probe_emit_ours(b, ours);
		EMIT(b, LDX(DW, R6, MEM(R6, 0)));
		emit_peek(b, l, EBPF_FN_probe_read, map_fd);
	} else {
		EMIT(b, MOV(R6, R1));
		emit_peek(b, l, EBPF_FN_probe_read_kernel, map_fd);
	}
	rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}

/* return 0: the program of the test run, while the raw tracepoint program copies. */
static int build_nothing(const struct ebpf_target *t, struct ebpf_prog *out, struct err *e)
{
	struct ebpf_builder *b = ebpf_new(t, EBPF_PROG_SCHED_CLS);
	int rc;

	EMIT(b, MOV(R0, 0), EXIT());
	rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}

static int load(struct ebpf_prog *p, enum ebpf_prog_type type, struct err *e)
{
	const struct kbpf_prog_spec spec = {
		.type = type, .insns = p->insns, .insn_cnt = p->cnt, .name = "bpfcap_check"};
	int fd = kbpf_prog_load(&spec, e);

	ebpf_prog_free(p);
	return fd;
}

static int test_run(int prog_fd, const uint8_t *packet, struct err *e)
{
	struct __sk_buff ctx = {.priority = PEEK_PRIORITY};
	struct kbpf_test_run run = {
		.data_in = packet,
		.data_in_len = PEEK_PACKET_LEN,
		.ctx_in = &ctx,
		.ctx_in_len = sizeof(ctx),
	};
	int rc = kbpf_prog_test_run(prog_fd, &run);

	if (rc < 0)
		return err_run(
			e, rc, "kernel",
			"the layout of sk_buff cannot be checked: BPF_PROG_TEST_RUN fails: %s",
			strerror(-rc));
	return 0;
}

/* Creates the packet while a peeking program waits for it. */
static int run_cls(const struct probe_layout *l, const struct ebpf_target *t, int map_fd,
		   const uint8_t *packet, struct err *e)
{
	struct ebpf_prog p = {0};
	int rc = build_peek(l, t, NULL, map_fd, &p, e);
	int fd;

	if (rc < 0)
		return rc;
	fd = load(&p, EBPF_PROG_SCHED_CLS, e);
	if (fd < 0)
		return fd;
	rc = test_run(fd, packet, e);
	close(fd);
	return rc;
}

static int attach_peek(const struct probe_layout *l, const struct ebpf_target *t,
		       const struct ours *ours, int map_fd, struct err *e)
{
	struct ebpf_prog p = {0};
	int rc = build_peek(l, t, ours, map_fd, &p, e);
	int prog_fd, link_fd;

	if (rc < 0)
		return rc;
	prog_fd = load(&p, EBPF_PROG_RAW_TRACEPOINT, e);
	if (prog_fd < 0)
		return prog_fd;
	link_fd = kbpf_raw_tracepoint_attach(prog_fd, "kfree_skb", e);
	close(prog_fd);
	return link_fd;
}

static int run_raw_tracepoint(const struct probe_layout *l, const struct ebpf_target *t, int map_fd,
			      const uint8_t *packet, struct err *e)
{
	struct ebpf_prog p = {0};
	int rc = build_nothing(t, &p, e);
	int link_fd, fd;
	struct ours ours;

	if (rc < 0)
		return rc;
	fd = load(&p, EBPF_PROG_SCHED_CLS, e);
	if (fd < 0)
		return fd;
	probe_ours_begin(&ours);
	link_fd = attach_peek(l, t, &ours, map_fd, e);
	rc = link_fd < 0 ? link_fd : test_run(fd, packet, e);
	probe_ours_end(&ours);
	if (link_fd >= 0)
		close(link_fd);
	close(fd);
	return rc;
}

int probe_layout_peek(const struct probe_layout *l, const struct ebpf_target *t,
		      struct layout_peek *peek, struct err *e)
{
	bool cls_reads = ebpf_target_has_helper(t, EBPF_PROG_SCHED_CLS, EBPF_FN_probe_read_kernel);
	uint8_t packet[PEEK_PACKET_LEN];
	uint32_t key = 0;
	int map_fd, rc;

	map_fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
							 .key_len = sizeof(key),
							 .value_len = sizeof(*peek),
							 .entry_cnt = 1,
							 .name = "bpfcap_peek"},
				 e);
	if (map_fd < 0)
		return map_fd;
	probe_layout_packet(packet);
	rc = cls_reads ? run_cls(l, t, map_fd, packet, e)
		       : run_raw_tracepoint(l, t, map_fd, packet, e);
	if (rc == 0)
		rc = kbpf_map_lookup(map_fd, &key, peek);
	close(map_fd);
	return rc;
}
