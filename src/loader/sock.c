/* SPDX-License-Identifier: MIT */
/* sock.c - lists the sockets of this network namespace by sock_diag. */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "netlink.h"

struct sock_walk {
	uint8_t protocol;
	kbpf_sock_fn fn;
	void *user;
	int cnt;
};

static int on_sock(const struct nlmsghdr *h, void *user)
{
	const struct inet_diag_msg *m = mnl_nlmsg_get_payload(h);
	struct sock_walk *w = user;
	struct kbpf_sock s;

	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(h) < sizeof(*m))
		return MNL_CB_OK;
	s = (struct kbpf_sock){
		.family = m->idiag_family,
		.protocol = w->protocol,
		.state = m->idiag_state,
		.src_port = m->id.idiag_sport,
		.dst_port = m->id.idiag_dport,
		.ifindex = m->id.idiag_if,
		.uid = m->idiag_uid,
		.inode = m->idiag_inode,
		.cookie = m->id.idiag_cookie[0] | (uint64_t)m->id.idiag_cookie[1] << 32,
	};
	memcpy(s.src, m->id.idiag_src, sizeof(s.src));
	memcpy(s.dst, m->id.idiag_dst, sizeof(s.dst));
	w->fn(w->user, &s);
	w->cnt++;
	return MNL_CB_OK;
}

static int dump(struct netlink *nl, uint8_t family, struct sock_walk *w)
{
	struct nlmsghdr *h = kbpf_nl_request(nl, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	struct inet_diag_req_v2 *r = mnl_nlmsg_put_extra_header(h, sizeof(*r));

	r->sdiag_family = family;
	r->sdiag_protocol = w->protocol;
	r->idiag_states = ~0u;
	return kbpf_nl_talk(nl, h, on_sock, w);
}

int kbpf_sock_list(uint8_t family, uint8_t protocol, kbpf_sock_fn fn, void *user, struct err *e)
{
	struct sock_walk w = {.protocol = protocol, .fn = fn, .user = user};
	struct netlink nl;
	int rc = kbpf_nl_open(&nl, NETLINK_SOCK_DIAG);

	if (rc == 0)
		rc = dump(&nl, family, &w);
	kbpf_nl_close(&nl);
	if (rc == -ENOENT || rc == -EPROTONOSUPPORT)
		return err_run(e, -ENOENT, "netlink",
			       "this kernel cannot list its sockets of protocol %u (modules "
			       "inet_diag, tcp_diag, udp_diag)",
			       protocol);
	return rc < 0 ? err_run(e, rc, "netlink", "listing the sockets failed: %s", strerror(-rc))
		      : w.cnt;
}
