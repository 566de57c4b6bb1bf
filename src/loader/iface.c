/* SPDX-License-Identifier: MIT */
/* src/loader/iface.c - the interfaces of this network namespace by rtnetlink. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../err.h"
#include "bpfcap/kbpf.h"
#include "netlink.h"

#define DUMP_TRY_CNT 5

struct list {
	struct kbpf_iface *ifaces;
	int cnt, room;
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

static int grow(struct list *l)
{
	int room = l->room ? l->room * 2 : 16;
	struct kbpf_iface *more = realloc(l->ifaces, (size_t)room * sizeof(*more));

	if (!more)
		return -ENOMEM;
	l->ifaces = more;
	l->room = room;
	return 0;
}

static int on_link(const struct nlmsghdr *h, void *user)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(h);
	struct list *l = user;
	struct kbpf_iface *i;

	if (h->nlmsg_type != RTM_NEWLINK)
		return MNL_CB_OK;
	if (l->cnt == l->room && grow(l) < 0) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	i = &l->ifaces[l->cnt++];
	*i = (struct kbpf_iface){
		.index = info->ifi_index,
		.arp_type = info->ifi_type,
		.flags = info->ifi_flags,
	};
	return mnl_attr_parse(h, sizeof(*info), take_attr, i);
}

static int dump(struct netlink *nl, struct list *l)
{
	struct nlmsghdr *h = kbpf_nl_request(nl, RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(h, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	l->cnt = 0;
	return kbpf_nl_talk(nl, h, on_link, l);
}

int kbpf_iface_list(struct kbpf_iface **list, struct err *e)
{
	struct list l = {0};
	struct netlink nl;
	int ret = kbpf_nl_open(&nl);

	if (ret == 0) {
		/* Interfaces that change during a dump interrupt it. */
		for (int i = 0; i == 0 || (ret == -EINTR && i < DUMP_TRY_CNT); i++)
			ret = dump(&nl, &l);
	}
	kbpf_nl_close(&nl);
	if (ret < 0) {
		free(l.ifaces);
		l.ifaces = NULL;
	}
	*list = l.ifaces;
	return ret < 0 ? err_run(e, ret, "netlink", "Listing the interfaces failed: %s",
				 strerror(-ret))
		       : l.cnt;
}
