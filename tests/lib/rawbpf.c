/* SPDX-License-Identifier: MIT */
/* rawbpf.c - bpf(2) for tests of the assembler (see rawbpf.h). */
#include "opcodes.h"
#include "rawbpf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/bpf.h>

static int bpf(int cmd, union bpf_attr *attr)
{
	int rc = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return rc < 0 ? -errno : rc;
}

int rawbpf_load(uint32_t type, const struct ebpf_insn *insns, size_t cnt, char *log, size_t log_len)
{
	static const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	union bpf_attr attr;

	/* Kernels before 5.11 charge programs to it. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)cnt;
	attr.license = (uintptr_t) "Dual MIT/GPL";
	if (log) {
		log[0] = '\0';
		attr.log_buf = (uintptr_t)log;
		attr.log_size = (uint32_t)log_len;
		attr.log_level = 2;
	}
	return bpf(BPF_PROG_LOAD, &attr);
}

int rawbpf_run(int fd, const void *packet, uint32_t len, uint32_t *retval)
{
	union bpf_attr attr;
	int rc;

	memset(&attr, 0, sizeof(attr));
	attr.test.prog_fd = (uint32_t)fd;
	attr.test.data_in = (uintptr_t)packet;
	attr.test.data_size_in = len;
	rc = bpf(BPF_PROG_TEST_RUN, &attr);
	if (rc == 0)
		*retval = attr.test.retval;
	return rc;
}

void rawbpf_need(void)
{
	const struct bpf_insn insns[] = {
		{.code = OP_MOV_K},
		{.code = OP_EXIT},
	};
	int fd = rawbpf_load(BPF_PROG_TYPE_SCHED_CLS, (const struct ebpf_insn *)insns, 2, NULL, 0);

	if (fd < 0) {
		print_message("skipped: programs cannot be loaded here: %s\n", strerror(-fd));
		skip();
	}
	close(fd);
}
