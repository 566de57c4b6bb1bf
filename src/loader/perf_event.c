/* SPDX-License-Identifier: MIT */
/*
 * perf_event.c - attaches programs to events of perf_event_open(2), such as tracepoints.
 *
 * An event opened on one CPU fires on all. The program runs from PERF_EVENT_IOC_SET_BPF until the
 * descriptor is closed; enabling and disabling the event changes nothing.
 */
#include "perf_event.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "file.h"
#include "perm.h"
#include "sys.h"

#define EVENT_NAME_MAX 128

int kbpf_perf_open_in(struct perf_event_attr *attr, pid_t pid)
{
	int cpu = 0;

	/* CPU 0 can be offline. */
	(void)kbpf_file_cpu_list(CPU_ONLINE_FILE, &cpu, 1);
	attr->size = sizeof(*attr);
	attr->sample_period = 1;
	return pid ? kbpf_sys_perf_event_open(attr, pid, -1)
		   : kbpf_sys_perf_event_open(attr, -1, cpu);
}

int kbpf_perf_open(struct perf_event_attr *attr)
{
	return kbpf_perf_open_in(attr, 0);
}

int kbpf_perf_set_program(int event_fd, int prog_fd)
{
	int rc = kbpf_sys_ioctl(event_fd, PERF_EVENT_IOC_SET_BPF, (unsigned long)prog_fd);

	if (rc >= 0)
		return event_fd;
	close(event_fd);
	return rc;
}

int kbpf_perf_err(int rc, const char *what, struct err *e)
{
	switch (rc) {
	case -EPERM:
		return kbpf_perm_err(e, rc, "hook", PERM_BPF | PERM_PERFMON,
				     "attaching a program to an event");
	case -EACCES:
		return err_run(e, rc, "hook", "the program reads more than the record of %s holds",
			       what);
	case -EEXIST:
		return err_run(e, rc, "hook", "this program is attached to %s already", what);
	case -E2BIG:
		return err_run(e, rc, "hook", "%s has 64 programs already, which is the most",
			       what);
	default:
		return err_run(e, rc, "hook", "attaching to %s failed: %s", what, strerror(-rc));
	}
}

/* Names become a path, so only characters of event names are accepted. */
static bool is_name(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return len > 0 && len < EVENT_NAME_MAX && s[len] == '\0';
}

static int tracepoint_id(int tracefs_fd, const char *category, const char *name, uint64_t *id,
			 struct err *e)
{
	char path[2 * EVENT_NAME_MAX + sizeof("events///id")];
	int rc;

	if (!is_name(category) || !is_name(name))
		return err_input(e, -EINVAL, "hook", "'%s:%s' is not the name of a tracepoint",
				 category, name);
	(void)snprintf(path, sizeof(path), "events/%s/%s/id", category, name);
	rc = kbpf_file_read_number(tracefs_fd, path, id);
	if (rc == -ENOENT)
		return err_input(
			e, rc, "hook",
			"tracepoint %s:%s does not exist in this kernel (its module may not "
			"be loaded)",
			category, name);
	if (rc == -EPERM || rc == -EACCES)
		return kbpf_perm_err(e, rc, "hook", PERM_SYS_ADMIN,
				     "reading a tracepoint's number");
	if (rc < 0)
		return err_run(e, rc, "hook", "reading %s in tracefs failed: %s", path,
			       strerror(-rc));
	return 0;
}

int kbpf_tracepoint_attach(int prog_fd, int tracefs_fd, const char *category, const char *name,
			   struct err *e)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT};
	char what[2 * EVENT_NAME_MAX + sizeof("tracepoint :")];
	uint64_t id = 0;
	int rc = tracepoint_id(tracefs_fd, category, name, &id, e);

	if (rc < 0)
		return rc;
	attr.config = id;
	(void)snprintf(what, sizeof(what), "tracepoint %s:%s", category, name);
	rc = kbpf_perf_open(&attr);
	if (rc == -EPERM || rc == -EACCES)
		return kbpf_perm_err(e, rc, "hook", PERM_PERFMON, "opening a tracepoint");
	if (rc < 0)
		return err_run(e, rc, "hook", "opening %s failed: %s", what, strerror(-rc));
	rc = kbpf_perf_set_program(rc, prog_fd);
	return rc < 0 ? kbpf_perf_err(rc, what, e) : rc;
}
