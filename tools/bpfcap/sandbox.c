/* SPDX-License-Identifier: MIT */
/*
 * sandbox.c - a seccomp filter of what a running capture takes. Takes the modes, cannot fail: where
 * there is no seccomp, there is no sandbox.
 *
 * What is not listed gives EPERM, so that a call which was overlooked is reported as any other that
 * fails, and does not end the capture. Both the old and the new variants of a call are listed: libc
 * chooses.
 */
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../src/util.h"

/* These run the process with system calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNLIMITED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define UNLIMITED
#endif
#endif

#if defined(UNLIMITED)
#elif defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef ARCH

/* Numbers that headers of older kernels lack; the same on all architectures. */
enum { CLONE3 = 435, CLOSE_RANGE = 436, FACCESSAT2 = 439, BPF_LINK_CREATE_NR = 28 };

static const struct call {
	uint16_t nr;
	uint16_t modes; /* in which it is allowed; 0: in all */
} calls[] = {
	/* packets and files */
	{SYS_read, 0},
	{SYS_write, 0},
	{SYS_readv, 0},
	{SYS_writev, 0},
	{SYS_pread64, 0},
	{SYS_pwrite64, 0},
	{SYS_ppoll, 0},
	{SYS_openat, 0},
	{SYS_close, 0},
	{SYS_lseek, 0},
	{SYS_fstat, 0},
	{SYS_newfstatat, 0},
	{SYS_statx, 0},
	{SYS_faccessat, 0},
	{FACCESSAT2, 0},
	{SYS_readlinkat, 0},
	{SYS_getdents64, 0},
	{SYS_ftruncate, 0},
	{SYS_flock, 0},
	{SYS_fcntl, 0},
	{SYS_ioctl, 0},
	/* memory and threads */
	{SYS_brk, 0},
	{SYS_mmap, 0},
	{SYS_munmap, 0},
	{SYS_mremap, 0},
	{SYS_mprotect, 0},
	{SYS_madvise, 0},
	{SYS_futex, 0},
	{SYS_set_robust_list, 0},
	{SYS_set_tid_address, 0},
	{SYS_rseq, 0},
	{SYS_membarrier, 0},
	{SYS_sched_yield, 0},
	{SYS_sched_getaffinity, 0},
	{SYS_sysinfo, 0},
	{SYS_getrandom, 0},
	/* time and signals */
	{SYS_clock_gettime, 0},
	{SYS_gettimeofday, 0},
	{SYS_nanosleep, 0},
	{SYS_clock_nanosleep, 0},
	{SYS_timerfd_settime, 0},
	{SYS_setitimer, 0},
	{SYS_rt_sigaction, 0},
	{SYS_rt_sigprocmask, 0},
	{SYS_rt_sigreturn, 0},
	{SYS_restart_syscall, 0},
	/* interfaces: those that appear, and the detaching at the end */
	{SYS_socket, 0},
	{SYS_bind, 0},
	{SYS_getsockname, 0},
	{SYS_setsockopt, 0},
	{SYS_getsockopt, 0},
	{SYS_sendto, 0},
	{SYS_sendmsg, 0},
	{SYS_recvfrom, 0},
	{SYS_recvmsg, 0},
	{SYS_shutdown, 0},
	{SYS_setns, SANDBOX_NETNS},
	/* the end of this process, and of its children */
	{SYS_getpid, 0},
	{SYS_gettid, 0},
	{SYS_getuid, 0},
	{SYS_geteuid, 0},
	{SYS_tgkill, 0},
	{SYS_tkill, 0},
	{SYS_kill, 0},
	{SYS_wait4, 0},
	{SYS_waitid, 0},
	{SYS_exit, 0},
	{SYS_exit_group, 0},
	/* a process that keeps the next file whole */
	{SYS_pipe2, SANDBOX_FILES},
	{SYS_dup3, SANDBOX_FILES},
	{SYS_setsid, SANDBOX_FILES},
	{SYS_capset, SANDBOX_FILES},
	{CLOSE_RANGE, SANDBOX_FILES},
	{SYS_renameat2, SANDBOX_RENAME},
#ifdef SYS_renameat
	{SYS_renameat, SANDBOX_RENAME},
#endif
#ifdef SYS_open /* not on architectures that came later */
	{SYS_open, 0},
	{SYS_poll, 0},
	{SYS_stat, 0},
	{SYS_lstat, 0},
	{SYS_access, 0},
	{SYS_readlink, 0},
	{SYS_pipe, SANDBOX_FILES},
	{SYS_dup2, SANDBOX_FILES},
	{SYS_fork, SANDBOX_FILES},
	{SYS_vfork, SANDBOX_FILES},
	{SYS_rename, SANDBOX_RENAME},
#endif
#ifdef SYS_time
	{SYS_time, 0},
#endif
#ifdef SYS_socketcall
	{SYS_socketcall, 0},
#endif
};

/* Counters, wake-ups, and links to interfaces that appear. Programs are loaded before. */
static const uint16_t bpf_commands[] = {
	BPF_MAP_LOOKUP_ELEM,  BPF_MAP_UPDATE_ELEM,    BPF_MAP_DELETE_ELEM,
	BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_CREATE_NR,
};

#define LOW_HALF(field)                                                                            \
	((uint32_t)(offsetof(struct seccomp_data, field) +                                         \
		    (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)))

#ifdef __s390x__
#define CLONE_FLAGS LOW_HALF(args[1])
#else
#define CLONE_FLAGS LOW_HALF(args[0])
#endif
#define NEW_NAMESPACES                                                                             \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	 CLONE_NEWPID | CLONE_NEWNET)

enum {
	HEAD_CNT_MAX = 24,
	FILTER_MAX = HEAD_CNT_MAX + 2 * (ARRAY_LEN(bpf_commands) + ARRAY_LEN(calls)),
};

struct filter {
	struct sock_filter insns[FILTER_MAX];
	unsigned short cnt;
};

static void put(struct filter *f, struct sock_filter insn)
{
	f->insns[f->cnt++] = insn;
}

static void load(struct filter *f, uint32_t offset)
{
	put(f, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void answer(struct filter *f, uint32_t how)
{
	put(f, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, how));
}

/* Unless the loaded number is (op: BPF_JEQ) or has a bit of (BPF_JSET) k, skips instructions. */
static void unless(struct filter *f, uint16_t op, uint32_t k, size_t skip_cnt)
{
	put(f, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, 0, (uint8_t)skip_cnt));
}

static void refuse(struct filter *f)
{
	answer(f, SECCOMP_RET_ERRNO | EPERM);
}

static void allow_bpf(struct filter *f)
{
	unless(f, BPF_JEQ, SYS_bpf, 2 * ARRAY_LEN(bpf_commands) + 2);
	load(f, LOW_HALF(args[0]));
	for (size_t i = 0; i < ARRAY_LEN(bpf_commands); i++) {
		unless(f, BPF_JEQ, bpf_commands[i], 1);
		answer(f, SECCOMP_RET_ALLOW);
	}
	refuse(f);
}

/*
 * Threads, and with -C, -G and --keep processes. A filter cannot see the flags of clone3(); libc
 * uses clone() if the kernel seems to be older.
 */
static void allow_clone(struct filter *f, unsigned modes)
{
	unless(f, BPF_JEQ, CLONE3, 1);
	answer(f, SECCOMP_RET_ERRNO | ENOSYS);
	unless(f, BPF_JEQ, SYS_clone, 6);
	load(f, CLONE_FLAGS);
	unless(f, BPF_JSET, NEW_NAMESPACES, 1);
	refuse(f);
	unless(f, BPF_JSET, CLONE_THREAD, modes & SANDBOX_FILES ? 0 : 1);
	answer(f, SECCOMP_RET_ALLOW);
	refuse(f);
}

static void make_filter(struct filter *f, unsigned modes)
{
	load(f, offsetof(struct seccomp_data, arch));
	put(f, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	refuse(f);
	load(f, offsetof(struct seccomp_data, nr));
	allow_bpf(f);
	allow_clone(f, modes);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		if (calls[i].modes && !(calls[i].modes & modes))
			continue;
		unless(f, BPF_JEQ, calls[i].nr, 1);
		answer(f, SECCOMP_RET_ALLOW);
	}
	refuse(f);
}

/* It makes system calls of its own in this process. */
static bool is_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

bool sandbox_enter(unsigned modes)
{
	struct filter f = {.cnt = 0};
	struct sock_fprog prog;

	if (is_valgrind())
		return false;
	make_filter(&f, modes);
	prog = (struct sock_fprog){f.cnt, f.insns};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && /* for all threads, or for none: */
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog) == 0;
}

#else

bool sandbox_enter(unsigned modes)
{
	(void)modes;
	return false;
}

#endif
