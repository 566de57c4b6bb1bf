/* SPDX-License-Identifier: MIT */
/* probe_meta.c - filters on metadata of packets, and the metadata of events. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/vethgroup.h"
#include "bpfcap/probe.h"

enum { CNT = 7, POLL_MS = 20, QUIET_POLLS = 5, MARK = 0x1234, SENDER = 1 };

static void need_veth(void)
{
	if (has_veth)
		return;
	print_message("needs rights to make network namespaces and veth devices\n");
	skip();
}

static int keep_last(void *user, const struct probe_event *ev)
{
	*(struct probe_event *)user = *ev;
	return 0;
}

static void send_frames(void)
{
	const struct testveth_frame *frame;

	(void)testveth_frames(&frame);
	for (int i = 0; i < CNT; i++)
		assert_int_equal(testveth_send(&veth, SENDER, frame[2].bytes, frame[2].len), 0);
}

/* Sends CNT frames; how many are matched, by the expression or else by TESTVETH_FILTER? */
static uint64_t matched(const char *hook, struct probe_config c, struct probe_event *last)
{
	const char *const hooks[] = {hook, NULL};
	struct probe_counts counts;
	struct probe *p;
	struct err e;

	c.hooks = hooks;
	if (!c.expr)
		c.expr = TESTVETH_FILTER;
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s", e.text);
	send_frames();
	for (int quiet = 0; quiet < QUIET_POLLS;)
		quiet = probe_poll(p, POLL_MS, keep_last, last, &e) == 0 ? quiet + 1 : 0;
	probe_stop(p);
	while (probe_poll(p, 0, keep_last, last, &e) > 0)
		;
	assert_int_equal(probe_counts(p, 0, &counts), 0);
	assert_int_equal(counts.matched, counts.captured);
	assert_int_equal(counts.lost_ring + counts.lost_other, 0);
	probe_close(p);
	return counts.matched;
}

static void refused(const char *hook, struct probe_config c, int code, const char *text)
{
	const char *const hooks[] = {hook, NULL}, *const ifaces[] = {"va", NULL};
	struct probe *p;
	struct err e;

	c.hooks = hooks;
	c.ifaces = ifaces;
	assert_int_equal(probe_open(&p, &c, &e), code);
	if (!strstr(e.text, text))
		fail_msg("no '%s' in: %s", text, e.text);
}

TEST(a_mark_selects_packets)
{
	static const char *const ifaces[] = {"vb", NULL};
	static const char *const hooks[] = {"tx", "tp:net:net_dev_queue", "socket", "tc:egress"};
	struct probe_event ev;
	int mark = MARK;

	need_veth();
	assert_int_equal(setsockopt(veth.sock[SENDER], SOL_SOCKET, SO_MARK, &mark, sizeof(mark)),
			 0);
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		struct probe_config c = {.ifaces = ifaces, .mark = "0x1234"};

		assert_int_equal(matched(hooks[i], c, &ev), CNT);
		c.mark = "0x34/0xff";
		assert_int_equal(matched(hooks[i], c, &ev), CNT);
		c.mark = "0xffffff34/0xff";
		assert_int_equal(matched(hooks[i], c, &ev), CNT);
		c.mark = "0x35/0xff";
		assert_int_equal(matched(hooks[i], c, &ev), 0);
		c.mark = "4660/0xffffffff";
		assert_int_equal(matched(hooks[i], c, &ev), CNT);
	}
	refused("tx", (struct probe_config){.mark = "x"}, -EINVAL, "'x'");
	refused("tx", (struct probe_config){.mark = "1/"}, -EINVAL, "'1/'");
	refused("tx", (struct probe_config){.mark = "4294967296"}, -EINVAL, "mark");
}

/* What libpcap reads beside the packet: direction and interface, where the hook knows them. */
TEST(direction_and_interface_select_packets)
{
	static const char *const in[] = {"va", NULL}, *const out[] = {"vb", NULL};
	static const struct {
		const char *hook;
		bool outbound;
	} hooks[] = {
		{"rx", false},	     {"tc:ingress", false},	    {"tx", true},
		{"tc:egress", true}, {"rawtp:net_dev_queue", true},
	};
	char ifindex[96], other[96];
	struct probe_event ev;

	need_veth();
	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		bool sent = hooks[i].outbound;
		struct probe_config c = {.ifaces = sent ? out : in};

		c.expr = TESTVETH_FILTER " and inbound";
		assert_int_equal(matched(hooks[i].hook, c, &ev), sent ? 0 : CNT);
		c.expr = TESTVETH_FILTER " and outbound";
		assert_int_equal(matched(hooks[i].hook, c, &ev), sent ? CNT : 0);
		(void)snprintf(ifindex, sizeof(ifindex), TESTVETH_FILTER " and ifindex %d",
			       veth.ifindex[sent]);
		(void)snprintf(other, sizeof(other), TESTVETH_FILTER " and ifindex %d",
			       veth.ifindex[!sent]);
		c.expr = ifindex;
		assert_int_equal(matched(hooks[i].hook, c, &ev), CNT);
		c.expr = other;
		assert_int_equal(matched(hooks[i].hook, c, &ev), 0);
	}
}

TEST(a_process_selects_packets)
{
	static const char *const ifaces[] = {"vb", NULL};
	struct probe_config c = {.ifaces = ifaces, .pid = (uint32_t)getpid()};
	struct probe_event ev = {0};

	need_veth();
	assert_int_equal(matched("tx", c, &ev), CNT);
	assert_int_equal(ev.pid, getpid());
	c.pid = 1;
	assert_int_equal(matched("tx", c, &ev), 0);
}

TEST(a_namespace_selects_packets)
{
	static const char *const ifaces[] = {"va", NULL};
	struct probe_config c = {.ifaces = ifaces};
	struct probe_event ev = {0};
	char inode[32];
	struct stat st;

	need_veth();
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	assert_int_equal(matched("rx", c, &ev), CNT);
	assert_int_equal(ev.netns, st.st_ino);
	assert_string_equal(ev.ifname, "va");
	assert_int_equal(matched("socket", c, &ev), CNT);
	assert_int_equal(ev.netns, st.st_ino);
	assert_string_equal(ev.ifname, "va");
	c.netns = "self";
	assert_int_equal(matched("rx", c, &ev), CNT);
	c.netns = "/proc/self/ns/net";
	assert_int_equal(matched("rx", c, &ev), CNT);
	(void)snprintf(inode, sizeof(inode), "%u", (unsigned)st.st_ino);
	c.netns = inode;
	assert_int_equal(matched("rx", c, &ev), CNT);
	assert_int_equal(matched("socket", c, &ev), CNT);
	c.netns = "12345";
	c.ifaces = NULL;
	assert_int_equal(matched("rx", c, &ev), 0);
	refused("rx", (struct probe_config){.netns = "no-such-ns"}, -EINVAL, "no-such-ns");
	refused("socket", (struct probe_config){.netns = "12345"}, -EINVAL, "12345");
}

/* A device in another namespace is known by its name there. */
TEST(a_device_elsewhere_has_its_name_there)
{
	struct testveth inner;
	struct probe_event ev = {0};
	const char *const hooks[] = {"rx", NULL};
	const struct probe_config c = {.hooks = hooks, .expr = TESTVETH_FILTER};
	struct probe *p;
	int status;
	pid_t pid;

	need_veth();
	assert_int_equal(probe_open(&p, &c, NULL), 0);
	pid = fork();
	if (pid == 0) {
		const struct testveth_frame *frame;

		(void)testveth_frames(&frame);
		_exit(testveth_open(&inner) < 0 ||
		      testveth_send(&inner, SENDER, frame[0].bytes, frame[0].len) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	for (int i = 0; i < 50 && !ev.ifname[0]; i++)
		(void)probe_poll(p, POLL_MS, keep_last, &ev, NULL);
	assert_string_equal(ev.ifname, "va");
	assert_true(ev.netns != 0);
	probe_close(p);
}

/* These frames have no taker, which is a reason of its own where there are reasons. */
TEST(a_drop_reason_selects_packets)
{
	static const char *const ifaces[] = {"va", NULL};
	static const char *const unhandled[] = {"unhandled_proto", NULL};
	static const char *const two[] = {"SKB_DROP_REASON_NO_SOCKET", "UNHANDLED_PROTO", NULL};
	static const char *const other[] = {"NO_SOCKET", NULL}, *const wrong[] = {"NONSENSE", NULL};
	static const char *const number[] = {"1000", NULL};
	struct probe_config c = {.ifaces = ifaces};
	struct probe_event ev = {0};

	need_veth();
	assert_int_equal(matched("drop", c, &ev), CNT);
	if (!ev.has_reason) {
		c.reasons = number;
		refused("drop", c, -ENOTSUP, "why a packet is dropped");
		c.reasons = other;
		refused("drop", c, -ENOTSUP, "5.17");
		return;
	}
	c.reasons = unhandled;
	assert_int_equal(matched("drop", c, &ev), CNT);
	c.reasons = two;
	assert_int_equal(matched("drop", c, &ev), CNT);
	c.reasons = other;
	assert_int_equal(matched("drop", c, &ev), 0);
	c.reasons = number;
	assert_int_equal(matched("drop", c, &ev), 0);
	c.reasons = wrong;
	refused("drop", c, -EINVAL, "NONSENSE");
	c.reasons = other;
	refused("rx", c, -ENOTSUP, "why a packet is dropped");
	refused("socket", c, -ENOTSUP, "why a packet is dropped");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_selects_packets),
		cmocka_unit_test(direction_and_interface_select_packets),
		cmocka_unit_test(a_process_selects_packets),
		cmocka_unit_test(a_namespace_selects_packets),
		cmocka_unit_test(a_device_elsewhere_has_its_name_there),
		cmocka_unit_test(a_drop_reason_selects_packets),
	};

	return cmocka_run_group_tests_name("probe_meta", tests, vethgroup_setup,
					   vethgroup_teardown);
}
