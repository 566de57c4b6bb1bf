/* SPDX-License-Identifier: MIT */
/* tests/lib/testnet.c - see testnet.h */
#include "testnet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"

enum { WAIT_MS = 5000 };

int testnet_enter(void)
{
	struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd, ret = 0;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &req) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int testnet_send(int cnt)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = 0;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return -errno;
	for (int i = 0; ret == 0 && i < cnt; i++) {
		/* an unconnected socket does not hear of the closed port */
		if (sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			ret = -errno;
	}
	close(fd);
	return ret;
}

int testnet_counter_load(struct testnet_counter *c, uint32_t prog_type, int retval)
{
	c->map_fd = kbpf_map_create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0, "count", NULL);
	const struct ebpf_insn insns[] = {
		{.code = 0x62, .dst = 10, .off = -4}, /* *(u32 *)(fp - 4) = 0 */
		{.code = 0xbf, .dst = 2, .src = 10},
		{.code = 0x07, .dst = 2, .imm = -4},
		{.code = 0x18, .dst = 1, .src = 1, .imm = c->map_fd},
		{0},
		{.code = 0x85, .imm = BPF_FUNC_map_lookup_elem},
		{.code = 0x15, .dst = 0, .off = 2}, /* if r0 == 0 goto +2 */
		{.code = 0xb7, .dst = 1, .imm = 1},
		{.code = 0xdb, .dst = 0, .src = 1}, /* lock *(u64 *)r0 += r1 */
		{.code = 0xb7, .dst = 0, .imm = retval},
		{.code = 0x95},
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

int testnet_counts(const struct testnet_counter *c, int send_cnt, uint64_t at_least)
{
	uint64_t before = testnet_counter_get(c);
	int ret = testnet_send(send_cnt);

	for (int i = 0; ret == 0 && testnet_counter_get(c) < before + at_least; i++) {
		usleep(1000);
		ret = i < WAIT_MS ? 0 : -ETIMEDOUT;
	}
	return ret;
}

void testnet_counter_close(struct testnet_counter *c)
{
	close(c->prog_fd);
	close(c->map_fd);
}
