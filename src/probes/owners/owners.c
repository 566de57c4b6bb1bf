/* SPDX-License-Identifier: MIT */
/*
 * owners.c - sockets and the processes that own them.
 *
 * sock_diag lists the sockets of this network namespace; /proc lists ping sockets, and the sockets
 * of other namespaces in which packets were seen. So sockets that existed before the capture are
 * found, too. /proc/PID/fd shows the owner. All lists are read again when a packet's socket is
 * unknown, at most a few times a second. A process that cannot be inspected owns nothing.
 */
#include "owners.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../util.h"
#include "proc.h"

#define READ_AGAIN_NS 250000000u

enum { PORT_CNT = 65536, NONE = -1, LOCAL = 0, REMOTE = 1, NETNS_MAX = 64 };

struct sock_row {
	struct packet_ends ends; /* LOCAL, REMOTE; port 0: not connected */
	uint32_t netns;		 /* 0: this one */
	uint32_t inode;
	int proc; /* index, or NONE */
	int next; /* the next with the same local port */
};

struct owners {
	struct sock_row *sock;
	size_t sock_cnt, sock_cap;
	struct owner_proc *proc;
	size_t proc_cnt, proc_cap;
	int by_port[PORT_CNT];
	uint32_t netns[NETNS_MAX]; /* the last other namespaces in which packets were seen */
	unsigned netns_cnt, met_cnt;
	uint32_t listed;  /* the namespace whose sockets are being listed, 0: this one */
	uint64_t read_ns; /* CLOCK_MONOTONIC */
};

/* ---- Sockets ------------------------------------------------------------------------------ */

static void add_sock(void *user, const struct kbpf_sock *s)
{
	struct owners *o = user;
	struct sock_row *row, *more;

	if (!s->inode)
		return;
	more = grow(o->sock, &o->sock_cap, o->sock_cnt + 1, sizeof(*more));
	if (!more)
		return;
	o->sock = more;
	row = &o->sock[o->sock_cnt++];
	*row = (struct sock_row){
		.ends.protocol = s->protocol, .netns = o->listed, .inode = s->inode, .proc = NONE};
	probe_end_addr(row->ends.end[LOCAL].addr, s->family, s->src);
	probe_end_addr(row->ends.end[REMOTE].addr, s->family, s->dst);
	row->ends.end[LOCAL].port = ntohs(s->src_port);
	row->ends.end[REMOTE].port = ntohs(s->dst_port);
}

static int by_inode(const void *a, const void *b)
{
	uint32_t x = ((const struct sock_row *)a)->inode, y = ((const struct sock_row *)b)->inode;

	return (x > y) - (x < y);
}

/* Lists the sockets of /proc/TASK/net: all, or only those that sock_diag does not list. */
static void list_tables(struct owners *o, const char *task, bool all)
{
	static const struct {
		const char *name;
		uint8_t protocol;
		bool diag;
	} tables[] = {
		{"tcp", IPPROTO_TCP, true},    {"tcp6", IPPROTO_TCP, true},
		{"udp", IPPROTO_UDP, true},    {"udp6", IPPROTO_UDP, true},
		{"icmp", IPPROTO_ICMP, false}, {"icmp6", IPPROTO_ICMPV6, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (all || !tables[i].diag)
			probe_proc_socks(task, tables[i].name, tables[i].protocol, add_sock, o);
}

static void list_socks(struct owners *o)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
	uint32_t pid[NETNS_MAX];
	char task[16];

	o->sock_cnt = 0;
	for (size_t f = 0; f < 2; f++)
		for (size_t p = 0; p < 2; p++)
			(void)kbpf_sock_list(families[f], protocols[p], add_sock, o, NULL);
	list_tables(o, "thread-self", false);
	probe_proc_in_netns(o->netns, o->netns_cnt, pid);
	for (unsigned i = 0; i < o->netns_cnt; i++) {
		o->listed = o->netns[i];
		(void)snprintf(task, sizeof(task), "%u", pid[i]);
		if (pid[i])
			list_tables(o, task, true);
	}
	o->listed = 0;
	if (o->sock_cnt)
		qsort(o->sock, o->sock_cnt, sizeof(*o->sock), by_inode);
}

static void chain_by_port(struct owners *o)
{
	for (size_t i = 0; i < PORT_CNT; i++)
		o->by_port[i] = NONE;
	for (size_t i = 0; i < o->sock_cnt; i++) {
		int *first = &o->by_port[o->sock[i].ends.end[LOCAL].port];

		o->sock[i].next = *first;
		*first = (int)i;
	}
}

/* ---- Processes ---------------------------------------------------------------------------- */

static struct sock_row *sock_of_link(struct owners *o, const char *name)
{
	struct sock_row key = {0};

	if (sscanf(name, "socket:[%u]", &key.inode) != 1 || !o->sock_cnt)
		return NULL;
	return bsearch(&key, o->sock, o->sock_cnt, sizeof(key), by_inode);
}

/* The index of process `pid`, which is the last one if it already has a socket. */
static int proc_index(struct owners *o, uint32_t pid)
{
	struct owner_proc *p = o->proc_cnt ? &o->proc[o->proc_cnt - 1] : NULL, *more;
	char path[32], *text;

	if (p && p->pid == pid)
		return (int)o->proc_cnt - 1;
	more = grow(o->proc, &o->proc_cap, o->proc_cnt + 1, sizeof(*more));
	if (!more)
		return NONE;
	o->proc = more;
	p = &o->proc[o->proc_cnt];
	*p = (struct owner_proc){.pid = pid};
	(void)snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	if (kbpf_read_file(AT_FDCWD, path, &text, NULL) >= 0) {
		(void)snprintf(p->comm, sizeof(p->comm), "%.*s", (int)strcspn(text, "\n"), text);
		free(text);
	}
	return (int)o->proc_cnt++;
}

static void read_fds(struct owners *o, uint32_t pid)
{
	char path[32], name[64];
	const struct dirent *d;
	struct sock_row *row;
	ssize_t len;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		len = readlinkat(dirfd(dir), d->d_name, name, sizeof(name) - 1);
		if (len < 0)
			continue;
		name[len] = '\0';
		row = sock_of_link(o, name);
		if (row && row->proc == NONE)
			row->proc = proc_index(o, pid);
	}
	if (dir)
		closedir(dir);
}

static void read_procs(struct owners *o)
{
	DIR *dir = opendir("/proc");
	const struct dirent *d;

	o->proc_cnt = 0;
	while (dir && (d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			read_fds(o, (uint32_t)strtoul(d->d_name, NULL, 10));
	if (dir)
		closedir(dir);
}

/* ---- The table ---------------------------------------------------------------------------- */

static void read_all(struct owners *o)
{
	list_socks(o);
	read_procs(o);
	chain_by_port(o);
	o->read_ns = mono_now_ns();
}

struct owners *probe_owners_new(void)
{
	struct owners *o = calloc(1, sizeof(*o));

	if (o)
		read_all(o);
	return o;
}

void probe_owners_free(struct owners *o)
{
	if (!o)
		return;
	free(o->sock);
	free(o->proc);
	free(o);
}

void probe_owners_set(struct owners *o, const struct kbpf_sock *s, const struct owner_proc *proc)
{
	struct owner_proc *more = grow(o->proc, &o->proc_cap, 1, sizeof(*more));

	if (!more)
		return;
	o->proc = more;
	o->proc[0] = *proc;
	o->proc_cnt = 1;
	o->sock_cnt = 0;
	add_sock(o, s);
	if (o->sock_cnt)
		o->sock[0].proc = 0;
	chain_by_port(o);
	o->read_ns = UINT64_MAX;
}

static bool is_any(const uint8_t addr[16])
{
	static const uint8_t any[16], any_mapped[16] = {[10] = 0xff, [11] = 0xff};

	return memcmp(addr, any, 16) == 0 || memcmp(addr, any_mapped, 16) == 0;
}

/* How well a socket matches packets between these ends: 0 not at all, 3 connected to both. */
static int fit(const struct sock_row *s, const struct end *here, const struct end *there)
{
	const struct end *local = &s->ends.end[LOCAL], *remote = &s->ends.end[REMOTE];
	bool same = memcmp(local->addr, here->addr, 16) == 0;

	if (!same && !is_any(local->addr))
		return 0;
	if (remote->port)
		return remote->port == there->port && memcmp(remote->addr, there->addr, 16) == 0
			       ? 3
			       : 0;
	return same ? 2 : 1;
}

static const struct sock_row *best(const struct owners *o, uint32_t netns,
				   const struct packet_ends *ends, unsigned here)
{
	const struct sock_row *found = NULL;
	int found_fit = 0;

	for (int i = o->by_port[ends->end[here].port]; i != NONE; i = o->sock[i].next) {
		const struct sock_row *s = &o->sock[i];
		int how = s->ends.protocol == ends->protocol && s->netns == netns
				  ? fit(s, &ends->end[here], &ends->end[!here])
				  : 0;

		if (how > found_fit) {
			found = s;
			found_fit = how;
		}
	}
	return found;
}

static const struct sock_row *look_up(const struct owners *o, uint32_t netns,
				      const struct packet_ends *ends, enum probe_dir dir)
{
	const struct sock_row *s = dir == PROBE_DIR_OUT ? NULL : best(o, netns, ends, END_DST);

	return s || dir == PROBE_DIR_IN ? s : best(o, netns, ends, END_SRC);
}

/*
 * Is the namespace new? Then its sockets are listed from now on, if necessary in place of the
 * oldest one; in that case it is not worth a reading of its own, and the result is false.
 */
static bool meet(struct owners *o, uint32_t netns)
{
	for (unsigned i = 0; i < o->netns_cnt; i++)
		if (o->netns[i] == netns)
			return false;
	if (netns == 0)
		return false;
	o->netns[o->met_cnt++ % NETNS_MAX] = netns;
	if (o->netns_cnt == NETNS_MAX)
		return false;
	o->netns_cnt++;
	return true;
}

const struct owner_proc *probe_owners_find(struct owners *o, uint32_t netns,
					   const struct packet_ends *ends, enum probe_dir dir)
{
	const struct sock_row *s = look_up(o, netns, ends, dir);
	bool is_new = meet(o, netns);

	if (!s && o->read_ns != UINT64_MAX &&
	    (is_new || mono_now_ns() - o->read_ns > READ_AGAIN_NS)) {
		read_all(o);
		s = look_up(o, netns, ends, dir);
	}
	return s && s->proc != NONE ? &o->proc[s->proc] : NULL;
}
