/* SPDX-License-Identifier: MIT */
/* sys.c - system calls without wrappers in old C libraries; 0 or a value, or -errno. */
#include "sys.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EAGAIN_TRY_CNT 5
#define FD_CNT_SPARE   512 /* for everything else that a process may have open */

int kbpf_sys_bpf(int cmd, void *attr, size_t len)
{
	long rc;
	int i = 0;

	do {
		rc = syscall(__NR_bpf, cmd, attr, len);
	} while (rc < 0 && errno == EAGAIN && ++i < EAGAIN_TRY_CNT);
	return rc < 0 ? -errno : (int)rc;
}

int kbpf_sys_bpf_charged(int cmd, void *attr, size_t len)
{
	int rc = kbpf_sys_bpf(cmd, attr, len);

	if (rc == -EPERM && kbpf_sys_raise_memlock() == 0)
		rc = kbpf_sys_bpf(cmd, attr, len);
	return rc;
}

int kbpf_sys_raise_memlock(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct rlimit now;

	if (getrlimit(RLIMIT_MEMLOCK, &now) < 0)
		return -errno;
	if (now.rlim_cur == RLIM_INFINITY)
		return -EALREADY;
	if (setrlimit(RLIMIT_MEMLOCK, &all) == 0)
		return 0;
	if (now.rlim_cur == now.rlim_max)
		return -EPERM;
	now.rlim_cur = now.rlim_max;
	return setrlimit(RLIMIT_MEMLOCK, &now) < 0 ? -errno : 0;
}

void kbpf_sys_raise_nofile(size_t more)
{
	struct rlimit now;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur >= more + FD_CNT_SPARE)
		return;
	now.rlim_cur = more + FD_CNT_SPARE < now.rlim_max ? more + FD_CNT_SPARE : now.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &now);
}

int kbpf_sys_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	long fd = syscall(__NR_perf_event_open, attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

int kbpf_sys_ioctl(int fd, unsigned long request, unsigned long arg)
{
#if defined(__GLIBC__)
	int rc = ioctl(fd, request, arg);
#else
	int rc = ioctl(fd, (int)request, arg);
#endif
	return rc < 0 ? -errno : rc;
}
