/* SPDX-License-Identifier: MIT */
/*
 * c2e_sendfile.c - filters that look into payload match all of it where the kernel keeps it in
 * pages: a file goes over TCP by sendfile(2), and at tc every packet that has payload, as its
 * headers say, matches its content, through packet pointers and through the helper.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "../lib/test.h"
#include "../lib/testtc.h"
#include "../lib/testtcp.h"
#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"

enum { FILE_LEN = 1 << 20, PORT = 4321, WAIT_MS = 5000 };

#define FROM_HERE   "tcp src port 4321 and "
#define CONTENT	    FROM_HERE "tcp[(tcp[12] & 0xf0) >> 2] = 0x47" /* the file is full of it */
#define HAS_PAYLOAD FROM_HERE "ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) > 0"

struct counts {
	uint64_t direct, helper, has_payload, paged;
};

/* counts->member++. Clobbers R1, R2. */
static void emit_count(struct ebpf_builder *b, int map, size_t member)
{
	EMIT(b, LD_MAP_VALUE(R1, map, (int32_t)member), MOV(R2, 1), XADD(DW, MEM(R1, 0), R2));
}

/* if (filter) counts->member++. In: R6 = sk_buff, R7 = data, R8 = data_end. Clobbers the others. */
static void emit_filter(struct ebpf_builder *b, int map, const char *expr,
			enum cbpf2ebpf_access access, size_t member)
{
	ebpf_label miss = ebpf_label_new(b);
	const struct cbpf2ebpf_frame frame = {.access = access,
					      .ctx = R6,
					      .data = R7,
					      .data_end = R8,
					      .scratch = 1 << 9,
					      .stack_len = 256,
					      .miss = miss};
	struct cbpf2ebpf_filter *filter;
	struct cbpf_prog classic;

	assert_int_equal(cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, 65535, false, &classic, NULL),
			 0);
	assert_int_equal(
		cbpf2ebpf_filter_new(&filter, &classic, CBPF_LINKTYPE_ETHERNET, NULL, NULL), 0);
	assert_int_equal(cbpf2ebpf_emit(filter, b, &frame, NULL), 0);
	cbpf2ebpf_filter_free(filter);
	emit_count(b, map, member);
	EMIT(b, LABEL(miss));
	cbpf_prog_free(&classic);
}

/* if (data_end - data < skb->len) counts->paged++. In: R6 = sk_buff, R7 = data, R8 = data_end. */
static void emit_paged(struct ebpf_builder *b, int map)
{
	ebpf_label linear = ebpf_label_new(b);

	EMIT(b, MOV(R1, R8), SUB(R1, R7), LDX(W, R2, CTX(R6, __sk_buff, len)), JGE(R1, R2, linear));
	emit_count(b, map, offsetof(struct counts, paged));
	EMIT(b, LABEL(linear));
}

static int load(int map)
{
	struct ebpf_builder *b;
	struct ebpf_target t;
	struct ebpf_prog prog;
	struct err e;
	int fd;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", NULL), 0);
	b = ebpf_new(&t, EBPF_PROG_SCHED_CLS);
	EMIT(b, MOV(R6, R1), LDX(W, R7, CTX(R6, __sk_buff, data)),
	     LDX(W, R8, CTX(R6, __sk_buff, data_end)));
	emit_filter(b, map, CONTENT, CBPF2EBPF_DIRECT, offsetof(struct counts, direct));
	emit_filter(b, map, CONTENT, CBPF2EBPF_LOAD_BYTES, offsetof(struct counts, helper));
	emit_filter(b, map, HAS_PAYLOAD, CBPF2EBPF_DIRECT, offsetof(struct counts, has_payload));
	emit_paged(b, map);
	EMIT(b, MOV(R0, -1), EXIT()); /* TC_ACT_UNSPEC */
	assert_int_equal(ebpf_finish(b, &prog, NULL), 0);
	ebpf_free(b);

	const struct kbpf_prog_spec spec = {
		.type = EBPF_PROG_SCHED_CLS, .insns = prog.insns, .insn_cnt = prog.cnt};

	fd = kbpf_prog_load(&spec, &e);
	if (fd < 0)
		fail_msg("%s", e.text);
	ebpf_prog_free(&prog);
	return fd;
}

/* ---- The transfer ------------------------------------------------------------------------- */

static int make_file(void)
{
	static char bytes[FILE_LEN];
	int fd = memfd_create("sent", MFD_CLOEXEC);

	memset(bytes, 'G', sizeof(bytes));
	assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	return fd;
}

static void transfer(int file)
{
	static char bytes[65536];
	size_t received = 0;
	int end[2];

	testtcp_connect(end, PORT);
	for (off_t sent = 0; received < FILE_LEN;) {
		struct pollfd p = {.fd = end[1], .events = POLLIN};
		ssize_t n = sent < FILE_LEN
				    ? sendfile(end[0], file, &sent, (size_t)(FILE_LEN - sent))
				    : 0;

		assert_true(n >= 0 || errno == EAGAIN);
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		n = recv(end[1], bytes, sizeof(bytes), 0);
		assert_true(n > 0);
		received += (size_t)n;
	}
	close(end[0]);
	close(end[1]);
}

TEST(pages_of_sendfile_are_filtered)
{
	struct counts c = {0};
	uint32_t key = 0;
	struct kbpf_tc tc;
	struct err e;
	int map, prog, file;

	testtc_need();
	map = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
						      .key_len = 4,
						      .value_len = sizeof(c),
						      .entry_cnt = 1,
						      .name = "counts"},
			      &e);
	prog = load(map);
	file = make_file();
	if (kbpf_tc_attach(&tc, prog, TESTTC_LO, KBPF_TC_INGRESS, false, &e) < 0)
		fail_msg("%s", e.text);
	transfer(file);
	assert_int_equal(kbpf_tc_detach(&tc, &e), 0);
	assert_int_equal(kbpf_map_lookup(map, &key, &c), 0);
	print_message("%u packets with payload, %u paged\n", (unsigned)c.has_payload,
		      (unsigned)c.paged);
	assert_true(c.has_payload > 0 && c.paged > 0);
	assert_int_equal(c.direct, c.has_payload);
	assert_int_equal(c.helper, c.has_payload);
	close(map);
	close(prog);
	close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pages_of_sendfile_are_filtered, testtc_setup,
						testtc_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
