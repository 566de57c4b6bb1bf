/* SPDX-License-Identifier: MIT */
/* kprobe.c - one probe at a kernel function, by the kprobe PMU; closing its fd removes it. */
#include "kprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "file.h"
#include "perf_event.h"
#include "perm.h"
#include "sys.h"

#define FUNC_NAME_MAX 256

/*
 * The instructions at a function's start that the kernel reserves for its tracer, where it refuses
 * a probe on them: on riscv64 from 6.10 on. Nothing of the function has run after them.
 */
#ifdef __riscv
enum { TRACER_LEN = 8 };
#else
enum { TRACER_LEN = 0 };
#endif

int kbpf_kprobe_pmu(uint32_t *type)
{
	uint64_t nr = 0;
	int rc = kbpf_file_read_number(AT_FDCWD, KPROBE_PMU_FILE, &nr);

	*type = (uint32_t)nr;
	return rc;
}

static int open_at(uint32_t pmu_type, const struct kbpf_kprobe *p, uint64_t offset)
{
	struct perf_event_attr attr = {
		.type = pmu_type,
		.config1 = p->addr ? 0 : kbpf_sys_ptr(p->func),
		.config2 = p->addr + offset,
	};

	return kbpf_perf_open(&attr);
}

int kbpf_kprobe_open(uint32_t pmu_type, const struct kbpf_kprobe *p)
{
	int fd = open_at(pmu_type, p, p->offset);

	if (TRACER_LEN && !p->offset && (fd == -EINVAL || fd == -EILSEQ))
		fd = open_at(pmu_type, p, TRACER_LEN);
	return fd;
}

int kbpf_kprobe_err(int rc, const char *func, struct err *e)
{
	switch (rc) {
	case -ENOTSUP:
		return err_run(e, rc, "hook",
			       "this kernel has no kprobes (CONFIG_KPROBES, CONFIG_KPROBE_EVENTS), "
			       "or /sys is not mounted");
	case -ENOENT:
	case -ESRCH:
		return err_input(e, -ENOENT, "hook",
				 "kernel function %s does not exist or cannot be probed (it may be "
				 "inlined, or its module not be loaded)",
				 func);
	case -EINVAL:
	case -EILSEQ:
		return err_input(e, rc, "hook", "kernel function %s cannot be probed here", func);
	case -EADDRNOTAVAIL:
		return err_input(e, rc, "hook",
				 "several kernel functions are named %s, and the kernel cannot "
				 "distinguish them",
				 func);
	case -EPERM:
	case -EACCES:
		return kbpf_perm_err(e, rc, "hook", PERM_PERFMON, "probing a kernel function");
	default:
		return err_run(e, rc, "hook", "probing kernel function %s failed: %s", func,
			       strerror(-rc));
	}
}

int kbpf_kprobe_attach(int prog_fd, const char *func, uint64_t offset, struct err *e)
{
	const struct kbpf_kprobe p = {.func = func, .offset = offset};
	char what[FUNC_NAME_MAX];
	uint32_t pmu_type;
	int rc;

	if (kbpf_kprobe_pmu(&pmu_type) < 0)
		return kbpf_kprobe_err(-ENOTSUP, func, e);
	rc = kbpf_kprobe_open(pmu_type, &p);
	if (rc < 0)
		return kbpf_kprobe_err(rc, func, e);
	(void)snprintf(what, sizeof(what), "kernel function %s", func);
	rc = kbpf_perf_set_program(rc, prog_fd);
	return rc < 0 ? kbpf_perf_err(rc, what, e) : rc;
}
