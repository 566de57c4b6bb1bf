/* SPDX-License-Identifier: MIT */
/* owner.c - names of processes that outlive them; see owner.h. */
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpfcap/kbpf.h"

#define START_FIELD 22 /* of /proc/PID/stat; the state is field 3 */

/* State and start time of a process. 0, or -errno when /proc does not tell. */
static int read_stat(pid_t pid, char *state, uint64_t *start)
{
	char path[32], *text, *at;
	int field = 3, ret;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	ret = kbpf_read_file(AT_FDCWD, path, &text, NULL);
	if (ret < 0)
		return ret;
	ret = -EINVAL;
	/* "PID (COMM) STATE ...", where COMM may hold anything */
	at = strrchr(text, ')');
	if (at && at[1] == ' ' && at[2]) {
		*state = at[2];
		for (at += 2; at && field < START_FIELD; field++) {
			at = strchr(at, ' ');
			at = at ? at + 1 : NULL;
		}
		if (at) {
			*start = strtoull(at, NULL, 10);
			ret = 0;
		}
	}
	free(text);
	return ret;
}

void kbpf_owner_self(struct owner *o)
{
	struct stat ns;
	char state;

	*o = (struct owner){.pid = getpid()};
	(void)read_stat(o->pid, &state, &o->start);
	if (stat("/proc/self/ns/pid", &ns) == 0)
		o->pid_ns = ns.st_ino;
}

bool kbpf_owner_same(const struct owner *a, const struct owner *b)
{
	return a->pid == b->pid && a->start == b->start && a->pid_ns == b->pid_ns;
}

bool kbpf_owner_alive(const struct owner *o)
{
	struct owner self;
	uint64_t start;
	char state;

	kbpf_owner_self(&self);
	if (o->pid_ns != self.pid_ns)
		return true;
	if (kill(o->pid, 0) < 0 && errno == ESRCH)
		return false;
	if (read_stat(o->pid, &state, &start) < 0)
		return true;
	return state != 'Z' && state != 'X' && (o->start == 0 || start == o->start);
}

void kbpf_owner_format(const struct owner *o, bool made_qdisc, char name[OWNER_NAME_LEN])
{
	(void)snprintf(name, OWNER_NAME_LEN, "bpfcap:%d:%" PRIu64 ":%" PRIu64 "%s", (int)o->pid,
		       o->start, o->pid_ns, made_qdisc ? ":q" : "");
}

bool kbpf_owner_parse(const char *name, struct owner *o, bool *made_qdisc)
{
	char again[OWNER_NAME_LEN];
	int pid;

	if (sscanf(name, "bpfcap:%d:%" SCNu64 ":%" SCNu64, &pid, &o->start, &o->pid_ns) != 3 ||
	    pid <= 0)
		return false;
	o->pid = pid;
	*made_qdisc = strlen(name) > 2 && strcmp(name + strlen(name) - 2, ":q") == 0;
	kbpf_owner_format(o, *made_qdisc, again);
	return strcmp(name, again) == 0;
}
