/* SPDX-License-Identifier: MIT */
/* testnet.c - see testnet.h */
#include "opcodes.h"
#include "testnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"

enum { WAIT_MS = 5000 };

static int up(const char *name)
{
	struct ifreq req = {.ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &req) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static bool is_running(const char *name)
{
	struct ifreq req = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool running;

	(void)snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	running = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &req) == 0 && req.ifr_flags & IFF_RUNNING;
	close(fd);
	return running;
}

/* up() sets the flag and installs the queue under one lock, and then takes that lock again. */
int testnet_ready(const char *name)
{
	for (int i = 0; i < WAIT_MS; i++) {
		if (is_running(name))
			return up(name);
		usleep(1000);
	}
	return -ETIMEDOUT;
}

int testnet_enter(void)
{
	return unshare(CLONE_NEWNET) < 0 ? -errno : up("lo");
}

/* Sends a request to rtnetlink; the kernel's answer. */
static int talk(struct nlmsghdr *h)
{
	char buf[8192];
	struct mnl_socket *s = mnl_socket_open(NETLINK_ROUTE);
	int rc = -EIO;

	h->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	if (s && mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(s, h, h->nlmsg_len) > 0) {
		ssize_t len = mnl_socket_recvfrom(s, buf, sizeof(buf));

		rc = mnl_cb_run(buf, (size_t)len, 0, 0, NULL, NULL) < 0 ? -errno : 0;
	}
	if (s)
		mnl_socket_close(s);
	return rc;
}

int testnet_veth(const char *a, const char *b)
{
	char buf[512];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nlattr *info, *data, *peer;
	int rc;

	h->nlmsg_type = RTM_NEWLINK;
	h->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, a);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, b);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	rc = talk(h);
	if (rc == 0)
		rc = up(a);
	if (rc == 0)
		rc = up(b);
	if (rc == 0)
		rc = testnet_ready(a);
	return rc < 0 ? rc : testnet_ready(b);
}

int testnet_del_link(const char *name)
{
	char buf[512];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = RTM_DELLINK;
	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return talk(h);
}

int testnet_send_frames(const char *name, int cnt)
{
	const uint8_t frame[64] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [12] = 0x88, 0xb5};
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(name),
		.sll_halen = 6,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), rc = 0;

	if (fd < 0)
		return -errno;
	for (int i = 0; rc == 0 && i < cnt; i++) {
		if (sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			rc = -errno;
	}
	close(fd);
	return rc;
}

int testnet_send(int cnt)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc = 0;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -errno;
	for (int i = 0; rc == 0 && i < cnt; i++) {
		/* an unconnected socket does not hear of the closed port */
		if (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			rc = -errno;
	}
	close(fd);
	return rc;
}

int testnet_counter_load(struct testnet_counter *c, uint32_t prog_type, int retval)
{
	c->map_fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
							    .key_len = 4,
							    .value_len = 8,
							    .entry_cnt = 1,
							    .name = "count"},
				    NULL);
	const struct ebpf_insn insns[] = {
		{.code = OP_ST_W, .dst = 10, .off = -4}, /* *(u32 *)(fp - 4) = 0 */
		{.code = OP_MOV_X, .dst = 2, .src = 10},
		{.code = OP_ADD_K, .dst = 2, .imm = -4},
		{.code = OP_LD_IMM64, .dst = 1, .src = 1, .imm = c->map_fd},
		{0},
		{.code = OP_CALL, .imm = BPF_FUNC_map_lookup_elem},
		{.code = OP_JEQ_K, .dst = 0, .off = 2}, /* if r0 == 0 goto +2 */
		{.code = OP_MOV_K, .dst = 1, .imm = 1},
		{.code = OP_ATOMIC_DW, .dst = 0, .src = 1}, /* lock *(u64 *)r0 += r1 */
		{.code = OP_MOV_K, .dst = 0, .imm = retval},
		{.code = OP_EXIT},
	};
	const struct kbpf_prog_spec spec = {
		.type = prog_type,
		.insns = insns,
		.insn_cnt = sizeof(insns) / sizeof(*insns),
		.name = "count",
	};

	c->prog_fd = c->map_fd < 0 ? c->map_fd : kbpf_prog_load(&spec, NULL);
	if (c->prog_fd < 0 && c->map_fd >= 0)
		close(c->map_fd);
	return c->prog_fd < 0 ? c->prog_fd : 0;
}

uint64_t testnet_counter_get(const struct testnet_counter *c)
{
	uint32_t key = 0;
	uint64_t cnt = UINT64_MAX;

	(void)kbpf_map_lookup(c->map_fd, &key, &cnt);
	return cnt;
}

int testnet_wait(const struct testnet_counter *c, uint64_t at_least)
{
	for (int i = 0; i < WAIT_MS; i++) {
		if (testnet_counter_get(c) >= at_least)
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

int testnet_counts(const struct testnet_counter *c, int send_cnt, uint64_t at_least)
{
	uint64_t before = testnet_counter_get(c);
	int rc = testnet_send(send_cnt);

	return rc < 0 ? rc : testnet_wait(c, before + at_least);
}

void testnet_counter_close(struct testnet_counter *c)
{
	close(c->prog_fd);
	close(c->map_fd);
}
