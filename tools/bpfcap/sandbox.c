/* SPDX-License-Identifier: MIT */
/*
 * sandbox.c - a seccomp filter without the system calls with which a process that was taken over
 * would go on. Takes nothing, cannot fail: where there is no seccomp, there is no sandbox.
 *
 * A list of what is allowed would be shorter to check, but depends on libc, on libpcap and on the
 * options; a call that it lacked would show as a capture that loses packets on somebody's machine.
 */
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../src/util.h"

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__s390x__)
#define ARCH AUDIT_ARCH_S390X
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#endif

#ifdef ARCH

#define X32_BIT 0x40000000 /* of the numbers of x86-64's other system call table */

static const uint32_t refused[] = {
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_swapon,
	SYS_reboot,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_userfaultfd,
	SYS_open_by_handle_at,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_sethostname,
	SYS_personality,
};

/* By the number; calls of another architecture's table are refused, too. */
static size_t make_filter(struct sock_filter *f)
{
	const uint32_t eperm = SECCOMP_RET_ERRNO | EPERM;
	const size_t cnt = ARRAY_LEN(refused);
	size_t n = 0;

	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, arch));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, eperm);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, nr));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT,
					      (uint8_t)(cnt + 1), 0);
	for (size_t i = 0; i < cnt; i++)
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, refused[i],
						      (uint8_t)(cnt - i), 0);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, eperm);
	return n;
}

void sandbox_enter(void)
{
	struct sock_filter filter[ARRAY_LEN(refused) + 7];
	const struct sock_fprog prog = {(unsigned short)make_filter(filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) /* for all threads, or for none */
		(void)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC,
			      &prog);
}

#else

void sandbox_enter(void)
{
}

#endif
