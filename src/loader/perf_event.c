/* SPDX-License-Identifier: MIT */
/*
 * src/loader/perf_event.c - programs at tracepoints and kernel functions by perf_event_open(2).
 *
 * One event on any CPU fires on all. The program runs from PERF_EVENT_IOC_SET_BPF on and until the
 * descriptor is closed; enabling and disabling the event changes nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../err.h"
#include "bpfcap/kbpf.h"
#include "file.h"
#include "perm.h"
#include "sys.h"

#define EVENT_NAME_MAX 128
#define KPROBE_PMU     "/sys/bus/event_source/devices/kprobe/type"

static int open_event(struct perf_event_attr *attr)
{
	int cpu = 0;

	/* CPU 0 can be offline. */
	(void)kbpf_file_cpu_list(CPU_ONLINE_FILE, &cpu, 1);
	attr->size = sizeof(*attr);
	attr->sample_period = 1;
	return kbpf_sys_perf_event_open(attr, cpu);
}

/* Takes over event_fd: returns it with the program running, or closes it. */
static int set_program(int event_fd, int prog_fd, const char *what, struct err *e)
{
	int ret = kbpf_sys_ioctl(event_fd, PERF_EVENT_IOC_SET_BPF, (unsigned long)prog_fd);

	if (ret >= 0)
		return event_fd;
	close(event_fd);
	if (ret == -EPERM)
		return kbpf_perm_err(e, ret, "hook", PERM_BPF | PERM_PERFMON,
				     "Attaching a program to an event");
	if (ret == -EACCES)
		return err_run(e, ret, "hook", "The program reads more than the record of %s holds",
			       what);
	if (ret == -EEXIST)
		return err_run(e, ret, "hook", "This program is attached to %s already", what);
	if (ret == -E2BIG)
		return err_run(e, ret, "hook", "%s has 64 programs already, which is the most",
			       what);
	return err_run(e, ret, "hook", "Attaching to %s failed: %s", what, strerror(-ret));
}

/* Names become a path, so only what event names are made of may pass. */
static bool is_name(const char *s)
{
	size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return len > 0 && len < EVENT_NAME_MAX && s[len] == '\0';
}

static int tracepoint_id(int tracefs_fd, const char *category, const char *name, uint64_t *id,
			 struct err *e)
{
	char path[2 * EVENT_NAME_MAX + sizeof("events///id")];
	int ret;

	if (!is_name(category) || !is_name(name))
		return err_input(e, -EINVAL, "hook", "'%s:%s' is not the name of a tracepoint",
				 category, name);
	(void)snprintf(path, sizeof(path), "events/%s/%s/id", category, name);
	ret = kbpf_file_read_number(tracefs_fd, path, id);
	if (ret == -ENOENT)
		return err_input(
			e, ret, "hook",
			"Tracepoint %s:%s does not exist in this kernel (its module may not "
			"be loaded)",
			category, name);
	if (ret == -EPERM || ret == -EACCES)
		return kbpf_perm_err(e, ret, "hook", PERM_SYS_ADMIN,
				     "Reading a tracepoint's number");
	if (ret < 0)
		return err_run(e, ret, "hook", "Reading %s in tracefs failed: %s", path,
			       strerror(-ret));
	return 0;
}

int kbpf_tracepoint_attach(int prog_fd, int tracefs_fd, const char *category, const char *name,
			   struct err *e)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT};
	char what[2 * EVENT_NAME_MAX + sizeof("tracepoint :")];
	uint64_t id = 0;
	int ret = tracepoint_id(tracefs_fd, category, name, &id, e);

	if (ret < 0)
		return ret;
	attr.config = id;
	(void)snprintf(what, sizeof(what), "tracepoint %s:%s", category, name);
	ret = open_event(&attr);
	if (ret == -EPERM || ret == -EACCES)
		return kbpf_perm_err(e, ret, "hook", PERM_PERFMON, "Opening a tracepoint");
	if (ret < 0)
		return err_run(e, ret, "hook", "Opening %s failed: %s", what, strerror(-ret));
	return set_program(ret, prog_fd, what, e);
}

static int kprobe_err(int ret, const char *func, struct err *e)
{
	switch (ret) {
	case -ENOENT:
		return err_input(
			e, ret, "hook",
			"Kernel function %s does not exist (it may be inlined, or its module "
			"not be loaded)",
			func);
	case -EINVAL:
	case -EILSEQ:
		return err_input(e, ret, "hook", "Kernel function %s cannot be probed here", func);
	case -EADDRNOTAVAIL:
		return err_input(e, ret, "hook",
				 "There are several kernel functions named %s, and which is meant "
				 "cannot be told",
				 func);
	case -EPERM:
	case -EACCES:
		return kbpf_perm_err(e, ret, "hook", PERM_PERFMON, "Probing a kernel function");
	default:
		return err_run(e, ret, "hook", "Probing kernel function %s failed: %s", func,
			       strerror(-ret));
	}
}

int kbpf_kprobe_attach(int prog_fd, const char *func, uint64_t offset, struct err *e)
{
	struct perf_event_attr attr = {
		.config1 = kbpf_sys_ptr(func),
		.config2 = offset,
	};
	char what[EVENT_NAME_MAX + sizeof("kernel function ")];
	uint64_t type = 0;
	int ret = kbpf_file_read_number(AT_FDCWD, KPROBE_PMU, &type);

	if (ret < 0)
		return err_run(
			e, -ENOTSUP, "hook",
			"This kernel has no kprobes (CONFIG_KPROBES, CONFIG_KPROBE_EVENTS) or "
			"/sys is not mounted");
	attr.type = (uint32_t)type;
	ret = open_event(&attr);
	if (ret < 0)
		return kprobe_err(ret, func, e);
	(void)snprintf(what, sizeof(what), "kernel function %s", func);
	return set_program(ret, prog_fd, what, e);
}
