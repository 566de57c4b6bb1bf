/* SPDX-License-Identifier: MIT */
/*
 * packet_socket.c - an AF_PACKET socket, and its ring of blocks (TPACKET_V3).
 *
 * The kernel appends packets to a block, and gives the block to us when it is full or RETIRE_MS
 * old. So there is one wake-up for a block, and none while nothing arrives. Fails with -errno and
 * the missing capability or kernel option.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/kring.h"
#include "../util.h"
#include "perm.h"

enum {
	BLOCK_LEN = 128 << 10, /* a packet must fit; a block counts as full when it is retired */
	BLOCK_CNT_MIN = 2,
	FRAME_LEN = 2048, /* must divide the block; means nothing else in this version */
	RETIRE_MS = 5,
	STOP_TRIES = 100, /* of RETIRE_MS, until the last block is given to us */
	TAG_LEN = 4,
	ADDRS_LEN = 12,
};

struct kbpf_packets {
	int fd;
	uint8_t *blocks; /* NULL: no ring */
	unsigned block_cnt, next;
	/* Within blocks[next]: */
	struct tpacket3_hdr *packet; /* NULL: not begun */
	uint32_t left;		     /* packets */

	bool stopped;
	uint64_t accepted, lost, passed;
};

static int open_failed(int rc, struct err *e)
{
	if (rc == -EPERM || rc == -EACCES)
		return kbpf_perm_err(e, rc, "hook", PERM_NET_RAW, "opening a packet socket");
	if (rc == -EAFNOSUPPORT)
		return err_run(e, -ENOTSUP, "hook",
			       "this kernel has no packet sockets (CONFIG_PACKET)");
	return err_run(e, rc, "hook", "a packet socket cannot be opened: %s", strerror(-rc));
}

static struct tpacket_block_desc *block(const struct kbpf_packets *s, unsigned i)
{
	return (struct tpacket_block_desc *)(void *)(s->blocks + (size_t)i * BLOCK_LEN);
}

/* The tag needs space before the packet to be put back. */
static int set_ring(struct kbpf_packets *s, size_t ring_len)
{
	const int version = TPACKET_V3, reserve = TAG_LEN;
	struct tpacket_req3 req = {
		.tp_block_size = BLOCK_LEN,
		.tp_frame_size = FRAME_LEN,
		.tp_retire_blk_tov = RETIRE_MS,
	};
	void *mem;

	s->block_cnt = (unsigned)(ring_len / BLOCK_LEN);
	if (s->block_cnt < BLOCK_CNT_MIN)
		s->block_cnt = BLOCK_CNT_MIN;
	req.tp_block_nr = s->block_cnt;
	req.tp_frame_nr = s->block_cnt * (BLOCK_LEN / FRAME_LEN);
	if (setsockopt(s->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) < 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof(reserve)) < 0 ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)) < 0)
		return -errno;
	mem = mmap(NULL, (size_t)s->block_cnt * BLOCK_LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
		   s->fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	s->blocks = mem;
	return 0;
}

int kbpf_packets_open(struct kbpf_packets **out, size_t ring_len, struct err *e)
{
	struct kbpf_packets *s = calloc(1, sizeof(*s));
	int rc = 0;

	*out = NULL;
	if (!s)
		return err_run(e, -ENOMEM, "hook", "no memory for a packet socket");
	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		rc = open_failed(-errno, e);
	if (rc == 0 && ring_len > 0) {
		rc = set_ring(s, ring_len);
		if (rc < 0)
			(void)err_run(e, rc, "ring",
				      "a ring of %zu KiB for packets cannot be made: %s; a smaller "
				      "one may fit (-B)",
				      ring_len >> 10, strerror(-rc));
	}
	if (rc < 0) {
		kbpf_packets_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void kbpf_packets_close(struct kbpf_packets *s)
{
	if (!s)
		return;
	if (s->blocks)
		munmap(s->blocks, (size_t)s->block_cnt * BLOCK_LEN);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

int kbpf_packets_filter(struct kbpf_packets *s, const void *classic, size_t cnt, struct err *e)
{
	const struct sock_fprog prog = {
		.len = (unsigned short)cnt,
		.filter = (struct sock_filter *)(uintptr_t)classic,
	};
	int rc = cnt > BPF_MAXINSNS ? -ENOSPC : 0;

	if (rc == 0 && setsockopt(s->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) < 0)
		rc = -errno;
	if (rc < 0)
		return err_run(e, rc, "hook",
			       "the kernel refused a classic filter of %zu instructions: %s", cnt,
			       strerror(-rc));
	return 0;
}

int kbpf_packets_program(struct kbpf_packets *s, int prog_fd, struct err *e)
{
	return kbpf_socket_attach(s->fd, prog_fd, e);
}

int kbpf_packets_bind(struct kbpf_packets *s, int ifindex, struct err *e)
{
	const struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = ifindex,
	};
	int rc;

	if (bind(s->fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	rc = -errno;
	return err_run(e, rc, "hook", "a packet socket cannot be bound to interface %d: %s",
		       ifindex, strerror(-rc));
}

int kbpf_packets_promiscuous(struct kbpf_packets *s, int ifindex)
{
	const struct packet_mreq how = {.mr_ifindex = ifindex, .mr_type = PACKET_MR_PROMISC};

	return setsockopt(s->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &how, sizeof(how)) < 0 ? -errno
											   : 0;
}

void kbpf_packets_stop(struct kbpf_packets *s)
{
	static const struct sock_filter nothing = {BPF_RET | BPF_K, 0, 0, 0};

	if (!s->stopped)
		(void)kbpf_packets_filter(s, &nothing, 1, NULL);
	s->stopped = true;
}

/* The kernel counts from 0 after each reading. */
void kbpf_packets_counts(struct kbpf_packets *s, uint64_t *accepted, uint64_t *lost)
{
	struct tpacket_stats_v3 now = {0};
	socklen_t len = sizeof(now);

	if (s->blocks && getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &now, &len) == 0) {
		s->accepted += now.tp_packets;
		s->lost += now.tp_drops;
	}
	*accepted = s->accepted;
	*lost = s->lost;
}

/* ---- Reading ------------------------------------------------------------------------------ */

/* Puts the tag where it was on the wire, in the ring: the addresses move before it. */
static void put_tag_back(struct kbpf_packet *p, uint8_t *data, const struct tpacket3_hdr *h)
{
	uint16_t tpid =
		htons(h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid : ETH_P_8021Q);
	uint16_t tci = htons((uint16_t)h->hv1.tp_vlan_tci);

	if (h->tp_snaplen < ADDRS_LEN)
		return;
	memmove(data - TAG_LEN, data, ADDRS_LEN);
	memcpy(data - TAG_LEN + ADDRS_LEN, &tpid, sizeof(tpid));
	memcpy(data - TAG_LEN + ADDRS_LEN + sizeof(tpid), &tci, sizeof(tci));
	p->data -= TAG_LEN;
	p->len += TAG_LEN;
	p->cap_len += TAG_LEN;
}

static int pass(struct kbpf_packets *s, kbpf_packet_fn fn, void *user)
{
	struct tpacket3_hdr *h = s->packet;
	uint8_t *start = (uint8_t *)h;
	const struct sockaddr_ll *from =
		(const void *)(start + TPACKET_ALIGN(sizeof(struct tpacket3_hdr)));
	struct kbpf_packet p = {
		.s = h->tp_sec,
		.ns = h->tp_nsec,
		.len = h->tp_len,
		.cap_len = h->tp_snaplen,
		.data = start + h->tp_mac,
		.ifindex = (uint32_t)from->sll_ifindex,
		.arp_type = from->sll_hatype,
		.pkt_type = from->sll_pkttype,
	};

	if (h->tp_status & TP_STATUS_VLAN_VALID)
		put_tag_back(&p, start + h->tp_mac, h);
	s->left--;
	s->passed++;
	s->packet = (void *)(start + h->tp_next_offset);
	return fn(user, &p);
}

static bool is_ready(const struct kbpf_packets *s)
{
	return s->packet ||
	       __atomic_load_n(&block(s, s->next)->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
		       TP_STATUS_USER;
}

static void release(struct kbpf_packets *s)
{
	__atomic_store_n(&block(s, s->next)->hdr.bh1.block_status, TP_STATUS_KERNEL,
			 __ATOMIC_RELEASE);
	s->packet = NULL;
	s->next = (s->next + 1) % s->block_cnt;
}

/* Passes on the packets of the next block. *cnt grows by their number. */
static int read_block(struct kbpf_packets *s, kbpf_packet_fn fn, void *user, int *cnt)
{
	struct tpacket_block_desc *b = block(s, s->next);
	int rc = 0;

	if (!s->packet) {
		s->left = b->hdr.bh1.num_pkts;
		s->packet = (void *)((uint8_t *)b + b->hdr.bh1.offset_to_first_pkt);
	}
	while (rc == 0 && s->left > 0) {
		rc = pass(s, fn, user);
		(*cnt)++;
	}
	if (s->left == 0)
		release(s);
	return rc;
}

/* After the stop, the kernel still has the block that it was filling. */
static void await_last(struct kbpf_packets *s)
{
	struct pollfd fd = {.fd = s->fd, .events = POLLIN};
	uint64_t accepted, lost;

	kbpf_packets_counts(s, &accepted, &lost);
	for (int i = 0; i < STOP_TRIES && !is_ready(s) && s->passed < accepted - lost; i++)
		(void)poll(&fd, 1, RETIRE_MS);
}

/* Waits for a block. An interface that goes down is an error of the socket, reported until read. */
static int wait_for_block(struct kbpf_packets *s, int timeout_ms, int wake_fd)
{
	struct pollfd fds[] = {{.fd = s->fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
	socklen_t len = sizeof(int);
	int ignored;

	if (poll(fds, ARRAY_LEN(fds), timeout_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents & POLLERR)
		(void)getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &ignored, &len);
	return 0;
}

int kbpf_packets_poll(struct kbpf_packets *s, int timeout_ms, int wake_fd, kbpf_packet_fn fn,
		      void *user)
{
	int cnt = 0, rc = 0;

	if (s->stopped)
		await_last(s);
	else if (!is_ready(s))
		rc = wait_for_block(s, timeout_ms, wake_fd);
	for (unsigned i = 0; rc == 0 && i < s->block_cnt && is_ready(s); i++)
		rc = read_block(s, fn, user, &cnt);
	return rc ? rc : cnt;
}
