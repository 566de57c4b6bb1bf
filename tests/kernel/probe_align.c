/* SPDX-License-Identifier: MIT */
/*
 * probe_align.c - captures work where the kernel refuses unaligned access, as it does on riscv64,
 * mips and sparc. BPF_F_STRICT_ALIGNMENT makes every kernel do so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bpfcap/probe.h"
#include "../lib/vethgroup.h"

enum { SENDER = 1 };

/* Each matches some of testveth.h's frames; most compare addresses of four bytes. */
static const char *const exprs[] = {"", "host 10.9.9.9 or ip", "ip6 host 2001:db8::77 or ip6",
				    "ether host 02:00:00:00:00:09 or arp",
				    "tcp[4:4] = 1 or udp[8:4] = 1 or vlan"};

static int count(void *user, const struct probe_event *ev)
{
	(void)ev;
	++*(unsigned *)user;
	return 0;
}

/* The number of packets captured when each of the frames is sent once. */
static unsigned captured(const struct probe_config *c)
{
	const struct testveth_frame *frame;
	unsigned cnt = 0;
	size_t frame_cnt;
	struct probe *p;
	struct err e;

	if (probe_open(&p, c, &e) < 0)
		fail_msg("'%s' at %s: %s", c->expr, c->hooks[0], e.text);
	frame_cnt = testveth_frames(&frame);
	for (size_t i = 0; i < frame_cnt; i++)
		assert_int_equal(testveth_send(&veth, SENDER, frame[i].bytes, frame[i].len), 0);
	probe_stop(p);
	while (probe_poll(p, 0, count, &cnt, NULL) > 0)
		;
	probe_close(p);
	return cnt;
}

static void captures_as_much_as_without(struct probe_config c)
{
	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		unsigned strict, usual;

		c.expr = exprs[i];
		c.strict_alignment = true;
		strict = captured(&c);
		c.strict_alignment = false;
		usual = captured(&c);
		assert_true(usual > 0);
		assert_int_equal(strict, usual);
	}
}

static void at_every_hook(const char *kernel)
{
	static const char *const specs[] = {"tx", "tp:net:net_dev_queue", "tc:egress", "socket"};
	static const char *const ifaces[] = {"vb", NULL};

	if (!has_veth) {
		print_message("needs rights to make network namespaces and veth devices\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		const char *const hooks[] = {specs[i], NULL};
		struct probe_config c = {.kernel = kernel, .hooks = hooks, .ifaces = ifaces};

		captures_as_much_as_without(c);
	}
}

static void hooks_capture_as_much_on_the_running_kernel(void **state)
{
	(void)state;
	at_every_hook(NULL);
}

static void hooks_capture_as_much_with_programs_for_5_4(void **state)
{
	(void)state;
	at_every_hook("5.4");
}

static void options_capture_as_much(void **state)
{
	static const char *const hooks[] = {"tx", NULL}, *const ifaces[] = {"vb", NULL};

	(void)state;
	if (!has_veth)
		skip();
	captures_as_much_as_without((struct probe_config){.kernel = "5.4",
							  .hooks = hooks,
							  .ifaces = ifaces,
							  .stack = true,
							  .track = true,
							  .netns = "self"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hooks_capture_as_much_on_the_running_kernel),
		cmocka_unit_test(hooks_capture_as_much_with_programs_for_5_4),
		cmocka_unit_test(options_capture_as_much),
	};

	return cmocka_run_group_tests(tests, vethgroup_setup, vethgroup_teardown);
}
