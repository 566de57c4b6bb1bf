/* SPDX-License-Identifier: MIT */
/*
 * kprobe_tracefs.c - probes created by a line in tracefs' kprobe_events, where there is no kprobe
 * PMU. They outlive their process, so their group is named after it, and those that a dead process
 * left are removed.
 */
#include "kprobe_tracefs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "file.h"
#include "perf_event.h"

#define EVENT_LEN 160
#define LINE_LEN  640
#define LIST	  "kprobe_events"

/* "bpfcap_PID_TOKEN/k...": letters, digits and '_' only */
static void event_name(uintptr_t set, size_t nr, char name[EVENT_LEN])
{
	struct owner self;

	kbpf_owner_self(&self);
	(void)snprintf(name, EVENT_LEN, "bpfcap_%d_%08" PRIx32 "/k%" PRIxPTR "_%zu", (int)self.pid,
		       self.token, set, nr);
}

/* The file accepts one whole line per write. */
static int write_line(int tracefs_fd, const char *line)
{
	int fd = openat(tracefs_fd, LIST, O_WRONLY | O_APPEND | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return errno == ENOENT ? -ENOTSUP : -errno;
	if (write(fd, line, strlen(line)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static int remove_event(int tracefs_fd, const char *name)
{
	char line[LINE_LEN];

	(void)snprintf(line, sizeof(line), "-:%s\n", name);
	return write_line(tracefs_fd, line);
}

static int open_event(int tracefs_fd, const char *name)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT};
	char path[EVENT_LEN + sizeof("events//id")];
	uint64_t id = 0;
	int rc;

	(void)snprintf(path, sizeof(path), "events/%s/id", name);
	rc = kbpf_file_read_number(tracefs_fd, path, &id);
	attr.config = id;
	return rc < 0 ? rc : kbpf_perf_open(&attr);
}

static int format_line(const char *name, const struct kbpf_kprobe *p, char line[LINE_LEN])
{
	int len = p->addr ? snprintf(line, LINE_LEN, "p:%s 0x%" PRIx64 "\n", name,
				     p->addr + p->offset)
			  : snprintf(line, LINE_LEN, "p:%s %s+%" PRIu64 "\n", name, p->func,
				     p->offset);

	/* a blank or newline in a name would end it or start another line */
	return len >= LINE_LEN || strpbrk(p->func, " \n\t;") ? -EINVAL : 0;
}

int kbpf_kprobe_event_open(int tracefs_fd, uintptr_t set, size_t nr, const struct kbpf_kprobe *p)
{
	char name[EVENT_LEN], line[LINE_LEN];
	int rc;

	event_name(set, nr, name);
	rc = format_line(name, p, line);
	if (rc == 0)
		rc = write_line(tracefs_fd, line);
	if (rc < 0)
		return rc;
	rc = open_event(tracefs_fd, name);
	if (rc < 0)
		(void)remove_event(tracefs_fd, name);
	return rc;
}

void kbpf_kprobe_event_remove(int tracefs_fd, uintptr_t set, size_t nr)
{
	char name[EVENT_LEN];

	event_name(set, nr, name);
	(void)remove_event(tracefs_fd, name);
}

/* "p:GROUP/EVENT PLACE": reads GROUP/EVENT and its set, if a process of ours created it. */
static bool parse_line(const char *line, char name[EVENT_LEN], struct owner *o, uint64_t *set)
{
	int pid;

	if (sscanf(line, "p:bpfcap_%d_%8" SCNx32 "/k%" SCNx64 "_", &pid, &o->token, set) != 3 ||
	    pid <= 0)
		return false;
	o->pid = pid;
	return sscanf(line, "p:%159s", name) == 1;
}

int kbpf_kprobe_sweep_only(int tracefs_fd, const struct guard_notes *only, struct err *e)
{
	char *text, *line, *rest, name[EVENT_LEN];
	struct owner o;
	uint64_t set;
	int rc = kbpf_read_file(tracefs_fd, LIST, &text, NULL), cnt = 0;

	if (rc == -ENOENT)
		return 0;
	for (line = rc < 0 ? NULL : strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		int one;

		if (!parse_line(line, name, &o, &set) ||
		    !kbpf_guard_note_matches(only, &o, GUARD_EVENTS, set))
			continue;
		one = remove_event(tracefs_fd, name);
		if (one == 0)
			cnt++;
		else if (rc == 0 && one != -ENOENT)
			rc = one;
	}
	free(text);
	return rc < 0 ? err_run(e, rc, "hook",
				"removing the probe events that an earlier capture left failed: "
				"%s",
				strerror(-rc))
		      : cnt;
}

int kbpf_kprobe_sweep(int tracefs_fd, struct err *e)
{
	return kbpf_kprobe_sweep_only(tracefs_fd, NULL, e);
}
