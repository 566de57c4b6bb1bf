/* SPDX-License-Identifier: MIT */
/*
 * rawtp.c - attaches programs to raw tracepoints: without tracefs and formats; they see the
 * arguments.
 */
#include <errno.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "perm.h"
#include "sys.h"
#include "uapi.h"

int kbpf_raw_tracepoint_attach(int prog_fd, const char *name, struct err *e)
{
	struct uapi_raw_tracepoint attr = {
		.name = kbpf_sys_ptr(name),
		.prog_fd = (uint32_t)prog_fd,
	};
	int rc = kbpf_sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));

	if (rc >= 0)
		return rc;
	if (rc == -ENOENT)
		return err_input(
			e, rc, "hook",
			"raw tracepoint %s does not exist in this kernel (its module may not "
			"be loaded)",
			name);
	if (rc == -EPERM)
		return kbpf_perm_err(e, rc, "hook", PERM_BPF | PERM_PERFMON,
				     "attaching to a raw tracepoint");
	if (rc == -EINVAL)
		return err_run(e, rc, "hook",
			       "raw tracepoint %s has fewer arguments than the program reads",
			       name);
	return err_run(e, rc, "hook", "attaching to raw tracepoint %s failed: %s", name,
		       strerror(-rc));
}
