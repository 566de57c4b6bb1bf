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

/* "config:0": the bit of `config` that selects a probe at the function's return. */
static int return_bit(uint64_t *bit)
{
	unsigned nr;
	char *text;
	size_t len;
	int rc = kbpf_read_file(AT_FDCWD, UPROBE_PMU_DIR "format/retprobe", &text, &len);

	if (rc < 0)
		return rc;
	rc = sscanf(text, "config:%u", &nr) == 1 && nr < 64 ? 0 : -EINVAL;
	if (rc == 0)
		*bit = 1ULL << nr;
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

int kbpf_uprobe_attach(int prog_fd, const char *path, uint64_t offset, bool at_return,
		       struct err *e)
{
	struct perf_event_attr attr = {.config1 = kbpf_sys_ptr(path), .config2 = offset};
	char what[UPROBE_NAME_MAX];
	uint64_t type = 0, bit = 0;
	int rc = kbpf_file_read_number(AT_FDCWD, UPROBE_PMU_DIR "type", &type);

	if (rc == 0 && at_return)
		rc = return_bit(&bit);
	if (rc < 0)
		return err_run(e, -ENOTSUP, "hook",
			       "this kernel has no uprobes (CONFIG_UPROBE_EVENTS), or /sys is not "
			       "mounted");
	attr.type = (uint32_t)type;
	attr.config = bit;
	rc = kbpf_perf_open(&attr);
	if (rc < 0)
		return uprobe_err(rc, path, offset, e);
	(void)snprintf(what, sizeof(what), "a function in %s", path);
	rc = kbpf_perf_set_program(rc, prog_fd);
	return rc < 0 ? kbpf_perf_err(rc, what, e) : rc;
}
