/* SPDX-License-Identifier: MIT */
/*
 * tests/kernel/c2e_verdict.c - filters written for kernel 5.4 load here, in every access mode, and
 * give libpcap's verdict on every packet (BPF_PROG_TEST_RUN). Run in VMs, it is the proof for old
 * verifiers. Where a program type cannot be run by this kernel, its programs are only loaded.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "../lib/filters.h"
#include "../lib/packets.h"
#include "../lib/share.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"

#define SNAP_LEN 262144
#define ETH_LEN                                                                                    \
	14 /* the least that a test run takes, and what a socket filter does not see of it */

/* ---- Programs that fetch their input themselves ------------------------------------------- */

struct input_map {
	int fd;
	uint32_t buffer_len;
};

/*
 * sched_cls. Out: R7 = the map's struct filter_input, with the packet. Clobbers all.
 *
 *	in->len = skb->len; in->cap_len = min(len, buffer_len)
 *	skb_load_bytes(skb, 0, in->packet, in->cap_len)
 */
static void wrap_buffer(struct ebpf_builder *b, void *user)
{
	const struct input_map *map = user;
	ebpf_label fits = ebpf_label_new(b), some = ebpf_label_new(b);

	/* clang-format off */
	EMIT(b, MOV(R6, R1),
		LD_MAP_VALUE(R7, map->fd, 0),
		LDX(W, R4, CTX(R6, __sk_buff, len)),
		STX(DW, MEM(R7, offsetof(struct filter_input, len)), R4),
		JLE(R4, map->buffer_len, fits),
		MOV(R4, map->buffer_len),
	     LABEL(fits),
		JGE(R4, 1, some),
		MOV(R0, 0),
		EXIT(),
	     LABEL(some),
		STX(DW, MEM(R7, offsetof(struct filter_input, cap_len)), R4),
		MOV(R1, R6),
		MOV(R2, 0),
		MOV(R3, R7),
		ADD(R3, offsetof(struct filter_input, packet)),
		CALL(skb_load_bytes));
	/* clang-format on */
}

/*
 * Raw tracepoint. Out: R7 = the map's struct filter_input, as user space left it, with the packet's
 * address. Clobbers R1.
 */
static void wrap_probe(struct ebpf_builder *b, void *user)
{
	const struct input_map *map = user;

	EMIT(b, LD_MAP_VALUE(R7, map->fd, 0), MOV(R1, R7),
	     ADD(R1, offsetof(struct filter_input, packet)),
	     STX(DW, MEM(R7, offsetof(struct filter_input, data)), R1));
}

/* ---- One program -------------------------------------------------------------------------- */

struct loaded {
	enum filter_mode mode;
	enum ebpf_prog_type type;
	struct input_map map; /* fd -1: none */
	int fd;
};

static enum ebpf_prog_type type_of(enum filter_mode mode)
{
	if (filter_mode_type(mode) != EBPF_PROG_ANY)
		return filter_mode_type(mode);
	return mode == FILTER_PROBE ? EBPF_PROG_RAW_TRACEPOINT : EBPF_PROG_SCHED_CLS;
}

static void load(struct loaded *l, const char *expr, const struct cbpf_prog *filter,
		 const struct ebpf_target *t)
{
	struct ebpf_prog prog;
	struct err e = {0};
	bool probe = l->mode == FILTER_PROBE;

	l->type = type_of(l->mode);
	l->map.fd = -1;
	l->map.buffer_len = filter_buffer_len(l->mode, filter);
	if (filter_mode_type(l->mode) == EBPF_PROG_ANY) {
		l->map.fd = kbpf_map_create(BPF_MAP_TYPE_ARRAY, 4,
					    (uint32_t)offsetof(struct filter_input, packet) +
						    l->map.buffer_len,
					    1, 0, "input", &e);
		if (l->map.fd < 0)
			fail_msg("%s", e.text);
	}
	if (filter_program(filter, t, l->mode, l->type, probe ? wrap_probe : wrap_buffer, &l->map,
			   &prog, &e) < 0)
		fail_msg("%s, '%s': %s", filter_mode_name(l->mode), expr, e.text);

	const struct kbpf_prog_spec spec = {
		.type = l->type, .insns = prog.insns, .insn_cnt = prog.cnt};

	l->fd = kbpf_prog_load(&spec, &e);
	if (l->fd < 0)
		fail_msg("%s, '%s': %s", filter_mode_name(l->mode), expr, e.text);
	ebpf_prog_free(&prog);
}

static void unload(struct loaded *l)
{
	close(l->fd);
	if (l->map.fd >= 0)
		close(l->map.fd);
}

/* Puts the packet where a raw tracepoint's program looks for it. */
static void fill_map(const struct loaded *l, const struct packet *p)
{
	struct filter_input in = {.len = p->len, .cap_len = p->len};
	uint32_t key = 0;

	memcpy(in.packet, p->data, p->len);
	assert_int_equal(kbpf_map_update(l->map.fd, &key, &in, 0), 0);
}

/* The program's verdict; -EINVAL for a packet that this kind of program cannot be given. */
static int run(const struct loaded *l, const struct packet *p, uint32_t *verdict)
{
	uint8_t frame[ETH_LEN + PACKET_LEN_MAX] = {0};
	uint64_t args[1] = {0};
	struct kbpf_test_run r = {0};
	int rc;

	if (l->type == EBPF_PROG_RAW_TRACEPOINT) {
		fill_map(l, p);
		r.ctx_in = args;
		r.ctx_in_len = sizeof(args);
	} else if (l->type == EBPF_PROG_SOCKET_FILTER) {
		memcpy(frame + ETH_LEN, p->data, p->len);
		r.data_in = frame;
		r.data_in_len = ETH_LEN + p->len;
	} else if (p->len < ETH_LEN) {
		return -EINVAL;
	} else {
		r.data_in = p->data;
		r.data_in_len = p->len;
	}
	rc = kbpf_prog_test_run(l->fd, &r);
	*verdict = r.retval;
	return rc;
}

static void compare(struct loaded *l, const char *expr, const struct cbpf_prog *filter,
		    const struct packets *ps, size_t *cnt)
{
	/* With a share, each filter begins at another packet. */
	size_t stride = (size_t)test_stride();

	for (size_t i = filter->cnt % stride; i < ps->cnt; i += stride) {
		const struct packet *p = &ps->all[i];
		uint32_t want = cbpf_run(filter, p->data, p->len, p->len), got;
		int rc = run(l, p, &got);

		if (rc < 0)
			continue;
		(*cnt)++;
		if (got != want)
			fail_msg("%s, '%s', packet '%s': libpcap says %u, the kernel %u",
				 filter_mode_name(l->mode), expr, p->name, want, got);
	}
}

/* ---- Tests -------------------------------------------------------------------------------- */

static void need_bpf(void)
{
	int has = kbpf_has_prog_type(BPF_PROG_TYPE_SCHED_CLS);

	if (has == 1)
		return;
	print_message("needs bpf(2) with full rights: %s\n", strerror(-has));
	skip();
}

static void run_file(const char *path, int linktype, struct packets ps, enum filter_mode mode)
{
	struct expressions es = expressions_read(path);
	struct ebpf_target t;
	size_t cnt = 0;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	for (size_t i = 0; i < es.cnt; i++) {
		struct loaded l = {.mode = mode};
		struct cbpf_prog filter;

		assert_int_equal(cbpf_compile(es.all[i], linktype, SNAP_LEN, false, &filter, NULL),
				 0);
		load(&l, es.all[i], &filter, &t);
		compare(&l, es.all[i], &filter, &ps, &cnt);
		unload(&l);
		cbpf_prog_free(&filter);
	}
	print_message("%s, %s: %zu programs, %zu runs\n", path, filter_mode_name(mode), es.cnt,
		      cnt);
	expressions_free(&es);
	packets_free(&ps);
}

static void test_mode(void **state)
{
	enum filter_mode mode = *(enum filter_mode *)*state;

	need_bpf();
	run_file("tests/cases/filter/ethernet.txt", CBPF_LINKTYPE_ETHERNET, packets_ethernet(0),
		 mode);
	if (filter_mode_type(mode) != EBPF_PROG_XDP) /* a test run adds Ethernet's meaning */
		run_file("tests/cases/filter/raw.txt", CBPF_LINKTYPE_RAW, packets_raw(0), mode);
}

static void test_truncated(void **state)
{
	struct packets ps = packets_ethernet(1);

	(void)state;
	need_bpf();
	for (enum filter_mode m = 0; m < FILTER_MODE_CNT; m++) {
		struct loaded l = {.mode = m};
		const char *expr =
			"ip6 protochain 6 or tcp[(tcp[12]>>2):4] = 0x47455420 or vlan 200";
		struct cbpf_prog filter;
		struct ebpf_target t;
		size_t cnt = 0;

		assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
		assert_int_equal(
			cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, SNAP_LEN, true, &filter, NULL),
			0);
		load(&l, expr, &filter, &t);
		compare(&l, expr, &filter, &ps, &cnt);
		unload(&l);
		cbpf_prog_free(&filter);
	}
	packets_free(&ps);
}

int main(void)
{
	static enum filter_mode mode[FILTER_MODE_CNT];
	struct CMUnitTest tests[FILTER_MODE_CNT + 1] = {cmocka_unit_test(test_truncated)};

	for (unsigned m = 0; m < FILTER_MODE_CNT; m++) {
		mode[m] = m;
		tests[1 + m] = (struct CMUnitTest){.name = filter_mode_name(m),
						   .test_func = test_mode,
						   .initial_state = &mode[m]};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
