/* SPDX-License-Identifier: MIT */
/*
 * socket.c - socket: one packet socket, for all interfaces or those chosen.
 *
 * Captured alone, the socket delivers the packets through its own ring, as tcpdump's does. Its
 * filter is a classic program; for long lists, a program of ours that selects. Beside other hooks,
 * a program of ours copies the packets into the rings of the session, so that all are in one order,
 * and the socket keeps nothing. Fails with -EPERM without CAP_NET_RAW.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "hook.h"

enum { NOT_QUEUED = 0 }; /* in the socket's receive queue */

struct packet_socket {
	struct kbpf_packets *packets; /* NULL: not open */
	uint32_t *promiscuous;	      /* interfaces */
	size_t cnt, cap;
};

static int parse(struct hook *h, const char *rest, struct err *e)
{
	(void)rest;
	(void)e;
	memcpy(h->name, "socket", sizeof("socket"));
	return 0;
}

static int open_ring(struct hook *h, const struct capture *c, size_t ring_len, struct err *e)
{
	struct packet_socket *s = h->state;

	(void)c;
	return kbpf_packets_open(&s->packets, ring_len, e);
}

static bool has_filter(const struct hook *h, const struct capture *c,
		       const struct capture_ifaces *at)
{
	struct cbpf_prog prog;
	bool yes = c->meta.pid == 0 && probe_capture_classic(c, at, &prog) == 0;

	(void)h;
	if (yes)
		cbpf_prog_free(&prog);
	return yes;
}

static int set_classic(struct packet_socket *s, const struct hook_env *env,
		       const struct capture_ifaces *at, struct err *e)
{
	struct cbpf_prog prog;
	int rc = probe_capture_classic(env->capture, at, &prog);

	if (rc < 0)
		return err_run(e, rc, "hook",
			       "socket: the classic program for %u interfaces is too long",
			       at->cnt);
	rc = kbpf_packets_filter(s->packets, prog.insns, prog.cnt, e);
	cbpf_prog_free(&prog);
	return rc;
}

static bool has(const uint32_t *list, size_t cnt, uint32_t ifindex)
{
	for (size_t i = 0; i < cnt; i++)
		if (list[i] == ifindex)
			return true;
	return false;
}

/*
 * The kernel forgets interfaces that are gone; another may come with their number. What cannot be
 * promiscuous is captured as it is.
 */
static int set_promiscuous(struct packet_socket *s, const struct capture_ifaces *at, struct err *e)
{
	uint32_t *more = grow(s->promiscuous, &s->cap, at->cnt, sizeof(*more));

	if (!more && at->cnt)
		return err_run(e, -ENOMEM, "hook", "no memory for the interfaces of a socket");
	for (unsigned i = 0; i < at->cnt; i++)
		if (!has(s->promiscuous, s->cnt, at->index[i]))
			(void)kbpf_packets_promiscuous(s->packets, (int)at->index[i]);
	s->promiscuous = more;
	s->cnt = at->cnt;
	if (at->cnt)
		memcpy(more, at->index, at->cnt * sizeof(*more));
	return 0;
}

/* The filter comes first, so that no packet of other interfaces is queued. */
static int set_ifaces(struct hook *h, const struct hook_env *env, int prog_fd,
		      const struct capture_ifaces *at, struct err *e)
{
	struct packet_socket *s = h->state;
	int rc = s->packets ? 0 : kbpf_packets_open(&s->packets, 0, e);

	if (rc < 0)
		return rc;
	rc = prog_fd < 0 ? set_classic(s, env, at, e)
			 : kbpf_packets_program(s->packets, prog_fd, e);
	if (rc == 0 && (at->all || at->cnt))
		rc = kbpf_packets_bind(s->packets, !at->all && at->cnt == 1 ? (int)at->index[0] : 0,
				       e);
	if (rc == 0 && env->promiscuous && !at->all)
		rc = set_promiscuous(s, at, e);
	return rc;
}

static int poll_packets(struct hook *h, int timeout_ms, int wake_fd, kbpf_packet_fn fn, void *user)
{
	struct packet_socket *s = h->state;

	return kbpf_packets_poll(s->packets, timeout_ms, wake_fd, fn, user);
}

/* A packet that the filter refused leaves no count. */
static void count(struct hook *h, struct probe_counts *c)
{
	struct packet_socket *s = h->state;
	uint64_t accepted, lost;

	kbpf_packets_counts(s->packets, &accepted, &lost);
	c->seen += accepted;
	c->matched += accepted;
	c->lost_ring += lost;
}

static void detach(struct hook *h)
{
	struct packet_socket *s = h->state;

	if (s->packets)
		kbpf_packets_stop(s->packets);
}

static void release(struct hook *h)
{
	struct packet_socket *s = h->state;

	kbpf_packets_close(s->packets);
	free(s->promiscuous);
}

static const struct hook_packets own_packets = {
	.open = open_ring,
	.has_filter = has_filter,
	.poll = poll_packets,
	.count = count,
};

const struct hook_ops probe_hook_socket = {
	.kind = {.type = EBPF_PROG_SOCKET_FILTER,
		 .emit = probe_emit_ctx_program,
		 .ctx = {.access = CBPF2EBPF_SOCKET,
			 .is_skb = true,
			 .packet_socket = true,
			 .ifindex = offsetof(struct __sk_buff, ifindex),
			 .data = -1,
			 .data_end = -1,
			 .verdict = NOT_QUEUED}},
	.packets = &own_packets,
	.state_len = sizeof(struct packet_socket),
	.dir_of_packet = true,
	.parse = parse,
	.set_ifaces = set_ifaces,
	.detach = detach,
	.release = release,
};
