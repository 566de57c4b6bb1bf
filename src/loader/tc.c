/* SPDX-License-Identifier: MIT */
/*
 * tc.c - attaches programs to tc, by tcx link or as clsact filter, and detaches them.
 *
 * A clsact filter outlives its process. So its name identifies the process (owner.h), and records
 * whether a capture created the qdisc, too: then the last capture to end, or the process that
 * cleans up, removes the qdisc, unless other programs have added filters. A qdisc of ours always
 * has a filter that records this: both are created, and removed, by one system call. Captures take
 * turns.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "link.h"
#include "netlink.h"
#include "owner.h"
#include "perm.h"
#include "tc_netlink.h"
#include "tc_sweep.h"

#define PRIO_MAX 65535u
#define TRY_CNT	 16

static const char *dir_name(enum kbpf_tc_dir dir)
{
	return dir == KBPF_TC_INGRESS ? "ingress" : "egress";
}

static int attach_err(int rc, const struct kbpf_tc *tc, const char *why, struct err *e)
{
	char name[IF_NAMESIZE] = "?";

	(void)if_indextoname((unsigned)tc->ifindex, name);
	if (rc == -EPERM)
		return kbpf_perm_err(e, rc, "hook", PERM_BPF | PERM_NET_ADMIN,
				     "attaching a program to tc");
	if (rc == -ENODEV)
		return err_input(e, rc, "hook", "there is no interface with index %d", tc->ifindex);
	if (rc == -ENOENT)
		return err_run(e, -ENOTSUP, "hook",
			       "this kernel has no clsact qdisc or no BPF filters "
			       "(CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF; modules sch_ingress "
			       "and cls_bpf)");
	if (rc == -EOPNOTSUPP)
		return err_run(e, rc, "hook",
			       "this kernel has no traffic control (CONFIG_NET_SCHED)");
	return err_run(e, rc, "hook", "attaching to tc %s of interface %s (%d) failed: %s",
		       dir_name(tc->dir), name, tc->ifindex, why && why[0] ? why : strerror(-rc));
}

struct qdisc_find {
	int ifindex;
	enum tc_qdisc kind;
};

static int match_qdisc(void *user, int ifindex, enum tc_qdisc kind)
{
	struct qdisc_find *q = user;

	if (ifindex == q->ifindex)
		q->kind = kind;
	return 0;
}

static int find_qdisc(struct netlink *nl, int ifindex, enum tc_qdisc *kind)
{
	struct qdisc_find q = {.ifindex = ifindex, .kind = TC_QDISC_NONE};
	int rc = kbpf_tcnl_qdiscs(nl, match_qdisc, &q);

	*kind = q.kind;
	return rc;
}

/* A capture created the qdisc if a filter on it says so. */
static int match_made(void *user, const struct tc_filter *f)
{
	struct owner o;
	bool made;

	if (kbpf_owner_parse(f->name, &o, &made) && made)
		*(bool *)user = true;
	return 0;
}

static int inherit_made(struct netlink *nl, struct kbpf_tc *tc)
{
	int rc = kbpf_tcnl_filters(nl, tc->ifindex, KBPF_TC_INGRESS, match_made, &tc->made_qdisc);

	if (rc == 0)
		rc = kbpf_tcnl_filters(nl, tc->ifindex, KBPF_TC_EGRESS, match_made,
				       &tc->made_qdisc);
	return rc;
}

/* One bit per priority that is in use. */
struct prio_set {
	uint8_t used[PRIO_MAX / 8 + 1];
};

static int mark_prio(void *user, const struct tc_filter *f)
{
	struct prio_set *set = user;

	set->used[(f->prio & PRIO_MAX) / 8] |= (uint8_t)(1u << f->prio % 8);
	return 0;
}

/* The first unused priority, or -errno. */
static int free_prio(struct netlink *nl, const struct kbpf_tc *tc)
{
	struct prio_set set = {0};
	int rc = kbpf_tcnl_filters(nl, tc->ifindex, tc->dir, mark_prio, &set);

	if (rc < 0)
		return rc;
	for (unsigned prio = 1; prio <= PRIO_MAX; prio++) {
		if (!(set.used[prio / 8] >> prio % 8 & 1))
			return (int)prio;
	}
	return -ENOSPC;
}

struct filter_find {
	const struct kbpf_tc *tc;
	struct tc_filter found;
};

static int match_filter(void *user, const struct tc_filter *f)
{
	struct filter_find *find = user;

	if (f->handle && f->prio == find->tc->prio && f->prog_id == find->tc->prog_id)
		find->found = *f;
	return 0;
}

/* A filter that is gone, or that another process has replaced, is left alone. */
static int detach_clsact(struct netlink *nl, const struct kbpf_tc *tc)
{
	struct filter_find find = {.tc = tc};
	int rc = kbpf_tcnl_filters(nl, tc->ifindex, tc->dir, match_filter, &find);

	if (rc == 0 && find.found.prog_id)
		rc = kbpf_tc_remove(nl, &find.found, tc->made_qdisc);
	else if (rc == 0 && tc->made_qdisc)
		rc = kbpf_tc_drop_qdisc(nl, tc->ifindex);
	return rc == -ENODEV || rc == -ENOENT ? 0 : rc;
}

static int add_filter(struct netlink *nl, struct kbpf_tc *tc, int prog_fd)
{
	char name[OWNER_NAME_LEN];
	struct tc_new_filter f = {tc->ifindex, tc->dir, 0, prog_fd, name};
	struct owner self;
	int rc = -EEXIST;

	kbpf_owner_self(&self);
	kbpf_owner_format(&self, tc->made_qdisc, name);
	for (int i = 0; rc == -EEXIST && i < TRY_CNT; i++) {
		rc = free_prio(nl, tc);
		if (rc < 0)
			return rc;
		tc->prio = f.prio = (uint32_t)rc;
		rc = kbpf_tcnl_add_filter(nl, &f);
	}
	return rc;
}

/*
 * -EEXIST if another process has created a qdisc in the meantime; then nothing of ours is attached.
 */
static int add_both(struct netlink *nl, struct kbpf_tc *tc, int prog_fd)
{
	char name[OWNER_NAME_LEN];
	const struct tc_new_filter f = {tc->ifindex, tc->dir, 1, prog_fd, name};
	struct owner self;
	int qdisc = 0, rc;

	kbpf_owner_self(&self);
	kbpf_owner_format(&self, true, name);
	tc->prio = f.prio;
	tc->made_qdisc = true;
	rc = kbpf_tcnl_add_both(nl, &f, &qdisc);
	if (qdisc == 0) {
		if (rc < 0)
			(void)kbpf_tc_drop_qdisc(nl, tc->ifindex);
		return rc;
	}
	tc->made_qdisc = false;
	if (rc == 0)
		(void)detach_clsact(nl, tc);
	return qdisc;
}

static int add(struct netlink *nl, struct kbpf_tc *tc, int prog_fd, const char **why)
{
	enum tc_qdisc kind;
	int rc = -EEXIST;

	for (int i = 0; rc == -EEXIST && i < TRY_CNT; i++) {
		rc = find_qdisc(nl, tc->ifindex, &kind);
		if (rc == 0 && kind == TC_QDISC_NONE) {
			rc = add_both(nl, tc, prog_fd);
			continue;
		}
		if (rc == 0 && kind == TC_QDISC_INGRESS && tc->dir == KBPF_TC_EGRESS) {
			*why = "it has an 'ingress' qdisc, which has no egress side and leaves no "
			       "room for 'clsact'";
			return -EBUSY;
		}
		if (rc == 0 && kind == TC_QDISC_CLSACT)
			rc = inherit_made(nl, tc);
		return rc < 0 ? rc : add_filter(nl, tc, prog_fd);
	}
	return rc;
}

static int attach_clsact(struct netlink *nl, struct kbpf_tc *tc, int prog_fd, struct err *e)
{
	struct kbpf_prog_info info;
	const char *why = nl->why;
	int rc = kbpf_prog_info(prog_fd, &info), turn;

	if (rc < 0)
		return attach_err(rc, tc, NULL, e);
	tc->prog_id = info.id;
	turn = kbpf_owner_take_turn();
	rc = add(nl, tc, prog_fd, &why);
	if (rc < 0) {
		rc = attach_err(rc, tc, why, e);
		tc->prio = 0;
	}
	if (turn >= 0)
		close(turn);
	return rc;
}

int kbpf_tc_attach(struct kbpf_tc *tc, int prog_fd, int ifindex, enum kbpf_tc_dir dir, bool tcx,
		   struct err *e)
{
	struct netlink nl;
	int rc;

	*tc = (struct kbpf_tc){.ifindex = ifindex, .dir = dir, .link_fd = -1};
	if (tcx) {
		tc->link_fd = kbpf_link_tcx(prog_fd, ifindex, dir);
		return tc->link_fd < 0 ? attach_err(tc->link_fd, tc, NULL, e) : 0;
	}
	rc = kbpf_nl_open(&nl, NETLINK_ROUTE);
	rc = rc < 0 ? attach_err(rc, tc, NULL, e) : attach_clsact(&nl, tc, prog_fd, e);
	kbpf_nl_close(&nl);
	return rc;
}

int kbpf_tc_detach(struct kbpf_tc *tc, struct err *e)
{
	struct netlink nl;
	int rc, turn;

	if (tc->link_fd >= 0) {
		close(tc->link_fd);
		tc->link_fd = -1;
		return 0;
	}
	if (tc->prio == 0)
		return 0;
	rc = kbpf_nl_open(&nl, NETLINK_ROUTE);
	turn = kbpf_owner_take_turn();
	if (rc == 0)
		rc = detach_clsact(&nl, tc);
	if (rc < 0)
		rc = err_run(e, rc, "hook", "detaching from tc %s of interface %d failed: %s",
			     dir_name(tc->dir), tc->ifindex, nl.why[0] ? nl.why : strerror(-rc));
	else
		tc->prio = 0;
	if (turn >= 0)
		close(turn);
	kbpf_nl_close(&nl);
	return rc;
}
