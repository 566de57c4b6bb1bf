/* SPDX-License-Identifier: MIT */
/*
 * uprobe.c - programs at places of user-space files, by the uprobe PMU; gone with their
 * descriptors.
 *
 * The kernel looks the path up in the caller's mount namespace; /proc/self/fd/N and
 * /proc/PID/map_files/... reach files of other namespaces and deleted ones. Whoever maps the file,
 * now or later, runs the program.
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

/* "config:0": the bit of `config` that makes it a probe at the function's return. */
static int return_bit(uint64_t *bit)
{
	unsigned nr;
	char *text;
	size_t len;
	int ret = kbpf_read_file(AT_FDCWD, UPROBE_PMU_DIR "format/retprobe", &text, &len);

	if (ret < 0)
		return ret;
	ret = sscanf(text, "config:%u", &nr) == 1 && nr < 64 ? 0 : -EINVAL;
	if (ret == 0)
		*bit = 1ULL << nr;
	free(text);
	return ret;
}

static int uprobe_err(int ret, const char *path, uint64_t offset, struct err *e)
{
	switch (ret) {
	case -EPERM:
	case -EACCES:
		return kbpf_perm_err(e, ret, "hook", PERM_PERFMON, "probing a user-space function");
	default:
		return err_run(e, ret, "hook", "probing %s at offset 0x%llx failed: %s", path,
			       (unsigned long long)offset, strerror(-ret));
	}
}

int kbpf_uprobe_attach(int prog_fd, const char *path, uint64_t offset, bool at_return,
		       struct err *e)
{
	struct perf_event_attr attr = {.config1 = kbpf_sys_ptr(path), .config2 = offset};
	char what[UPROBE_NAME_MAX];
	uint64_t type = 0, bit = 0;
	int ret = kbpf_file_read_number(AT_FDCWD, UPROBE_PMU_DIR "type", &type);

	if (ret == 0 && at_return)
		ret = return_bit(&bit);
	if (ret < 0)
		return err_run(e, -ENOTSUP, "hook",
			       "this kernel has no uprobes (CONFIG_UPROBE_EVENTS), or /sys is not "
			       "mounted");
	attr.type = (uint32_t)type;
	attr.config = bit;
	ret = kbpf_perf_open(&attr);
	if (ret < 0)
		return uprobe_err(ret, path, offset, e);
	(void)snprintf(what, sizeof(what), "a function in %s", path);
	ret = kbpf_perf_set_program(ret, prog_fd);
	return ret < 0 ? kbpf_perf_err(ret, what, e) : ret;
}
