/* SPDX-License-Identifier: MIT */
/*
 * xdp.c - attaches XDP programs by link, or by netlink where there are no such links. An interface
 * has at most one program, and that of another process is never replaced.
 */
#include "xdp.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "info.h"
#include "link.h"
#include "netlink.h"
#include "perm.h"

struct shown {
	int ifindex;
	uint32_t generic_id, native_id;
};

static int take_id(const struct nlattr *a, void *user)
{
	struct shown *s = user;

	if (mnl_attr_validate(a, MNL_TYPE_U32) < 0)
		return MNL_CB_OK;
	if (mnl_attr_get_type(a) == IFLA_XDP_SKB_PROG_ID)
		s->generic_id = mnl_attr_get_u32(a);
	else if (mnl_attr_get_type(a) == IFLA_XDP_DRV_PROG_ID)
		s->native_id = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

static int take_xdp(const struct nlattr *a, void *user)
{
	if (mnl_attr_get_type(a) == IFLA_XDP)
		return mnl_attr_parse_nested(a, take_id, user);
	return MNL_CB_OK;
}

static int on_link(const struct nlmsghdr *h, void *user)
{
	return mnl_attr_parse(h, sizeof(struct ifinfomsg), take_xdp, user);
}

static struct nlmsghdr *request(struct netlink *nl, uint16_t type, int ifindex)
{
	struct nlmsghdr *h = kbpf_nl_request(nl, type, 0);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(h, sizeof(*info));

	info->ifi_index = ifindex;
	return h;
}

/* The programs that the interface has. */
static int show(struct netlink *nl, int ifindex, struct shown *s)
{
	*s = (struct shown){.ifindex = ifindex};
	return kbpf_nl_talk(nl, request(nl, RTM_GETLINK, ifindex), on_link, s);
}

/* prog_fd -1 detaches the program. */
static int set(struct netlink *nl, int ifindex, int prog_fd, uint32_t flags)
{
	struct nlmsghdr *h = request(nl, RTM_SETLINK, ifindex);
	struct nlattr *xdp = mnl_attr_nest_start(h, IFLA_XDP);

	mnl_attr_put_u32(h, IFLA_XDP_FD, (uint32_t)prog_fd);
	mnl_attr_put_u32(h, IFLA_XDP_FLAGS, flags);
	mnl_attr_nest_end(h, xdp);
	return kbpf_nl_talk(nl, h, NULL, NULL);
}

int kbpf_xdp_clear(const struct xdp_place *p)
{
	struct netlink nl;
	struct shown s = {0};
	int rc = kbpf_nl_open(&nl, NETLINK_ROUTE);
	bool native = p->flags & XDP_FLAGS_DRV_MODE;
	int turn = kbpf_owner_take_turn();

	if (rc == 0)
		rc = show(&nl, p->ifindex, &s);
	if (rc == 0 && (native ? s.native_id : s.generic_id) == p->prog_id)
		rc = set(&nl, p->ifindex, -1, p->flags);
	if (turn >= 0)
		close(turn);
	kbpf_nl_close(&nl);
	return rc == -ENODEV ? 0 : rc;
}

/* The guardian is notified before there is anything to clean up. */
static int set_guarded(struct netlink *nl, struct kbpf_xdp *x, int prog_fd, uint32_t mode,
		       const struct kbpf_guard *g)
{
	struct guard_note note = {.kind = GUARD_XDP, .xdp = {x->ifindex, 0, mode}};
	struct kbpf_prog_info info;
	int rc = kbpf_prog_info(prog_fd, &info);

	if (rc < 0)
		return rc;
	note.xdp.prog_id = x->prog_id = info.id;
	rc = kbpf_guard_note(g, &note);
	return rc < 0 ? rc : set(nl, x->ifindex, prog_fd, mode | XDP_FLAGS_UPDATE_IF_NOEXIST);
}

static int attach_mode(struct netlink *nl, struct kbpf_xdp *x, const struct kbpf_xdp_spec *spec,
		       uint32_t mode)
{
	x->flags = mode;
	if (!spec->link)
		return set_guarded(nl, x, spec->prog_fd, mode, spec->guard);
	x->link_fd = kbpf_link_xdp(spec->prog_fd, x->ifindex, mode);
	return x->link_fd < 0 ? x->link_fd : 0;
}

static int attach_err(int rc, struct netlink *nl, const struct kbpf_xdp *x, struct err *e)
{
	char name[IF_NAMESIZE] = "?", why[sizeof(nl->why)];
	struct shown s = {0};

	memcpy(why, nl->why, sizeof(why));
	(void)if_indextoname((unsigned)x->ifindex, name);
	switch (rc) {
	case -EPERM:
		return kbpf_perm_err(e, rc, "hook", PERM_BPF | PERM_NET_ADMIN,
				     "attaching an XDP program");
	case -EBUSY:
	case -EEXIST:
		(void)show(nl, x->ifindex, &s);
		return err_run(e, -EBUSY, "hook",
			       "interface %s already has an XDP program (id %u); use -f tc or "
			       "-f rx instead",
			       name, s.native_id ? s.native_id : s.generic_id);
	case -EOPNOTSUPP:
		return err_run(e, rc, "hook",
			       "the driver of interface %s has no native XDP; use "
			       "-f xdp:generic",
			       name);
	case -ERANGE:
		return err_run(
			e, rc, "hook",
			"the MTU of interface %s is too large for native XDP with this program; "
			"use -f xdp:generic",
			name);
	default:
		return err_run(e, rc, "hook",
			       "attaching an XDP program to interface %s (%d) failed: %s", name,
			       x->ifindex, why[0] ? why : strerror(-rc));
	}
}

/* Native mode first if both are allowed, since it sees packets earlier and whole. */
static int attach(struct netlink *nl, struct kbpf_xdp *x, const struct kbpf_xdp_spec *spec)
{
	int rc = -EOPNOTSUPP;

	if (spec->mode != KBPF_XDP_GENERIC)
		rc = attach_mode(nl, x, spec, XDP_FLAGS_DRV_MODE);
	if (spec->mode == KBPF_XDP_NATIVE || rc == 0 || rc == -EBUSY || rc == -EEXIST ||
	    rc == -EPERM)
		return rc;
	return attach_mode(nl, x, spec, XDP_FLAGS_SKB_MODE);
}

int kbpf_xdp_attach(struct kbpf_xdp *x, const struct kbpf_xdp_spec *spec, struct err *e)
{
	struct netlink nl;
	int rc = kbpf_nl_open(&nl, NETLINK_ROUTE);

	*x = (struct kbpf_xdp){.ifindex = spec->ifindex, .link_fd = -1};
	if (rc == 0)
		rc = attach(&nl, x, spec);
	if (rc < 0) {
		rc = attach_err(rc, &nl, x, e);
		x->prog_id = 0;
	}
	kbpf_nl_close(&nl);
	return rc;
}

int kbpf_xdp_detach(struct kbpf_xdp *x, struct err *e)
{
	const struct xdp_place place = {x->ifindex, x->prog_id, x->flags};
	int rc = 0;

	if (x->link_fd >= 0)
		close(x->link_fd);
	else if (x->prog_id)
		rc = kbpf_xdp_clear(&place);
	if (rc < 0)
		return err_run(e, rc, "hook",
			       "detaching the XDP program from interface %d failed: %s", x->ifindex,
			       strerror(-rc));
	x->link_fd = -1;
	x->prog_id = 0;
	return 0;
}

struct xdp_sweep {
	struct shown *shown;
	size_t cnt, cap;
};

static int collect(const struct nlmsghdr *h, void *user)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);
	struct shown s = {.ifindex = info->ifi_index}, *more;
	struct xdp_sweep *all = user;

	if (h->nlmsg_type != RTM_NEWLINK || on_link(h, &s) < 0 || !(s.generic_id | s.native_id))
		return MNL_CB_OK;
	more = grow(all->shown, &all->cap, all->cnt + 1, sizeof(*more));
	if (!more) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	all->shown = more;
	all->shown[all->cnt++] = s;
	return MNL_CB_OK;
}

/* 1 if a dead process attached this program, 0 if not, or -errno. */
static int is_left(uint32_t prog_id)
{
	struct kbpf_prog_info info;
	struct owner o;
	int fd = kbpf_prog_fd_by_id(prog_id), rc;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	rc = kbpf_prog_info(fd, &info);
	close(fd);
	return rc < 0 ? rc : kbpf_owner_parse_prog(info.name, &o) && !kbpf_owner_alive(&o);
}

static int clear_if_left(int ifindex, uint32_t prog_id, uint32_t flags)
{
	const struct xdp_place place = {ifindex, prog_id, flags};
	int rc = prog_id ? is_left(prog_id) : 0;

	if (rc > 0)
		rc = kbpf_xdp_clear(&place);
	else
		return rc;
	return rc < 0 ? rc : 1;
}

int kbpf_xdp_sweep(struct err *e)
{
	struct xdp_sweep all = {0};
	struct netlink nl;
	int rc = kbpf_nl_open(&nl, NETLINK_ROUTE), cnt = 0;

	if (rc == 0) {
		struct nlmsghdr *h = request(&nl, RTM_GETLINK, 0);

		h->nlmsg_flags |= NLM_F_DUMP;
		rc = kbpf_nl_talk(&nl, h, collect, &all);
	}
	kbpf_nl_close(&nl);
	for (size_t i = 0; rc >= 0 && i < all.cnt; i++) {
		const struct shown *s = &all.shown[i];

		rc = clear_if_left(s->ifindex, s->generic_id, XDP_FLAGS_SKB_MODE);
		cnt += rc > 0;
		if (rc >= 0)
			rc = clear_if_left(s->ifindex, s->native_id, XDP_FLAGS_DRV_MODE);
		cnt += rc > 0;
	}
	free(all.shown);
	return rc < 0 ? err_run(e, rc, "hook",
				"removing the XDP programs that an earlier capture left failed: %s",
				strerror(-rc))
		      : cnt;
}
