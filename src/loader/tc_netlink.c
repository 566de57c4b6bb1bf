/* SPDX-License-Identifier: MIT */
/* tc_netlink.c - the messages of tc; see tc_netlink.h. */
#include "tc_netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink.h"

#define OUR_HANDLE 1u

static uint32_t parent_of(enum kbpf_tc_dir dir)
{
	return TC_H_MAKE(TC_H_CLSACT, dir == KBPF_TC_INGRESS ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

static struct nlmsghdr *request(struct netlink *nl, uint16_t type, uint16_t flags,
				const struct tcmsg *tcm)
{
	struct nlmsghdr *h = kbpf_nl_request(nl, type, flags);

	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(*tcm)), tcm, sizeof(*tcm));
	return h;
}

struct qdisc_walk {
	tc_qdisc_fn fn;
	void *user;
	int rc;
};

static int take_kind(const struct nlattr *a, void *user)
{
	if (mnl_attr_get_type(a) == TCA_KIND && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		*(const char **)user = mnl_attr_get_str(a);
	return MNL_CB_OK;
}

static const char *kind_of(const struct nlmsghdr *h)
{
	const char *kind = "";

	(void)mnl_attr_parse(h, sizeof(struct tcmsg), take_kind, &kind);
	return kind;
}

static int on_qdisc(const struct nlmsghdr *h, void *user)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(h);
	struct qdisc_walk *w = user;
	enum tc_qdisc kind = TC_QDISC_OTHER;

	if (h->nlmsg_type != RTM_NEWQDISC || tcm->tcm_parent != TC_H_CLSACT || w->rc)
		return MNL_CB_OK;
	if (strcmp(kind_of(h), "clsact") == 0)
		kind = TC_QDISC_CLSACT;
	else if (strcmp(kind_of(h), "ingress") == 0)
		kind = TC_QDISC_INGRESS;
	w->rc = w->fn(w->user, tcm->tcm_ifindex, kind);
	return MNL_CB_OK;
}

int kbpf_tcnl_qdiscs(struct netlink *nl, tc_qdisc_fn fn, void *user)
{
	const struct tcmsg tcm = {.tcm_family = AF_UNSPEC};
	struct qdisc_walk w = {.fn = fn, .user = user};
	int rc = kbpf_nl_talk(nl, request(nl, RTM_GETQDISC, NLM_F_DUMP, &tcm), on_qdisc, &w);

	return rc < 0 ? rc : w.rc;
}

struct filter_walk {
	int ifindex;
	enum kbpf_tc_dir dir;
	tc_filter_fn fn;
	void *user;
	int rc;
};

static int take_bpf_attr(const struct nlattr *a, void *user)
{
	struct tc_filter *f = user;

	if (mnl_attr_get_type(a) == TCA_BPF_ID && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
		f->prog_id = mnl_attr_get_u32(a);
	else if (mnl_attr_get_type(a) == TCA_BPF_NAME &&
		 mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		(void)snprintf(f->name, sizeof(f->name), "%s", mnl_attr_get_str(a));
	return MNL_CB_OK;
}

static int take_options(const struct nlattr *a, void *user)
{
	if (mnl_attr_get_type(a) == TCA_OPTIONS)
		return mnl_attr_parse_nested(a, take_bpf_attr, user);
	return MNL_CB_OK;
}

static int on_filter(const struct nlmsghdr *h, void *user)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(h);
	struct filter_walk *w = user;
	struct tc_filter f = {
		.ifindex = w->ifindex,
		.dir = w->dir,
		.prio = TC_H_MAJ(tcm->tcm_info) >> 16,
		.info = tcm->tcm_info,
		.handle = tcm->tcm_handle,
	};

	if (h->nlmsg_type != RTM_NEWTFILTER || w->rc)
		return MNL_CB_OK;
	if (strcmp(kind_of(h), "bpf") == 0)
		(void)mnl_attr_parse(h, sizeof(*tcm), take_options, &f);
	w->rc = w->fn(w->user, &f);
	return MNL_CB_OK;
}

int kbpf_tcnl_filters(struct netlink *nl, int ifindex, enum kbpf_tc_dir dir, tc_filter_fn fn,
		      void *user)
{
	const struct tcmsg tcm = {.tcm_ifindex = ifindex, .tcm_parent = parent_of(dir)};
	struct filter_walk w = {.ifindex = ifindex, .dir = dir, .fn = fn, .user = user};
	int rc = kbpf_nl_talk(nl, request(nl, RTM_GETTFILTER, NLM_F_DUMP, &tcm), on_filter, &w);

	return rc < 0 ? rc : w.rc;
}

static struct nlmsghdr *change_clsact(struct netlink *nl, uint16_t type, uint16_t flags,
				      int ifindex)
{
	const struct tcmsg tcm = {
		.tcm_ifindex = ifindex,
		.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0),
		.tcm_parent = TC_H_CLSACT,
	};
	struct nlmsghdr *h = request(nl, type, flags, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "clsact");
	return h;
}

int kbpf_tcnl_del_clsact(struct netlink *nl, int ifindex)
{
	return kbpf_nl_talk(nl, change_clsact(nl, RTM_DELQDISC, 0, ifindex), NULL, NULL);
}

/* `h` is a request without payload. */
static void describe_filter(struct nlmsghdr *h, const struct tc_new_filter *f)
{
	const struct tcmsg tcm = {
		.tcm_ifindex = f->ifindex,
		.tcm_handle = OUR_HANDLE,
		.tcm_parent = parent_of(f->dir),
		.tcm_info = TC_H_MAKE(f->prio << 16, htons(ETH_P_ALL)),
	};
	struct nlattr *options;

	memcpy(mnl_nlmsg_put_extra_header(h, sizeof(tcm)), &tcm, sizeof(tcm));
	mnl_attr_put_strz(h, TCA_KIND, "bpf");
	options = mnl_attr_nest_start(h, TCA_OPTIONS);
	mnl_attr_put_u32(h, TCA_BPF_FD, (uint32_t)f->prog_fd);
	mnl_attr_put_strz(h, TCA_BPF_NAME, f->name);
	mnl_attr_put_u32(h, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	mnl_attr_nest_end(h, options);
}

int kbpf_tcnl_add_filter(struct netlink *nl, const struct tc_new_filter *f)
{
	struct nlmsghdr *h = kbpf_nl_request(nl, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);

	describe_filter(h, f);
	return kbpf_nl_talk(nl, h, NULL, NULL);
}

int kbpf_tcnl_add_both(struct netlink *nl, const struct tc_new_filter *f, int *qdisc)
{
	struct nlmsghdr *q = change_clsact(nl, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, f->ifindex);
	struct nlmsghdr *h =
		kbpf_nl_request_behind(nl, q, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL);
	int filter, rc;

	describe_filter(h, f);
	rc = kbpf_nl_talk_pair(nl, q, h, qdisc, &filter);
	return rc < 0 ? rc : filter;
}

int kbpf_tcnl_del_filter(struct netlink *nl, const struct tc_filter *f)
{
	const struct tcmsg tcm = {
		.tcm_ifindex = f->ifindex,
		.tcm_handle = f->handle,
		.tcm_parent = parent_of(f->dir),
		.tcm_info = f->info,
	};
	struct nlmsghdr *h = request(nl, RTM_DELTFILTER, 0, &tcm);

	mnl_attr_put_strz(h, TCA_KIND, "bpf");
	return kbpf_nl_talk(nl, h, NULL, NULL);
}
