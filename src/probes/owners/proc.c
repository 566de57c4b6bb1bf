/* SPDX-License-Identifier: MIT */
/*
 * proc.c - sockets that /proc/PID/net lists: those of other network namespaces, and ping sockets,
 * which sock_diag does not list. An unreadable list is empty.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packet.h"
#include "proc.h"

enum { HEX_MAX = 32, GROUP_LEN = 8 };

/* "0100007F", or four of these: the bytes of an address as numbers in host byte order. */
static bool read_addr(uint8_t to[16], const char *hex)
{
	size_t len = strlen(hex);

	if (len != GROUP_LEN && len != HEX_MAX)
		return false;
	for (size_t at = 0; at < len; at += GROUP_LEN) {
		char group[GROUP_LEN + 1] = "";
		uint32_t word;

		memcpy(group, hex + at, GROUP_LEN);
		word = (uint32_t)strtoul(group, NULL, 16);
		memcpy(to + at / 2, &word, sizeof(word));
	}
	return true;
}

/* " 12: 0100007F:1092 00000000:0000 07 ...": false for the heading and for malformed lines. */
static bool read_line(const char *line, struct kbpf_sock *s)
{
	char src[HEX_MAX + 1], dst[HEX_MAX + 1];
	unsigned src_port, dst_port, state;

	if (sscanf(line,
		   " %*u: %32[0-9A-Fa-f]:%x %32[0-9A-Fa-f]:%x %x %*x:%*x %*x:%*x %*x %u %*u %u",
		   src, &src_port, dst, &dst_port, &state, &s->uid, &s->inode) != 7)
		return false;
	s->src_port = htons((uint16_t)src_port);
	s->dst_port = htons((uint16_t)dst_port);
	s->state = (uint8_t)state;
	s->family = strlen(src) == HEX_MAX ? AF_INET6 : AF_INET;
	return strlen(src) == strlen(dst) && read_addr(s->src, src) && read_addr(s->dst, dst);
}

void probe_proc_socks(const char *task, const char *table, uint8_t protocol, kbpf_sock_fn fn,
		      void *user)
{
	char path[64], *text, *rest = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%s/net/%s", task, table);
	if (kbpf_read_file(AT_FDCWD, path, &text, NULL) < 0)
		return;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		struct kbpf_sock s = {.protocol = protocol};

		if (read_line(line, &s))
			fn(user, &s);
	}
	free(text);
}

/* The inode of a process's network namespace; 0: not visible. */
static uint32_t netns_of(uint32_t pid)
{
	char path[64], link[64];
	unsigned inode;
	ssize_t len;

	(void)snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return 0;
	link[len] = '\0';
	return sscanf(link, "net:[%u]", &inode) == 1 ? inode : 0;
}

void probe_proc_in_netns(const uint32_t *netns, unsigned cnt, uint32_t *pid)
{
	DIR *dir = cnt ? opendir("/proc") : NULL;
	const struct dirent *d;

	memset(pid, 0, cnt * sizeof(*pid));
	while (dir && (d = readdir(dir))) {
		uint32_t task = (uint32_t)strtoul(d->d_name, NULL, 10);
		uint32_t inode = isdigit((unsigned char)d->d_name[0]) ? netns_of(task) : 0;

		for (unsigned i = 0; inode && i < cnt; i++)
			if (netns[i] == inode && !pid[i])
				pid[i] = task;
	}
	if (dir)
		closedir(dir);
}
