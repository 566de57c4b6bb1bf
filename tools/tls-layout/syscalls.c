/* SPDX-License-Identifier: MIT */
/*
 * syscalls.c - a seccomp(2) filter of what loading a library, computing and one answer take.
 *
 * What is not listed fails with EPERM: libraries look for many things and do without most of them.
 */
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH AUDIT_ARCH_PPC64LE
#endif

static const uint16_t allowed[] = {
	/* memory */
	SYS_brk,
	SYS_munmap,
	SYS_mprotect,
	SYS_mremap,
	SYS_madvise,
#ifdef SYS_mmap
	SYS_mmap,
#endif
#ifdef SYS_mmap2
	SYS_mmap2,
#endif
	/* files: openat may not write */
	SYS_read,
	SYS_pread64,
	SYS_readv,
	SYS_write,
	SYS_writev,
	SYS_close,
	SYS_lseek,
	SYS_fcntl,
	SYS_fstat,
	SYS_statx,
	SYS_faccessat,
	SYS_readlinkat,
	SYS_getdents64,
	SYS_getcwd,
	SYS_dup,
	SYS_pipe2,
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
#ifdef SYS_access
	SYS_access,
#endif
#ifdef SYS_readlink
	SYS_readlink,
#endif
#ifdef SYS_stat
	SYS_stat,
#endif
#ifdef SYS_lstat
	SYS_lstat,
#endif
#ifdef SYS_faccessat2
	SYS_faccessat2,
#endif
#ifdef SYS_fstat64
	SYS_fstat64,
	SYS_stat64,
	SYS_lstat64,
	SYS_fstatat64,
	SYS_fcntl64,
	SYS__llseek,
#endif
	/* itself */
	SYS_exit,
	SYS_exit_group,
	SYS_execveat,
	SYS_futex,
	SYS_set_tid_address,
	SYS_set_robust_list,
	SYS_prlimit64,
	SYS_getpid,
	SYS_gettid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_sched_getaffinity,
	SYS_sched_yield,
#ifdef SYS_arch_prctl
	SYS_arch_prctl,
#endif
#ifdef SYS_rseq
	SYS_rseq,
#endif
	/* the machine */
	SYS_uname,
	SYS_sysinfo,
	SYS_getrandom,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
#ifdef SYS_time
	SYS_time,
#endif
};

enum { FILTER_MAX = 16 + 2 * sizeof(allowed) / sizeof(allowed[0]) };

#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
#define LOW_HALF(field)                                                                            \
	((uint32_t)(offsetof(struct seccomp_data, field) +                                         \
		    (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)))

#ifdef ARCH
static unsigned write_filter(struct sock_filter *f)
{
	const struct sock_filter head[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW_HALF(args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, WRITING, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	unsigned n = 0;

	for (unsigned i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		f[n++] = head[i];
	for (unsigned i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	return n;
}

int syscalls_restrict(void)
{
	struct sock_filter filter[FILTER_MAX];
	const struct sock_fprog program = {(unsigned short)write_filter(filter), filter};

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ? -errno : 0;
}
#else
int syscalls_restrict(void)
{
	return -ENOTSUP;
}
#endif
