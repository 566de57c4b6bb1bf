/* SPDX-License-Identifier: MIT */
/*
 * uprobe.c - attaches programs to places in user-space files, by the uprobe PMU; closing their
 * descriptors detaches them.
 *
 * The kernel looks the path up in the caller's mount namespace; /proc/self/fd/N and
 * /proc/PID/map_files/... reach files of other namespaces and deleted ones. Every process that maps
 * the file, now or later, runs the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "file.h"
#include "perf_event.h"
#include "perm.h"
#include "sys.h"

#define UPROBE_PMU_DIR	"/sys/bus/event_source/devices/uprobe/"
#define UPROBE_NAME_MAX 256

/* "config:0", "config:32-63": the first of the bits of `config` that hold `field`. */
static int first_bit(const char *field, unsigned *bit)
{
	char path[sizeof(UPROBE_PMU_DIR) + 32], *text;
	size_t len;
	int rc;

	(void)snprintf(path, sizeof(path), UPROBE_PMU_DIR "format/%s", field);
	rc = kbpf_read_file(AT_FDCWD, path, &text, &len);
	if (rc < 0)
		return rc;
	rc = sscanf(text, "config:%u", bit) == 1 && *bit < 64 ? 0 : -EINVAL;
	free(text);
	return rc;
}

static int uprobe_err(int rc, const char *path, uint64_t offset, struct err *e)
{
	switch (rc) {
	case -EPERM:
	case -EACCES:
		return kbpf_perm_err(e, rc, "hook", PERM_PERFMON, "probing a user-space function");
	default:
		return err_run(e, rc, "hook", "probing %s at offset 0x%llx failed: %s", path,
			       (unsigned long long)offset, strerror(-rc));
	}
}

static int no_uprobes(struct err *e)
{
	return err_run(e, -ENOTSUP, "hook",
		       "this kernel has no uprobes (CONFIG_UPROBE_EVENTS), or /sys is not mounted");
}

/* `config` selects the kind of probe. */
static int attach(int prog_fd, pid_t pid, const char *path, uint64_t offset, uint64_t config,
		  struct err *e)
{
	struct perf_event_attr attr = {
		.config = config, .config1 = kbpf_sys_ptr(path), .config2 = offset};
	char what[UPROBE_NAME_MAX];
	uint64_t type = 0;
	int rc = kbpf_file_read_number(AT_FDCWD, UPROBE_PMU_DIR "type", &type);

	if (rc < 0)
		return no_uprobes(e);
	attr.type = (uint32_t)type;
	rc = kbpf_perf_open_in(&attr, pid);
	if (rc < 0)
		return uprobe_err(rc, path, offset, e);
	(void)snprintf(what, sizeof(what), "a function in %s", path);
	rc = kbpf_perf_set_program(rc, prog_fd);
	return rc < 0 ? kbpf_perf_err(rc, what, e) : rc;
}

int kbpf_uprobe_attach(int prog_fd, uint32_t pid, const char *path, uint64_t offset, bool at_return,
		       struct err *e)
{
	unsigned bit = 0;

	if (at_return && first_bit("retprobe", &bit) < 0)
		return no_uprobes(e);
	return attach(prog_fd, (pid_t)pid, path, offset, at_return ? UINT64_C(1) << bit : 0, e);
}

int kbpf_usdt_attach(int prog_fd, const char *path, uint64_t offset, uint64_t semaphore,
		     struct err *e)
{
	unsigned bit = 0;

	if (semaphore > UINT32_MAX)
		return err_input(e, -EINVAL, "hook",
				 "the semaphore of a probe in %s is at 0x%llx, "
				 "beyond what the kernel takes",
				 path, (unsigned long long)semaphore);
	if (semaphore && first_bit("ref_ctr_offset", &bit) < 0)
		return no_uprobes(e);
	return attach(prog_fd, 0, path, offset, semaphore << bit, e);
}
