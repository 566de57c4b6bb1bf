/* SPDX-License-Identifier: MIT */
/*
 * netlink.h - one netlink socket and one transaction at a time; private to the loader.
 */
#ifndef BPFCAP_SRC_LOADER_NETLINK_H
#define BPFCAP_SRC_LOADER_NETLINK_H

#include <stdint.h>

#include <libmnl/libmnl.h>

struct netlink {
	struct mnl_socket *sock;
	uint32_t seq;
	char *buf; /* of buf_len: for requests, then for answers */
	size_t buf_len;
	char why[128]; /* the kernel's explanation of the last failure, or "" */
};

/* Opens a socket of protocol NETLINK_* in the network namespace of this thread. 0 or -errno; close
 * it even on failure. */
int kbpf_nl_open(struct netlink *nl, int protocol);
void kbpf_nl_close(struct netlink *nl);

/* Begins a request in nl->buf: mnl_nlmsg_put_header() with type, flags and a sequence number. */
struct nlmsghdr *kbpf_nl_request(struct netlink *nl, uint16_t type, uint16_t flags);

/* Begins a second request after `before`, for kbpf_nl_talk_pair(). */
struct nlmsghdr *kbpf_nl_request_behind(struct netlink *nl, struct nlmsghdr *before, uint16_t type,
					uint16_t flags);
/*
 * Sends both requests by one system call, which a kill does not interrupt in between; the kernel
 * carries out the second even if it refuses the first. *first and *second: 0 or -errno. Returns
 * -errno if there is no answer.
 */
int kbpf_nl_talk_pair(struct netlink *nl, struct nlmsghdr *a, struct nlmsghdr *b, int *first,
		      int *second);

/*
 * Sends the request and calls fn (if any) for each message of the answer; fn returns MNL_CB_OK to
 * continue. 0 or -errno, the kernel's or fn's (fn returns it as MNL_CB_ERROR with errno set). A
 * dump that the kernel had to interrupt gives -EINTR.
 */
int kbpf_nl_talk(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t fn, void *user);

#endif
