/* SPDX-License-Identifier: MIT */
/*
 * socket.c - socket: an AF_PACKET socket whose filter hands the packets over.
 *
 * The program keeps nothing for the socket's queue. One socket for each interface chosen with -i,
 * or one for all. Fails with -EPERM without CAP_NET_RAW.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../capture/capture.h"
#include "hook.h"

enum { NOT_QUEUED = 0 }; /* in the socket's receive queue */

struct packet_socks {
	int *fd;
	size_t cnt, cap;
};

static int parse(struct hook *h, const char *rest, struct err *e)
{
	(void)rest;
	(void)e;
	memcpy(h->name, "socket", sizeof("socket"));
	return 0;
}

/* Attach the program first and set the protocol last, so that nothing is queued in between. */
static int open_socket(int prog_fd, int ifindex, struct err *e)
{
	const struct sockaddr_ll where = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ifindex,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0) {
		rc = -errno;
		return err_run(e, rc, "hook", "socket: a packet socket cannot be opened: %s%s",
			       strerror(-rc), rc == -EPERM ? "; CAP_NET_RAW is needed" : "");
	}
	rc = kbpf_socket_attach(fd, prog_fd, e);
	if (rc == 0 && bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0) {
		rc = -errno;
		(void)err_run(e, rc, "hook", "socket: cannot listen on interface %d: %s", ifindex,
			      strerror(-rc));
	}
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* ifindex 0: all interfaces. */
static int attach_iface(struct hook *h, const struct hook_env *env, int prog_fd, int ifindex,
			struct err *e)
{
	struct packet_socks *s = h->state;
	int *more = grow(s->fd, &s->cap, s->cnt + 1, sizeof(*more));
	int fd;

	(void)env;
	if (!more)
		return err_run(e, -ENOMEM, "hook", "no memory for another packet socket");
	s->fd = more;
	fd = open_socket(prog_fd, ifindex, e);
	if (fd < 0)
		return fd;
	s->fd[s->cnt++] = fd;
	return 0;
}

static int attach(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e)
{
	return attach_iface(h, env, prog_fd, 0, e);
}

/* The kernel unbinds a socket whose interface disappears. */
static bool is_at(int fd, int ifindex)
{
	struct sockaddr_ll at = {0};
	socklen_t len = sizeof(at);

	return getsockname(fd, (struct sockaddr *)&at, &len) < 0 || at.sll_ifindex < 0 ||
	       at.sll_ifindex == ifindex;
}

static void detach_iface(struct hook *h, int ifindex)
{
	struct packet_socks *s = h->state;

	for (size_t i = s->cnt; i-- > 0;) {
		if (!is_at(s->fd[i], ifindex))
			continue;
		close(s->fd[i]);
		s->fd[i] = s->fd[--s->cnt];
	}
}

static void detach(struct hook *h)
{
	struct packet_socks *s = h->state;

	while (s->cnt > 0)
		close(s->fd[--s->cnt]);
}

static void release(struct hook *h)
{
	free(((struct packet_socks *)h->state)->fd);
}

const struct hook_ops probe_hook_socket = {
	.kind = {.type = EBPF_PROG_SOCKET_FILTER,
		 .emit = probe_emit_ctx_program,
		 .ctx = {.access = CBPF2EBPF_SOCKET,
			 .is_skb = true,
			 .twice_on_loopback = true,
			 .ifindex = offsetof(struct __sk_buff, ifindex),
			 .data = -1,
			 .data_end = -1,
			 .verdict = NOT_QUEUED}},
	.state_len = sizeof(struct packet_socks),
	.dir_of_packet = true,
	.parse = parse,
	.attach = attach,
	.attach_iface = attach_iface,
	.detach_iface = detach_iface,
	.detach = detach,
	.release = release,
};
