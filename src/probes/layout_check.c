/* SPDX-License-Identifier: MIT */
/*
 * src/probes/layout_check.c - proves a layout against one packet whose fields are known.
 *
 * BPF_PROG_TEST_RUN makes the kernel build an sk_buff of bytes that we choose; nothing goes through
 * an interface. While it exists, a program copies it by the layout in question into a map: the
 * sched_cls program of the test run itself where it may call probe_read_kernel, else (5.4 to 5.7) a
 * raw tracepoint program that sees the sk_buff freed. What was copied must agree with the packet.
 * Fails with -ENOTSUP when it does not, or with the error of a step.
 */
#include "layout.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../err.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"

enum {
	PACKET_LEN = 467, /* odd, so that nobody else's packet is taken for ours */
	PRIORITY = 0x5b9cafe,
	LO_IFINDEX = 1, /* test runs happen on the loopback device */
	L2_LEN = 14,
	PEEK_SKB_LEN = 512,
	PEEK_DATA_LEN = 64,
};

/* The map's value. */
struct peek {
	uint8_t skb[PEEK_SKB_LEN];
	uint8_t data[PEEK_DATA_LEN];
	uint32_t ifindex;
	uint32_t done;
};

static void make_packet(uint8_t packet[PACKET_LEN])
{
	static const uint8_t head[] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0x00};

	for (size_t i = 0; i < PACKET_LEN; i++)
		packet[i] = (uint8_t)(i * 37 + 11);
	memcpy(packet, head, sizeof(head));
}

/* In: R7 = struct peek of the map, R3 = address to read. dst: where. Clobbers R0..R5. */
static void emit_read(struct ebpf_builder *b, enum ebpf_helper read, size_t dst, int len)
{
	EMIT(b, MOV(R1, R7), ADD(R1, dst), MOV(R2, len), ebpf_call_helper(read));
}

/*
 * In: R6 = struct sk_buff *. Copies it if it is ours. Out: R0 = 0. Clobbers R1..R5, R7.
 *
 *	peek = lookup(map, 0);
 *	if (peek->done) return 0;
 *	read(peek->skb, skb);
 *	if (skb->len != PACKET_LEN) return 0;
 *	read(peek->data, skb->data);
 *	read(&peek->ifindex, skb->dev + ifindex);
 *	peek->done = 1;
 */
static void emit_peek(struct ebpf_builder *b, const struct probe_layout *l, enum ebpf_helper read,
		      int map_fd)
{
	enum ebpf_size ptr = l->ptr_len == 8 ? DW : W;
	ebpf_label out = ebpf_label_new(b);

	/* clang-format off */
	EMIT(b, ST(W, MEM(R10, -8), 0),
		LD_MAP_FD(R1, map_fd),
		MOV(R2, R10),
		ADD(R2, -8),
		CALL(map_lookup_elem),
		JEQ(R0, 0, out),
		MOV(R7, R0),
		LDX(W, R1, MEM(R7, offsetof(struct peek, done))),
		JNE(R1, 0, out),
		MOV(R3, R6));
	emit_read(b, read, offsetof(struct peek, skb), PEEK_SKB_LEN / 2);
	EMIT(b, LDX(W, R1, MEM(R7, layout_off(l, LAYOUT_SKB_LEN))),
		JNE(R1, PACKET_LEN, out),
		LDX(ptr, R3, MEM(R7, layout_off(l, LAYOUT_SKB_DATA))));
	emit_read(b, read, offsetof(struct peek, data), PEEK_DATA_LEN);
	EMIT(b, LDX(ptr, R3, MEM(R7, layout_off(l, LAYOUT_SKB_DEV))),
		ADD(R3, layout_off(l, LAYOUT_DEV_IFINDEX)));
	emit_read(b, read, offsetof(struct peek, ifindex), 4);
	EMIT(b, ST(W, MEM(R7, offsetof(struct peek, done)), 1),
	     LABEL(out),
		MOV(R0, 0),
		EXIT());
	/* clang-format on */
}

/* cls: the context is the sk_buff. Raw tracepoint kfree_skb: argument 0, in our own process. */
static int build_peek(const struct probe_layout *l, const struct ebpf_target *t,
		      enum ebpf_prog_type type, int map_fd, struct ebpf_prog *out, struct err *e)
{
	struct ebpf_builder *b = ebpf_new(t, type);
	ebpf_label ours = ebpf_label_new(b);
	int rc;

	if (type == EBPF_PROG_SCHED_CLS) {
		EMIT(b, MOV(R6, R1));
		emit_peek(b, l, EBPF_FN_probe_read_kernel, map_fd);
	} else {
		/* clang-format off */
		EMIT(b, LDX(DW, R6, MEM(R1, 0)),
			CALL(get_current_pid_tgid),
			RSH(R0, 32),
			JEQ(R0, getpid(), ours),
			MOV(R0, 0),
			EXIT(),
		     LABEL(ours));
		/* clang-format on */
		emit_peek(b, l, EBPF_FN_probe_read, map_fd);
	}
	rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}

/* return 0: what the test run runs while the raw tracepoint looks. */
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
	struct __sk_buff ctx = {.priority = PRIORITY};
	struct kbpf_test_run run = {
		.data_in = packet,
		.data_in_len = PACKET_LEN,
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

/* Makes the packet exist while a peeking program looks. */
static int run_cls(const struct probe_layout *l, const struct ebpf_target *t, int map_fd,
		   const uint8_t *packet, struct err *e)
{
	struct ebpf_prog p = {0};
	int rc = build_peek(l, t, EBPF_PROG_SCHED_CLS, map_fd, &p, e);
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

static int attach_peek(const struct probe_layout *l, const struct ebpf_target *t, int map_fd,
		       struct err *e)
{
	struct ebpf_prog p = {0};
	int rc = build_peek(l, t, EBPF_PROG_RAW_TRACEPOINT, map_fd, &p, e);
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

	if (rc < 0)
		return rc;
	fd = load(&p, EBPF_PROG_SCHED_CLS, e);
	if (fd < 0)
		return fd;
	link_fd = attach_peek(l, t, map_fd, e);
	rc = link_fd < 0 ? link_fd : test_run(fd, packet, e);
	if (link_fd >= 0)
		close(link_fd);
	close(fd);
	return rc;
}

static uint64_t get(const struct probe_layout *l, const struct peek *p, enum layout_field f,
		    int len)
{
	const uint8_t *at = p->skb + layout_off(l, f);
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (len) {
	case 2:
		return memcpy(&u16, at, 2), u16;
	case 4:
		return memcpy(&u32, at, 4), u32;
	default:
		return memcpy(&u64, at, 8), u64;
	}
}

static int differs(const struct probe_layout *l, enum layout_field f, struct err *e)
{
	return err_run(
		e, -ENOTSUP, "kernel",
		"the layout of sk_buff found on this kernel cannot be trusted: %s.%s at offset "
		"%d does not hold what a packet of known contents has there; use -f socket or "
		"-f tc, which do without",
		l->field[f].object, l->field[f].name, (int)l->field[f].off);
}

static int compare(const struct probe_layout *l, const struct peek *p, const uint8_t *packet,
		   struct err *e)
{
	uint64_t head = get(l, p, LAYOUT_SKB_HEAD, l->ptr_len);
	uint64_t data = get(l, p, LAYOUT_SKB_DATA, l->ptr_len);
	uint16_t protocol;
	const struct {
		enum layout_field field;
		int len;
		uint64_t want;
	} facts[] = {
		{LAYOUT_SKB_LEN, 4, PACKET_LEN},
		{LAYOUT_SKB_DATA_LEN, 4, 0},
		{LAYOUT_SKB_MAC_HEADER, 2, data - head},
		{LAYOUT_SKB_NETWORK_HEADER, 2, data - head + L2_LEN},
		{LAYOUT_SKB_PROTOCOL, 2, (memcpy(&protocol, packet + 12, 2), protocol)},
		{LAYOUT_SKB_PRIORITY, 4, PRIORITY},
		{LAYOUT_SKB_VLAN_TCI, 2, 0},
	};

	if (!p->done)
		return differs(l, LAYOUT_SKB_LEN, e);
	if (memcmp(p->data, packet, PEEK_DATA_LEN) != 0)
		return differs(l, LAYOUT_SKB_DATA, e);
	if (p->ifindex != LO_IFINDEX)
		return differs(l, LAYOUT_DEV_IFINDEX, e);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (get(l, p, facts[i].field, facts[i].len) != facts[i].want)
			return differs(l, facts[i].field, e);
	if (l->ptr_len == 8 && get(l, p, LAYOUT_SKB_TAIL, 4) != data - head + PACKET_LEN)
		return differs(l, LAYOUT_SKB_TAIL, e);
	return 0;
}

int probe_layout_check(const struct probe_layout *l, const struct ebpf_target *t, struct err *e)
{
	bool cls_reads = ebpf_target_has_helper(t, EBPF_PROG_SCHED_CLS, EBPF_FN_probe_read_kernel);
	uint8_t packet[PACKET_LEN];
	struct peek peek = {0};
	uint32_t key = 0;
	int map_fd, rc;

	map_fd = kbpf_map_create(BPF_MAP_TYPE_ARRAY, sizeof(key), sizeof(peek), 1, 0,
				 "bpfcap_check", e);
	if (map_fd < 0)
		return map_fd;
	make_packet(packet);
	rc = cls_reads ? run_cls(l, t, map_fd, packet, e)
		       : run_raw_tracepoint(l, t, map_fd, packet, e);
	if (rc == 0)
		rc = kbpf_map_lookup(map_fd, &key, &peek);
	close(map_fd);
	return rc < 0 ? rc : compare(l, &peek, packet, e);
}
