/* SPDX-License-Identifier: MIT */
/*
 * tc_sweep.c - finds filters by the owner in their names, on all interfaces, and removes them, with
 * the qdisc if a capture created it and it has no other filter.
 *
 * Each list is collected before anything is removed: one netlink answer at a time.
 */
#include "tc_sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "netlink.h"
#include "tc_netlink.h"

struct found_filter {
	struct tc_filter filter;
	bool made_qdisc;
};

struct found_qdisc {
	int ifindex;
	enum tc_qdisc kind;
};

struct tc_sweep {
	const struct guard_notes *only;
	struct found_qdisc *qdiscs;
	struct found_filter *filters;
	size_t qdisc_cnt, qdisc_cap, filter_cnt, filter_cap;
};

static int collect_qdisc(void *user, int ifindex, enum tc_qdisc kind)
{
	struct tc_sweep *s = user;
	struct found_qdisc *more;

	if (kind != TC_QDISC_CLSACT && kind != TC_QDISC_INGRESS)
		return 0;
	more = grow(s->qdiscs, &s->qdisc_cap, s->qdisc_cnt + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->qdiscs = more;
	s->qdiscs[s->qdisc_cnt++] = (struct found_qdisc){ifindex, kind};
	return 0;
}

static int collect_filter(void *user, const struct tc_filter *f)
{
	struct tc_sweep *s = user;
	struct found_filter *more;
	struct owner o;
	bool made;

	if (!f->handle || !f->prog_id || !kbpf_owner_parse(f->name, &o, &made))
		return 0;
	if (!kbpf_guard_note_matches(s->only, &o, GUARD_PROG, f->prog_id))
		return 0;
	more = grow(s->filters, &s->filter_cap, s->filter_cnt + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	s->filters = more;
	s->filters[s->filter_cnt++] = (struct found_filter){*f, made};
	return 0;
}

static int collect(struct netlink *nl, struct tc_sweep *s)
{
	int rc = kbpf_tcnl_qdiscs(nl, collect_qdisc, s);

	for (size_t i = 0; rc == 0 && i < s->qdisc_cnt; i++) {
		const struct found_qdisc *q = &s->qdiscs[i];

		rc = kbpf_tcnl_filters(nl, q->ifindex, KBPF_TC_INGRESS, collect_filter, s);
		/* 'ingress' has one side and would report it twice */
		if (rc == 0 && q->kind == TC_QDISC_CLSACT)
			rc = kbpf_tcnl_filters(nl, q->ifindex, KBPF_TC_EGRESS, collect_filter, s);
	}
	return rc;
}

static int has_filter(void *user, const struct tc_filter *f)
{
	(void)user;
	(void)f;
	return 1;
}

int kbpf_tc_drop_qdisc(struct netlink *nl, int ifindex)
{
	int rc = kbpf_tcnl_filters(nl, ifindex, KBPF_TC_INGRESS, has_filter, NULL);

	if (rc == 0)
		rc = kbpf_tcnl_filters(nl, ifindex, KBPF_TC_EGRESS, has_filter, NULL);
	if (rc == 0)
		rc = kbpf_tcnl_del_clsact(nl, ifindex);
	return rc < 0 ? rc : 0;
}

/* The dump reports a priority itself with handle 0, and then the filters of that priority. */
static int is_other(void *user, const struct tc_filter *f)
{
	const struct tc_filter *ours = user;

	return f->dir != ours->dir || f->prio != ours->prio ||
	       (f->handle && f->handle != ours->handle);
}

int kbpf_tc_remove(struct netlink *nl, const struct tc_filter *f, bool made_qdisc)
{
	struct tc_filter ours = *f;
	int rc = 1;

	if (made_qdisc)
		rc = kbpf_tcnl_filters(nl, f->ifindex, KBPF_TC_INGRESS, is_other, &ours);
	if (rc == 0)
		rc = kbpf_tcnl_filters(nl, f->ifindex, KBPF_TC_EGRESS, is_other, &ours);
	if (rc < 0)
		return rc;
	return rc ? kbpf_tcnl_del_filter(nl, f) : kbpf_tcnl_del_clsact(nl, f->ifindex);
}

/* Continues after a failure; returns the first. */
static int remove_filters(struct netlink *nl, const struct tc_sweep *s)
{
	int rc = 0;

	for (size_t i = 0; i < s->filter_cnt; i++) {
		const struct found_filter *f = &s->filters[i];
		int one = kbpf_tc_remove(nl, &f->filter, f->made_qdisc);

		if (rc == 0 && one != -ENOENT && one != -ENODEV)
			rc = one;
	}
	return rc;
}

int kbpf_tc_sweep_only(const struct guard_notes *only, struct err *e)
{
	struct tc_sweep s = {.only = only};
	struct netlink nl;
	int rc = kbpf_nl_open(&nl, NETLINK_ROUTE), cnt, turn = kbpf_owner_take_turn();

	if (rc == 0)
		rc = collect(&nl, &s);
	if (rc == 0)
		rc = remove_filters(&nl, &s);
	cnt = (int)s.filter_cnt;
	if (rc < 0)
		rc = err_run(e, rc, "hook",
			     "removing the tc filters that an earlier capture left failed: %s",
			     nl.why[0] ? nl.why : strerror(-rc));
	kbpf_nl_close(&nl);
	if (turn >= 0)
		close(turn);
	free(s.qdiscs);
	free(s.filters);
	return rc < 0 ? rc : cnt;
}

int kbpf_tc_sweep(struct err *e)
{
	return kbpf_tc_sweep_only(NULL, e);
}
