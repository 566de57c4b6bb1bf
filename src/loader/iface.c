/* SPDX-License-Identifier: MIT */
/* iface.c - the interfaces of this network namespace by rtnetlink: all present ones, and then each
 * that appears, changes or disappears. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "netlink.h"

#define DUMP_TRY_CNT 5
#define MESSAGE_LEN  (32u << 10)

struct iface_list {
	struct kbpf_iface *ifaces;
	size_t cnt, cap;
};

static int take_attr(const struct nlattr *a, void *user)
{
	struct kbpf_iface *i = user;

	if (mnl_attr_get_type(a) == IFLA_IFNAME && mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		(void)snprintf(i->name, sizeof(i->name), "%s", mnl_attr_get_str(a));
	else if (mnl_attr_get_type(a) == IFLA_MTU && mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
		i->mtu = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

/* False for messages that are not about an interface as a whole (a bridge's about its ports). */
static bool parse(const struct nlmsghdr *h, struct kbpf_iface *i)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);

	if ((h->nlmsg_type != RTM_NEWLINK && h->nlmsg_type != RTM_DELLINK) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof(*info) || info->ifi_family != AF_UNSPEC)
		return false;
	*i = (struct kbpf_iface){
		.index = info->ifi_index,
		.arp_type = info->ifi_type,
		.flags = info->ifi_flags,
	};
	return mnl_attr_parse(h, sizeof(*info), take_attr, i) >= 0;
}

static int on_link(const struct nlmsghdr *h, void *user)
{
	struct iface_list *l = user;
	struct kbpf_iface i, *more;

	if (!parse(h, &i))
		return MNL_CB_OK;
	more = grow(l->ifaces, &l->cap, l->cnt + 1, sizeof(*more));
	if (!more) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	l->ifaces = more;
	l->ifaces[l->cnt++] = i;
	return MNL_CB_OK;
}

static int dump(struct netlink *nl, struct iface_list *l)
{
	struct nlmsghdr *h = kbpf_nl_request(nl, RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(h, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	l->cnt = 0;
	return kbpf_nl_talk(nl, h, on_link, l);
}

int kbpf_iface_list(struct kbpf_iface **list, struct err *e)
{
	struct iface_list l = {0};
	struct netlink nl;
	int rc = kbpf_nl_open(&nl, NETLINK_ROUTE);

	if (rc == 0) {
		/* Interfaces that change during a dump interrupt it. */
		for (int i = 0; i == 0 || (rc == -EINTR && i < DUMP_TRY_CNT); i++)
			rc = dump(&nl, &l);
	}
	kbpf_nl_close(&nl);
	if (rc < 0) {
		free(l.ifaces);
		l.ifaces = NULL;
	}
	*list = l.ifaces;
	return rc < 0 ? err_run(e, rc, "netlink", "listing the interfaces failed: %s",
				strerror(-rc))
		      : (int)l.cnt;
}

struct kbpf_iface_monitor {
	struct mnl_socket *sock;
};

int kbpf_iface_monitor_open(struct kbpf_iface_monitor **out, struct err *e)
{
	struct kbpf_iface_monitor *m = calloc(1, sizeof(*m));
	int rc = 0;

	*out = NULL;
	if (!m)
		return err_run(e, -ENOMEM, "netlink", "no memory for a netlink socket");
	m->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!m->sock || mnl_socket_bind(m->sock, RTMGRP_LINK, MNL_SOCKET_AUTOPID) < 0)
		rc = -errno;
	if (rc < 0) {
		kbpf_iface_monitor_close(m);
		return err_run(e, rc, "netlink", "listening for changes of interfaces failed: %s",
			       strerror(-rc));
	}
	*out = m;
	return 0;
}

void kbpf_iface_monitor_close(struct kbpf_iface_monitor *m)
{
	if (m && m->sock)
		mnl_socket_close(m->sock);
	free(m);
}

int kbpf_iface_monitor_fd(const struct kbpf_iface_monitor *m)
{
	return mnl_socket_get_fd(m->sock);
}

int kbpf_iface_monitor_read(struct kbpf_iface_monitor *m, kbpf_iface_fn fn, void *user)
{
	union {
		struct nlmsghdr h; /* for its alignment */
		char bytes[MESSAGE_LEN];
	} buf;
	const struct nlmsghdr *h = &buf.h;
	ssize_t got = mnl_socket_recvfrom(m->sock, &buf, sizeof(buf));
	int len = (int)got, cnt = 0;
	struct kbpf_iface i;

	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	for (; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len)) {
		if (!parse(h, &i))
			continue;
		fn(user, &i, h->nlmsg_type == RTM_DELLINK);
		cnt++;
	}
	return cnt;
}
