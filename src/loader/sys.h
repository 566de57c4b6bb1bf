/* SPDX-License-Identifier: MIT */
/* sys.h - system calls that return -errno instead of -1; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_SYS_H
#define BPFCAP_SRC_LOADER_SYS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct perf_event_attr;

/*
 * The longest waits while a capture starts. Two sweeps of leftovers, the turn and the request that
 * fails are below 2 s together. The kernel answers before the request returns, so an answer that
 * is late will not come.
 */
enum {
	ANSWER_WAIT_MS = 300, /* for netlink */
	TURN_WAIT_MS = 500,   /* for another capture that attaches (owner.h); once in a process */
	NOTE_WAIT_MS = 500,   /* for a guardian whose socket is full */
};

/* bpf(2) with attributes of any of uapi.h's structs. Repeats up to a few times while it fails with
 * EAGAIN (a signal reached the verifier). */
int kbpf_sys_bpf(int cmd, void *attr, size_t len);

/* As kbpf_sys_bpf(); if the refusal may come from RLIMIT_MEMLOCK (EPERM before 5.11), raises that
 * and tries once more. */
int kbpf_sys_bpf_charged(int cmd, void *attr, size_t len);

/* Raises RLIMIT_MEMLOCK as far as allowed. Returns 0 if it was raised, else -errno. */
int kbpf_sys_raise_memlock(void);

/* Raises the limit of open files by `more`, as far as the hard limit allows. */
void kbpf_sys_raise_nofile(size_t more);

/* perf_event_open(2), close-on-exec; -1: all processes, or all CPUs, but not both. */
int kbpf_sys_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu);

/* ioctl(2) with an integer argument. */
int kbpf_sys_ioctl(int fd, unsigned long request, unsigned long arg);

/* A pointer as bpf(2) expects it. */
static inline uint64_t kbpf_sys_ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

#endif
