/* SPDX-License-Identifier: MIT */
/*
 * probe_follow.c - captures at several interfaces at once, chosen by names, globs or "any", at
 * those that appear while it runs, and at one that is deleted and created again: once one is
 * announced, no packet is missed.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/testnet.h"
#include "../lib/vethgroup.h"
#include "bpfcap/probe.h"

enum { CNT = 5, POLL_MS = 20, QUIET_POLLS = 5, WAIT_POLLS = 250 };

static void need_veth(void)
{
	if (has_veth)
		return;
	print_message("needs rights to make network namespaces and veth devices\n");
	skip();
}

/* The notices and packets of a session. */
struct seen {
	char notices[1024];
	unsigned cnt;
	unsigned at[2]; /* of these: at interfaces whose names start with "old", "new" */
};

static void on_notice(void *user, const char *text)
{
	struct seen *s = user;
	size_t len = strlen(s->notices);

	(void)snprintf(s->notices + len, sizeof(s->notices) - len, "%s\n", text);
}

static int on_event(void *user, const struct probe_event *ev)
{
	struct seen *s = user;

	s->cnt++;
	s->at[0] += strncmp(ev->ifname, "old", 3) == 0;
	s->at[1] += strncmp(ev->ifname, "new", 3) == 0;
	return 0;
}

static struct probe *begin(const char *hook, const char *kernel, const char *pattern,
			   struct seen *s)
{
	const char *const hooks[] = {hook, NULL}, *const patterns[] = {pattern, NULL};
	const struct probe_config c = {.kernel = kernel,
				       .hooks = hooks,
				       .ifaces = patterns,
				       .expr = "ether proto 0x88b5",
				       .notice = on_notice,
				       .notice_user = s};
	struct probe *p;
	struct err e;

	*s = (struct seen){0};
	if (probe_open(&p, &c, &e) < 0)
		fail_msg("%s -i %s: %s", hook, pattern, e.text);
	return p;
}

/* Until nothing comes any more; none is lost. */
static void read_all(struct probe *p, struct seen *s)
{
	struct probe_counts c;

	for (int quiet = 0; quiet < QUIET_POLLS;)
		quiet = probe_poll(p, POLL_MS, on_event, s, NULL) == 0 ? quiet + 1 : 0;
	assert_int_equal(probe_counts(p, PROBE_ALL_HOOKS, &c), 0);
	assert_int_equal(c.matched, s->cnt);
	assert_int_equal(c.captured, s->cnt);
	assert_int_equal(c.lost_ring + c.lost_other, 0);
}

static void wait_for(struct probe *p, struct seen *s, const char *notice)
{
	for (int i = 0; i < WAIT_POLLS && !strstr(s->notices, notice); i++)
		(void)probe_poll(p, POLL_MS, on_event, s, NULL);
	if (!strstr(s->notices, notice))
		fail_msg("no '%s' in: %s", notice, s->notices);
}

static void make(const char *a, const char *b)
{
	assert_int_equal(testnet_veth(a, b), 0);
}

static void send_to(const char *peer)
{
	assert_int_equal(testnet_send_frames(peer, CNT), 0);
}

/* One of a glob's is there, another comes, the first goes. */
static void follows(const char *hook, const char *kernel, const char *pattern)
{
	struct seen s;
	struct probe *p;

	print_message("%s -i %s\n", hook, pattern);
	make("old0", "peer0");
	p = begin(hook, kernel, pattern, &s);
	send_to("peer0");
	read_all(p, &s);
	assert_int_equal(s.at[0], CNT);
	make("new0", "peer1");
	wait_for(p, &s, "capturing at new0 as well");
	send_to("peer0");
	send_to("peer1");
	read_all(p, &s);
	assert_int_equal(s.at[0], 2 * CNT);
	assert_int_equal(s.at[1], CNT);
	assert_int_equal(testnet_del_link("old0"), 0);
	wait_for(p, &s, "old0 is gone");
	send_to("peer1");
	read_all(p, &s);
	assert_int_equal(s.at[1], 2 * CNT);
	probe_stop(p);
	probe_close(p);
	assert_int_equal(testnet_del_link("new0"), 0);
}

TEST(tc_follows_new_interfaces)
{
	need_veth();
	follows("tc:ingress", NULL, "*[wd]0");
	follows("tc:ingress", "5.4", "*[wd]0");
}

TEST(xdp_follows_new_interfaces)
{
	need_veth();
	follows("xdp:generic", NULL, "*[wd]0");
	follows("xdp:generic", "5.4", "*[wd]0");
}

/* One program that asks a map. */
TEST(shared_programs_follow_new_interfaces)
{
	need_veth();
	follows("rx", NULL, "*[wd]0");
	follows("socket", "5.4", "[on]*0");
}

/*
 * Deletes old0 and creates it again with the same number: it is seen as one that changed, if at
 * all.
 */
static void replace(void)
{
	char index[16], out[256];
	const char *const add[] = {"ip",   "link", "add",  "old0", "index", index,
				   "type", "veth", "peer", "name", "peer0", NULL};
	const char *const up[][6] = {{"ip", "link", "set", "old0", "up", NULL},
				     {"ip", "link", "set", "peer0", "up", NULL}};

	(void)snprintf(index, sizeof(index), "%u", if_nametoindex("old0"));
	assert_int_equal(testnet_del_link("old0"), 0);
	assert_int_equal(testveth_run(add, out, sizeof(out)), 0);
	assert_int_equal(testveth_run(up[0], out, sizeof(out)), 0);
	assert_int_equal(testveth_run(up[1], out, sizeof(out)), 0);
}

/* The one that has the name is captured at, whichever it is. */
static void renews(const char *hook, const char *kernel, bool same_number)
{
	struct seen s;
	struct probe *p;

	print_message("%s\n", hook);
	make("old0", "peer0");
	p = begin(hook, kernel, "old0", &s);
	send_to("peer0");
	send_to("va");
	read_all(p, &s);
	assert_int_equal(s.cnt, CNT);
	if (same_number) {
		replace();
	} else {
		assert_int_equal(testnet_del_link("old0"), 0);
		wait_for(p, &s, "old0 is gone");
		make("old0", "peer0");
	}
	wait_for(p, &s, "capturing at old0 as well");
	send_to("peer0");
	send_to("va");
	read_all(p, &s);
	assert_int_equal(s.cnt, 2 * CNT);
	assert_int_equal(s.at[0], 2 * CNT);
	probe_close(p);
	assert_int_equal(testnet_del_link("old0"), 0);
}

TEST(interfaces_made_again_are_captured)
{
	need_veth();
	renews("tc:ingress", "5.4", false);
	renews("tc:ingress", NULL, true);
	renews("xdp", NULL, false);
	renews("rx", NULL, false);
	renews("socket", NULL, true);
}

/* "any" includes the peers, and interfaces that exist before the session. */
TEST(any_includes_interfaces_of_before)
{
	struct seen s;
	struct probe *p;

	need_veth();
	p = begin("tc", NULL, "any", &s);
	make("new0", "peer1");
	wait_for(p, &s, "capturing at new0 as well");
	wait_for(p, &s, "capturing at peer1 as well");
	send_to("peer1");
	send_to("va");
	read_all(p, &s);
	assert_int_equal(s.cnt, 4 * CNT);
	assert_int_equal(s.at[1], CNT);
	probe_close(p);
	assert_int_equal(testnet_del_link("new0"), 0);
}

TEST(patterns_choose_interfaces)
{
	static const char *const tc[] = {"tc:ingress", NULL}, *const wrong[] = {"v*", "nosuch0",
										NULL};
	const struct probe_config c = {.hooks = tc, .ifaces = wrong};
	struct seen s;
	struct probe *p;
	struct err e;

	need_veth();
	assert_int_equal(probe_open(&p, &c, &e), -EINVAL);
	assert_non_null(strstr(e.text, "nosuch0"));
	p = begin("tc:ingress", NULL, "new*", &s); /* none is there */
	make("new0", "peer1");
	wait_for(p, &s, "capturing at new0 as well");
	send_to("peer1");
	send_to("va");
	read_all(p, &s);
	assert_int_equal(s.cnt, CNT);
	probe_close(p);
	assert_int_equal(testnet_del_link("new0"), 0);
}

/* An interface that already has an XDP program is reported, and does not affect others. */
TEST(an_interface_with_another_xdp_program_is_reported)
{
	struct probe *p, *first;
	struct seen s, other;

	need_veth();
	make("old0", "peer0");
	make("new0", "peer1");
	first = begin("xdp:generic", NULL, "old0", &other);
	p = begin("xdp:generic", NULL, "*0", &s);
	assert_non_null(strstr(s.notices, "not capturing at xdp:generic of old0: "));
	send_to("peer0");
	send_to("peer1");
	read_all(p, &s);
	assert_int_equal(s.at[0], 0);
	assert_int_equal(s.at[1], CNT);
	read_all(first, &other);
	assert_int_equal(other.at[0], CNT);
	probe_close(p);
	probe_close(first);
	assert_int_equal(testnet_del_link("old0"), 0);
	assert_int_equal(testnet_del_link("new0"), 0);
}

/* In another network namespace: an interface with this number receives frames. */
static void receive_elsewhere(int ifindex)
{
	char index[16], out[256];
	const char *const add[] = {"ip",   "link", "add",  "new0", "index", index,
				   "type", "veth", "peer", "name", "peer1", NULL};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const char *const up[][6] = {{"ip", "link", "set", "new0", "up", NULL},
					     {"ip", "link", "set", "peer1", "up", NULL}};

		(void)snprintf(index, sizeof(index), "%d", ifindex);
		_exit(testnet_enter() < 0 || testveth_run(add, out, sizeof(out)) != 0 ||
		      testveth_run(up[0], out, sizeof(out)) != 0 ||
		      testveth_run(up[1], out, sizeof(out)) != 0 ||
		      testnet_send_frames("peer1", CNT) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Each namespace numbers its interfaces from 1. */
TEST(equal_numbers_in_two_namespaces_are_two_interfaces)
{
	struct seen s;
	struct probe *p;

	need_veth();
	p = begin("rx", NULL, "any", &s);
	receive_elsewhere(veth.ifindex[0]);
	read_all(p, &s);
	assert_int_equal(s.at[1], CNT);
	probe_close(p);
	p = begin("rx", NULL, "va", &s);
	receive_elsewhere(veth.ifindex[0]);
	send_to("vb");
	read_all(p, &s);
	assert_int_equal(s.cnt, CNT);
	assert_int_equal(s.at[1], 0);
	probe_close(p);
	p = begin("rx", "5.4", "v[a]", &s);
	receive_elsewhere(veth.ifindex[0]);
	send_to("vb");
	read_all(p, &s);
	assert_int_equal(s.cnt, CNT);
	probe_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tc_follows_new_interfaces),
		cmocka_unit_test(xdp_follows_new_interfaces),
		cmocka_unit_test(shared_programs_follow_new_interfaces),
		cmocka_unit_test(interfaces_made_again_are_captured),
		cmocka_unit_test(any_includes_interfaces_of_before),
		cmocka_unit_test(patterns_choose_interfaces),
		cmocka_unit_test(an_interface_with_another_xdp_program_is_reported),
		cmocka_unit_test(equal_numbers_in_two_namespaces_are_two_interfaces),
	};

	return cmocka_run_group_tests_name("probe_follow", tests, vethgroup_setup,
					   vethgroup_teardown);
}
