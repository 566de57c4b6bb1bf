/* SPDX-License-Identifier: MIT */
/*
 * testtc.c - tc by rtnetlink of the tests' own, so that they do not believe the code
 * they test; see testtc.h. A failure of the socket itself fails the test.
 */
#include "testtc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

int testtc_ifindex = TESTTC_LO;

static char buf[32768];

/* Sends a request; appends a line for each object of the answer to `show` (may be NULL). */
static int talk(struct nlmsghdr *h, char *show)
{
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	int done = 0, code = 0;

	assert_non_null(s);
	assert_int_equal(mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID), 0);
	h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	assert_true(mnl_socket_sendto(s, h, h->nlmsg_len) > 0);
	while (!done) {
		int len = (int)mnl_socket_recvfrom(s, buf, sizeof(buf));
		struct nlmsghdr *m = (void *)buf;

		assert_true(len > 0);
		for (; mnl_nlmsg_ok(m, len); m = mnl_nlmsg_next(m, &len)) {
			struct tcmsg *t = mnl_nlmsg_get_payload(m);

			if (m->nlmsg_type == NLMSG_ERROR)
				code = *(int *)mnl_nlmsg_get_payload(m);
			done |= m->nlmsg_type == NLMSG_ERROR || m->nlmsg_type == NLMSG_DONE;
			if (!done && show)
				snprintf(show + strlen(show), TESTTC_SHOW_LEN - strlen(show),
					 "%d dev %d parent %x handle %x info %x kind %s\n",
					 m->nlmsg_type, t->tcm_ifindex, t->tcm_parent,
					 t->tcm_handle, t->tcm_info,
					 mnl_attr_get_str(
						 mnl_nlmsg_get_payload_offset(m, sizeof(*t))));
		}
	}
	mnl_socket_close(s);
	return code;
}

static struct nlmsghdr *request(char *room, uint16_t type, uint16_t flags, struct tcmsg tcm)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(room);

	h->nlmsg_type = type;
	h->nlmsg_flags = flags;
	tcm.tcm_ifindex = testtc_ifindex;
	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(tcm)), &tcm, sizeof(tcm));
	return h;
}

void testtc_show(char text[TESTTC_SHOW_LEN])
{
	char room[512];

	text[0] = '\0';
	talk(request(room, RTM_GETQDISC, NLM_F_DUMP, (struct tcmsg){0}), text);
	talk(request(room, RTM_GETTFILTER, NLM_F_DUMP,
		     (struct tcmsg){.tcm_parent = TESTTC_INGRESS}),
	     text);
	talk(request(room, RTM_GETTFILTER, NLM_F_DUMP, (struct tcmsg){.tcm_parent = TESTTC_EGRESS}),
	     text);
}

int testtc_qdisc(uint16_t type, const char *kind)
{
	char room[512];
	struct nlmsghdr *h = request(
		room, type, type == RTM_NEWQDISC ? NLM_F_CREATE | NLM_F_EXCL : 0,
		(struct tcmsg){.tcm_parent = TC_H_CLSACT, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0)});

	mnl_attr_put_strz(h, TCA_KIND, kind);
	return talk(h, NULL);
}

int testtc_filter(uint32_t parent, uint32_t prio, int prog_fd)
{
	char room[512];
	struct nlmsghdr *h =
		request(room, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
			(struct tcmsg){.tcm_parent = parent,
				       .tcm_handle = 1,
				       .tcm_info = TC_H_MAKE(prio << 16, htons(ETH_P_ALL))});
	struct nlattr *nest;

	mnl_attr_put_strz(h, TCA_KIND, "bpf");
	nest = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put_u32(h, TCA_BPF_FD, (uint32_t)prog_fd);
	mnl_attr_put_strz(h, TCA_BPF_NAME, "foreign");
	mnl_attr_put_u32(h, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(h, nest);
	return talk(h, NULL);
}

struct testnet_counter testtc_ours, testtc_other;

int testtc_setup(void **state)
{
	(void)state;
	testtc_ours.prog_fd = -1;
	if (testnet_enter() < 0 ||
	    testnet_counter_load(&testtc_ours, BPF_PROG_TYPE_SCHED_CLS, TC_ACT_UNSPEC) < 0)
		return 0;
	return testnet_counter_load(&testtc_other, BPF_PROG_TYPE_SCHED_CLS, TC_ACT_OK);
}

int testtc_teardown(void **state)
{
	(void)state;
	if (testtc_ours.prog_fd >= 0) {
		testnet_counter_close(&testtc_ours);
		testnet_counter_close(&testtc_other);
	}
	return 0;
}

void testtc_need(void)
{
	int rc;

	if (testtc_ours.prog_fd < 0) {
		print_message("needs bpf(2) and a network namespace with full rights\n");
		skip();
	}
	rc = testtc_qdisc(RTM_NEWQDISC, "clsact");
	if (rc == -ENOENT) {
		print_message("this kernel has no clsact qdisc\n");
		skip();
	}
	assert_int_equal(rc, 0);
	assert_int_equal(testtc_qdisc(RTM_DELQDISC, "clsact"), 0);
}
