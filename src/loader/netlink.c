/* SPDX-License-Identifier: MIT */
/*
 * netlink.c - netlink transactions by libmnl: a request, its answers, and the kernel's explanation
 * of a failure.
 */
#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "sys.h"

#define BUF_LEN (32u << 10) /* dumps are sent in parts of up to this size */

int kbpf_nl_open(struct netlink *nl, int protocol)
{
	const struct timeval longest = {.tv_usec = ANSWER_WAIT_MS * 1000};
	int on = 1;

	*nl = (struct netlink){.buf_len = BUF_LEN, .seq = (uint32_t)time(NULL)};
	nl->buf = malloc(nl->buf_len);
	if (!nl->buf)
		return -ENOMEM;
	nl->sock = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!nl->sock)
		return -errno;
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* The kernel answers at once; should it not, that is an error and no wait for ever. */
	(void)setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVTIMEO, &longest,
			 sizeof(longest));
	/* Explanations and short acknowledgements are useful but not necessary. */
	(void)mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	return 0;
}

void kbpf_nl_close(struct netlink *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	free(nl->buf);
	*nl = (struct netlink){0};
}

static struct nlmsghdr *request_at(struct netlink *nl, char *at, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = mnl_nlmsg_put_header(at);

	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	h->nlmsg_seq = ++nl->seq;
	return h;
}

struct nlmsghdr *kbpf_nl_request(struct netlink *nl, uint16_t type, uint16_t flags)
{
	return request_at(nl, nl->buf, type, flags);
}

struct nlmsghdr *kbpf_nl_request_behind(struct netlink *nl, struct nlmsghdr *before, uint16_t type,
					uint16_t flags)
{
	return request_at(nl, (char *)before + NLMSG_ALIGN(before->nlmsg_len), type, flags);
}

static int find_message(const struct nlattr *a, void *why)
{
	if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		(void)snprintf(why, sizeof(((struct netlink *)0)->why), "%s", mnl_attr_get_str(a));
	return MNL_CB_OK;
}

/*
 * The error code of an acknowledgement or of the end of a dump, with the kernel's explanation if
 * any.
 */
static int error_of(struct netlink *nl, const struct nlmsghdr *h)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(h);
	size_t attrs = sizeof(*err);

	if (mnl_nlmsg_get_payload_len(h) < sizeof(err->error))
		return h->nlmsg_type == NLMSG_DONE ? 0 : -EBADMSG;
	if (h->nlmsg_type != NLMSG_ERROR || !(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return err->error;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		attrs += err->msg.nlmsg_len - sizeof(err->msg);
	if (mnl_nlmsg_get_payload_len(h) > attrs)
		(void)mnl_attr_parse(h, (unsigned)attrs, find_message, nl->why);
	return err->error;
}

struct answer {
	uint32_t seq;
	bool done;
	int before; /* of the previous request, if two were sent */
	int code;   /* the first error */
	mnl_cb_t fn;
	void *user;
};

static void on_message(struct netlink *nl, const struct nlmsghdr *h, struct answer *a)
{
	int code = 0;

	if (h->nlmsg_seq == a->seq - 1 && h->nlmsg_type == NLMSG_ERROR)
		a->before = error_of(nl, h);
	if (h->nlmsg_seq != a->seq)
		return;
	if (h->nlmsg_type == NLMSG_ERROR || h->nlmsg_type == NLMSG_DONE) {
		code = error_of(nl, h);
		a->done = true;
	} else if (h->nlmsg_flags & NLM_F_DUMP_INTR) {
		code = -EINTR;
	} else if (a->fn && a->code == 0 && a->fn(h, a->user) == MNL_CB_ERROR) {
		code = -errno;
	}
	if (a->code == 0)
		a->code = code;
}

/*
 * Reads the answer to its end even after an error, so that the socket can be used for the next
 * request.
 */
static int exchange(struct netlink *nl, size_t request_len, struct answer *a)
{
	nl->why[0] = '\0';
	if (mnl_socket_sendto(nl->sock, nl->buf, request_len) < 0)
		return -errno;
	while (!a->done) {
		ssize_t got = mnl_socket_recvfrom(nl->sock, nl->buf, nl->buf_len);
		const struct nlmsghdr *h = (const void *)nl->buf;
		int len = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		for (; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len))
			on_message(nl, h, a);
	}
	return 0;
}

int kbpf_nl_talk(struct netlink *nl, struct nlmsghdr *request, mnl_cb_t fn, void *user)
{
	struct answer a = {.seq = request->nlmsg_seq, .fn = fn, .user = user};
	int rc = exchange(nl, request->nlmsg_len, &a);

	return rc < 0 ? rc : a.code;
}

int kbpf_nl_talk_pair(struct netlink *nl, struct nlmsghdr *a, struct nlmsghdr *b, int *first,
		      int *second)
{
	struct answer answer = {.seq = b->nlmsg_seq};
	size_t len = (size_t)((char *)b - (char *)a) + b->nlmsg_len;
	int rc = exchange(nl, len, &answer);

	*first = answer.before;
	*second = answer.code;
	return rc;
}
