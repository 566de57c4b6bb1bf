/* SPDX-License-Identifier: MIT */
/* testveth.c - a pair of virtual Ethernet devices and frames to send; see testveth.h */
#include "testveth.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testnet.h"

/* A new namespace has its own; kernels without IPv6 have none. */
static void disable_ipv6(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "1", 1);
	close(fd);
}

/* Protocol 0: it sends, and nothing is queued to it. */
static int open_sender(int ifindex)
{
	const struct sockaddr_ll where = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&where, sizeof(where)) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return fd;
}

int testveth_run(const char *const argv[], char *out, size_t out_len)
{
	size_t len = 0;
	ssize_t got;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(fds[1]);
	while (len + 1 < out_len && (got = read(fds[0], out + len, out_len - 1 - len)) > 0)
		len += (size_t)got;
	out[len] = '\0';
	close(fds[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

/* A command whose words have no spaces. */
static int ip(const char *command)
{
	char text[128], out[256], *words[16] = {0}, *rest = text;

	(void)snprintf(text, sizeof(text), "%s", command);
	for (size_t i = 0; i < 15 && (words[i] = strtok_r(rest, " ", &rest)); i++)
		;
	return testveth_run((const char *const *)words, out, sizeof(out));
}

int testveth_open(struct testveth *v)
{
	static const char *const names[] = {"va", "vb"};
	int rc = testnet_enter();

	v->sock[0] = v->sock[1] = -1;
	if (rc < 0)
		return rc;
	disable_ipv6();
	if (ip("ip link add va type veth peer name vb") != 0 || ip("ip link set va up") != 0 ||
	    ip("ip link set vb up") != 0)
		return -ENODEV;
	for (int i = 0; i < 2; i++) {
		rc = testnet_ready(names[i]);
		if (rc < 0)
			return rc;
		v->ifindex[i] = (int)if_nametoindex(names[i]);
		v->sock[i] = open_sender(v->ifindex[i]);
		if (v->sock[i] < 0)
			return v->sock[i];
	}
	return 0;
}

void testveth_close(struct testveth *v)
{
	for (int i = 0; i < 2; i++)
		if (v->sock[i] >= 0)
			close(v->sock[i]);
	(void)ip("ip link del va");
}

int testveth_send(const struct testveth *v, int end, const void *frame, size_t len)
{
	return send(v->sock[end], frame, len, 0) < 0 ? -errno : 0;
}

/* The bytes after the addresses, and the length of the frame. */
static const struct kind {
	const char *what;
	const char *head;
	uint8_t head_len;
	uint16_t len;
} kinds[] = {
	{"header only", "\x88\xb5", 2, 14},
	{"one byte", "\x88\xb5", 2, 15},
	{"60 bytes", "\x88\xb5", 2, 60},
	{"1514 bytes", "\x88\xb5", 2, 1514},
	{"VLAN", "\x81\x00\x21\x23\x88\xb5", 6, 100},
	{"priority tag", "\x81\x00\xe0\x00\x88\xb5", 6, 64},
	{"QinQ", "\x88\xa8\x00\x05\x81\x00\x00\x06\x88\xb5", 10, 200},
	{"IPv4",
	 "\x08\x00\x45\x00\x00\x30\x00\x01\x00\x00\x40\x11\x66\xbb\x0a\x00\x00\x01\x0a\x00"
	 "\x00\x02\x04\xd2\x00\x35\x00\x1c\x00\x00",
	 30, 62},
	{"IPv6", "\x86\xdd\x60\x00\x00\x00\x00\x10\x3a\xff", 10, 70},
	{"ARP", "\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01", 10, 42},
};

#define KIND_CNT (sizeof(kinds) / sizeof(kinds[0]))

size_t testveth_frames(const struct testveth_frame **frames)
{
	static const uint8_t addrs[ETH_ALEN * 2] = {2, 0, 0x5e, 0x10, 0, 1, 2, 0, 0x5e, 0x10, 1, 0};
	static struct testveth_frame made[KIND_CNT];

	for (size_t i = 0; i < KIND_CNT; i++) {
		struct testveth_frame *f = &made[i];

		f->what = kinds[i].what;
		f->len = kinds[i].len;
		for (size_t b = 0; b < f->len; b++)
			f->bytes[b] = (uint8_t)(b * 7 + i);
		memcpy(f->bytes, addrs, sizeof(addrs));
		memcpy(f->bytes + sizeof(addrs), kinds[i].head, kinds[i].head_len);
		f->bytes[11] = (uint8_t)i;
	}
	*frames = made;
	return KIND_CNT;
}
