/* SPDX-License-Identifier: MIT */
/*
 * probe_capture.c - frames sent over a veth pair, against what each hook captures.
 *
 * The oracle is what was sent: every event must hold exactly these bytes, once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/bpf.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/vethgroup.h"
#include "bpfcap/cbpf.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"

enum { POLL_MS = 50, POLLS_MAX = 40, FRAMES_MAX = 16, SENDER = 1, RECEIVER = 0 };

static void need_veth(void)
{
	if (has_veth)
		return;
	print_message("needs rights to make network namespaces and veth devices\n");
	skip();
}

/* What a session is to see. */
struct expect {
	const char *hook;
	const struct testveth_frame *frame;
	size_t frame_cnt;
	uint32_t snap_len;
	int ifindex;
	enum probe_dir dir;
	bool has_skb;
	unsigned seen[FRAMES_MAX]; /* events by frame */
	unsigned total;
	int64_t from_ns;
};

static int64_t wall_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

static int on_event(void *user, const struct probe_event *ev)
{
	struct expect *x = user;
	const struct testveth_frame *f;
	int64_t time_ns;
	uint32_t cap_len;

	assert_true(ev->cap_len >= 12);
	assert_true(ev->data[11] < x->frame_cnt);
	f = &x->frame[ev->data[11]];
	cap_len = x->snap_len && x->snap_len < f->len ? x->snap_len : (uint32_t)f->len;
	if (ev->len != f->len || ev->cap_len != cap_len)
		fail_msg("%s: %s: %u of %u bytes, %zu were sent", x->hook, f->what, ev->cap_len,
			 ev->len, f->len);
	if (memcmp(ev->data, f->bytes, cap_len) != 0)
		fail_msg("%s: %s: other bytes than were sent", x->hook, f->what);
	assert_int_equal(ev->ifindex, x->ifindex);
	assert_int_equal(ev->dir, x->dir);
	assert_int_equal(ev->linktype, CBPF_LINKTYPE_ETHERNET);
	assert_true(x->has_skb == (ev->skb != 0));
	time_ns = (int64_t)(ev->time.s * 1000000000 + ev->time.ns);
	assert_true(time_ns >= x->from_ns - 1000000 && time_ns <= wall_ns() + 1000000);
	x->seen[ev->data[11]]++;
	x->total++;
	return 0;
}

static struct probe *must_open(const struct probe_config *c)
{
	struct probe *p;
	struct err e;
	int rc = probe_open(&p, c, &e);

	if (rc == -EPERM || rc == -ENOTSUP) {
		print_message("%s\n", e.text);
		skip();
	}
	if (rc < 0)
		fail_msg("%s", e.text);
	return p;
}

static void poll_for(struct probe *p, struct expect *x, unsigned cnt)
{
	struct err e;

	for (int i = 0; i < POLLS_MAX && x->total < cnt; i++)
		if (probe_poll(p, POLL_MS, on_event, x, &e) < 0)
			fail_msg("%s", e.text);
	probe_stop(p);
	while (probe_poll(p, 0, on_event, x, &e) > 0)
		;
}

/* Sends all frames and expects each of x->frame once. */
static void check_hook(const char *hook, const struct probe_config *base, struct expect *x)
{
	const struct testveth_frame *sent;
	const char *const hooks[] = {hook, NULL};
	const char *const ifaces[] = {x->ifindex == veth.ifindex[RECEIVER] ? "va" : "vb", NULL};
	struct probe_config c = *base;
	struct probe_counts counts;
	struct probe *p;

	c.hooks = hooks;
	c.ifaces = ifaces;
	c.expr = c.expr ? c.expr : TESTVETH_FILTER;
	x->frame_cnt = testveth_frames(&sent);
	x->frame = x->frame ? x->frame : sent;
	x->snap_len = c.snap_len;
	x->hook = hook;
	p = must_open(&c);
	x->from_ns = wall_ns();
	for (size_t i = 0; i < x->frame_cnt; i++)
		assert_int_equal(testveth_send(&veth, SENDER, sent[i].bytes, sent[i].len), 0);
	poll_for(p, x, (unsigned)x->frame_cnt);
	for (size_t i = 0; i < x->frame_cnt; i++)
		if (x->seen[i] != 1)
			fail_msg("%s: %s: %u events, not one", hook, x->frame[i].what, x->seen[i]);
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &counts), 0);
	assert_int_equal(counts.matched, x->frame_cnt);
	assert_int_equal(counts.captured, x->frame_cnt);
	assert_int_equal(counts.lost_ring + counts.lost_other, 0);
	assert_true(counts.seen >= counts.matched);
	probe_close(p);
}

/* Each hook, written for the running kernel and for 5.4, whole packets and short ones. */
static void check_all(const char *hook, struct expect x)
{
	static const char *const kernels[] = {NULL, "5.4"};
	static const uint32_t snap_lens[] = {0, 33, 14};

	need_veth();
	for (size_t k = 0; k < 2; k++) {
		for (size_t s = 0; s < sizeof(snap_lens) / sizeof(snap_lens[0]); s++) {
			const struct probe_config c = {.kernel = kernels[k],
						       .snap_len = snap_lens[s]};
			struct expect fresh = x;

			check_hook(hook, &c, &fresh);
		}
	}
}

static struct expect at(int end, enum probe_dir dir, bool has_skb)
{
	return (struct expect){.ifindex = veth.ifindex[end], .dir = dir, .has_skb = has_skb};
}

TEST(rx_captures_received_packets)
{
	check_all("rx", at(RECEIVER, PROBE_DIR_IN, true));
}

TEST(tx_captures_sent_packets)
{
	check_all("tx", at(SENDER, PROBE_DIR_OUT, true));
}

TEST(raw_tracepoints_capture_both_directions)
{
	check_all("rawtp:net_dev_start_xmit", at(SENDER, PROBE_DIR_OUT, true));
	check_all("rawtp:netif_receive_skb@1", at(RECEIVER, PROBE_DIR_IN, true));
}

TEST(tracepoints_capture_both_directions)
{
	check_all("tracepoint:net:net_dev_queue", at(SENDER, PROBE_DIR_UNKNOWN, true));
	check_all("tp:net:netif_receive_skb", at(RECEIVER, PROBE_DIR_UNKNOWN, true));
}

TEST(sockets_capture_both_directions)
{
	check_all("socket", at(RECEIVER, PROBE_DIR_IN, false));
	check_all("socket", at(SENDER, PROBE_DIR_OUT, false));
}

TEST(tc_captures_both_directions)
{
	check_all("tc:ingress", at(RECEIVER, PROBE_DIR_IN, true));
	check_all("tc:egress", at(SENDER, PROBE_DIR_OUT, true));
}

TEST(xdp_captures_in_each_mode)
{
	check_all("xdp", at(RECEIVER, PROBE_DIR_IN, false));
	check_all("xdp:generic", at(RECEIVER, PROBE_DIR_IN, false));
	check_all("xdp:native", at(RECEIVER, PROBE_DIR_IN, false));
}

/* An interface has one XDP program: a second one is refused, and the first one stays. */
TEST(a_second_xdp_program_is_refused)
{
	static const char *const hooks[] = {"xdp:generic", NULL}, *const ifaces[] = {"va", NULL};
	static const char *const kernels[] = {NULL, "5.4"};

	need_veth();
	for (size_t k = 0; k < 2; k++) {
		const struct probe_config c = {
			.kernel = kernels[k], .hooks = hooks, .ifaces = ifaces};
		struct probe *p = must_open(&c), *second;
		struct err e = {0};

		assert_int_equal(probe_open(&second, &c, &e), -EBUSY);
		assert_non_null(strstr(e.text, "va already has an XDP program"));
		probe_close(p);
		probe_close(must_open(&c));
	}
}

/* ---- Tags that the kernel keeps beside the packet ------------------------------------------ */

#define TAG "\x81\x00\x21\x23" /* priority 1, VLAN 0x123 = 291 */

/* A tc program that gives every frame the tag, as a VLAN device does. */
static int load_tagger(void)
{
	const int skb_vlan_push = EBPF_FN_skb_vlan_push;
	struct ebpf_prog p = {0};
	struct kbpf_prog_spec spec = {.type = BPF_PROG_TYPE_SCHED_CLS, .name = "tagger"};
	struct ebpf_target t;
	struct ebpf_builder *b;
	struct err e;
	int fd;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", &e), 0);
	b = ebpf_new(&t, EBPF_PROG_SCHED_CLS);
	EMIT(b, MOV(R2, 0x0081), MOV(R3, 0x2123), ebpf_call_helper(skb_vlan_push), MOV(R0, -1),
	     EXIT());
	assert_int_equal(ebpf_finish(b, &p, &e), 0);
	ebpf_free(b);
	spec.insns = p.insns;
	spec.insn_cnt = p.cnt;
	fd = kbpf_prog_load(&spec, &e);
	if (fd < 0)
		fail_msg("%s", e.text);
	ebpf_prog_free(&p);
	return fd;
}

/* What was sent, with the tag where the wire would have it. */
static void tag_frames(struct testveth_frame *tagged)
{
	const struct testveth_frame *sent;
	size_t cnt = testveth_frames(&sent);

	for (size_t i = 0; i < cnt; i++) {
		tagged[i] = sent[i];
		memcpy(tagged[i].bytes + 12, TAG, 4);
		memcpy(tagged[i].bytes + 16, sent[i].bytes + 12, sent[i].len - 12);
		tagged[i].len += 4;
	}
}

static void check_tagged(const char *hook, struct expect x, const struct testveth_frame *tagged)
{
	static const char *const kernels[] = {NULL, "5.4"};
	static const uint32_t snap_lens[] = {0, 40, 17, 16};

	x.frame = tagged;
	for (size_t k = 0; k < 2; k++) {
		for (size_t s = 0; s < sizeof(snap_lens) / sizeof(snap_lens[0]); s++) {
			const struct probe_config c = {.kernel = kernels[k],
						       .snap_len = snap_lens[s],
						       .expr = "vlan 291 and " TESTVETH_FILTER};
			struct expect fresh = x;

			check_hook(hook, &c, &fresh);
		}
	}
}

/*
 * Starts a process that tags what "vb" sends until the pipe is closed. It exits with 0 on success.
 */
static pid_t start_tagger(int *stop_fd)
{
	struct kbpf_tc tc = {0};
	int fds[2], ready[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = load_tagger();

		close(fds[1]);
		if (kbpf_tc_attach(&tc, fd, veth.ifindex[SENDER], KBPF_TC_EGRESS,
				   kbpf_has_tcx() == 1, NULL) < 0)
			_exit(1);
		(void)!write(ready[1], "", 1);
		(void)!read(fds[0], &byte, 1);
		_exit(kbpf_tc_detach(&tc, NULL) < 0);
	}
	close(fds[0]);
	close(ready[1]);
	(void)!read(ready[0], &byte, 1);
	close(ready[0]);
	*stop_fd = fds[1];
	return pid;
}

TEST(a_tag_beside_the_packet_is_put_back)
{
	static struct testveth_frame tagged[FRAMES_MAX];
	int stop_fd, status;
	pid_t tagger;

	need_veth();
	tag_frames(tagged);
	tagger = start_tagger(&stop_fd);
	check_tagged("tx", at(SENDER, PROBE_DIR_OUT, true), tagged);
	check_tagged("rx", at(RECEIVER, PROBE_DIR_IN, true), tagged);
	check_tagged("rawtp:net_dev_start_xmit", at(SENDER, PROBE_DIR_OUT, true), tagged);
	check_tagged("socket", at(RECEIVER, PROBE_DIR_IN, false), tagged);
	check_tagged("tc:ingress", at(RECEIVER, PROBE_DIR_IN, true), tagged);
	close(stop_fd);
	assert_int_equal(waitpid(tagger, &status, 0), tagger);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rx_captures_received_packets),
		cmocka_unit_test(tx_captures_sent_packets),
		cmocka_unit_test(raw_tracepoints_capture_both_directions),
		cmocka_unit_test(tracepoints_capture_both_directions),
		cmocka_unit_test(sockets_capture_both_directions),
		cmocka_unit_test(tc_captures_both_directions),
		cmocka_unit_test(xdp_captures_in_each_mode),
		cmocka_unit_test(a_second_xdp_program_is_refused),
		cmocka_unit_test(a_tag_beside_the_packet_is_put_back),
	};

	return cmocka_run_group_tests_name("probe_capture", tests, vethgroup_setup,
					   vethgroup_teardown);
}
