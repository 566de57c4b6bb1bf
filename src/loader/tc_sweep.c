/* SPDX-License-Identifier: MIT */
/*
 * tc_sweep.c - finds filters by the owner in their names, over all interfaces, and takes
 * them off, with the qdisc where it was ours and is now empty.
 *
 * Each list is collected before anything is removed: one netlink answer at a time.
 */
#include "sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "netlink.h"
#include "owner.h"
#include "tc_netlink.h"

struct found_filter {
	struct tc_filter filter;
	bool made_qdisc;
};

struct found_qdisc {
	int ifindex;
	enum tc_qdisc kind;
};

struct sweep {
	const struct sweep_only *only;
	struct found_qdisc *qdiscs;
	struct found_filter *filters;
	size_t qdisc_cnt, filter_cnt;
};

bool kbpf_sweep_wants(const struct sweep_only *only, const struct owner *o, enum guard_kind kind,
		      uint64_t id)
{
	if (!only)
		return !kbpf_owner_alive(o);
	if (!kbpf_owner_same(&only->owner, o))
		return false;
	for (size_t i = 0; i < only->cnt; i++)
		if (only->note[i].kind == kind && only->note[i].id == id)
			return true;
	return false;
}

/* Room for one more element; lengths are the powers of two. */
static void *grown(void *array, size_t cnt, size_t elem_len)
{
	return cnt & (cnt - 1) ? array : realloc(array, (cnt ? cnt * 2 : 1) * elem_len);
}

static int collect_qdisc(void *user, int ifindex, enum tc_qdisc kind)
{
	struct sweep *s = user;
	struct found_qdisc *more;

	if (kind != TC_QDISC_CLSACT && kind != TC_QDISC_INGRESS)
		return 0;
	more = grown(s->qdiscs, s->qdisc_cnt, sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->qdiscs = more;
	s->qdiscs[s->qdisc_cnt++] = (struct found_qdisc){ifindex, kind};
	return 0;
}

static int collect_filter(void *user, const struct tc_filter *f)
{
	struct sweep *s = user;
	struct found_filter *more;
	struct owner o;
	bool made;

	if (!f->handle || !f->prog_id || !kbpf_owner_parse(f->name, &o, &made))
		return 0;
	if (!kbpf_sweep_wants(s->only, &o, GUARD_PROG, f->prog_id))
		return 0;
	more = grown(s->filters, s->filter_cnt, sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->filters = more;
	s->filters[s->filter_cnt++] = (struct found_filter){*f, made};
	return 0;
}

static int collect(struct netlink *nl, struct sweep *s)
{
	int ret = kbpf_tcnl_qdiscs(nl, collect_qdisc, s);

	for (size_t i = 0; ret == 0 && i < s->qdisc_cnt; i++) {
		const struct found_qdisc *q = &s->qdiscs[i];

		ret = kbpf_tcnl_filters(nl, q->ifindex, KBPF_TC_INGRESS, collect_filter, s);
		/* 'ingress' has one side and would show it twice */
		if (ret == 0 && q->kind == TC_QDISC_CLSACT)
			ret = kbpf_tcnl_filters(nl, q->ifindex, KBPF_TC_EGRESS, collect_filter, s);
	}
	return ret;
}

static int has_filter(void *user, const struct tc_filter *f)
{
	(void)user;
	(void)f;
	return 1;
}

int kbpf_tc_drop_qdisc(struct netlink *nl, int ifindex)
{
	int ret = kbpf_tcnl_filters(nl, ifindex, KBPF_TC_INGRESS, has_filter, NULL);

	if (ret == 0)
		ret = kbpf_tcnl_filters(nl, ifindex, KBPF_TC_EGRESS, has_filter, NULL);
	if (ret == 0)
		ret = kbpf_tcnl_del_clsact(nl, ifindex);
	return ret < 0 ? ret : 0;
}

/* Goes on after a failure; returns the first. */
static int remove_filters(struct netlink *nl, const struct sweep *s)
{
	int ret = 0;

	for (size_t i = 0; i < s->filter_cnt; i++) {
		const struct found_filter *f = &s->filters[i];
		int one = kbpf_tcnl_del_filter(nl, &f->filter);

		if (one == 0 && f->made_qdisc)
			one = kbpf_tc_drop_qdisc(nl, f->filter.ifindex);
		if (ret == 0 && one != -ENOENT && one != -ENODEV)
			ret = one;
	}
	return ret;
}

int kbpf_tc_sweep_only(const struct sweep_only *only, struct err *e)
{
	struct sweep s = {.only = only};
	struct netlink nl;
	int ret = kbpf_nl_open(&nl, NETLINK_ROUTE), cnt;

	if (ret == 0)
		ret = collect(&nl, &s);
	if (ret == 0)
		ret = remove_filters(&nl, &s);
	cnt = (int)s.filter_cnt;
	if (ret < 0)
		ret = err_run(e, ret, "hook",
			      "Removing the tc filters that an earlier capture left failed: %s",
			      nl.why[0] ? nl.why : strerror(-ret));
	kbpf_nl_close(&nl);
	free(s.qdiscs);
	free(s.filters);
	return ret < 0 ? ret : cnt;
}

int kbpf_tc_sweep(struct err *e)
{
	return kbpf_tc_sweep_only(NULL, e);
}
