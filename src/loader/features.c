/* SPDX-License-Identifier: MIT */
/*
 * features.c - what this kernel has, found by trying the smallest thing that needs it.
 *
 * Version numbers lie on vendor kernels. Nothing is ever attached: links are tried on targets that
 * cannot exist, and the error shows whether the kernel knows the kind of link. Answers are 1, 0, or
 * -errno (-EPERM) if the feature's presence is unknown.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "features.h"
#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "file.h"
#include "kprobe.h"
#include "log.h"
#include "sys.h"
#include "uapi.h"

#define IFINDEX_LO 1

enum {
	OP_CALL = BPF_JMP | BPF_CALL,
	OP_EXIT = BPF_JMP | BPF_EXIT,
	OP_MOV_IMM = BPF_ALU64 | BPF_MOV | BPF_K,
};

static const struct ebpf_insn nothing[] = {{.code = OP_MOV_IMM}, {.code = OP_EXIT}};
#define NOTHING_CNT ARRAY_LEN(nothing)

/* Closes a descriptor that was only needed as an answer. */
static int answer(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd >= 0 ? 1 : fd == -EPERM || fd == -ENOMEM ? fd : 0;
}

int kbpf_has_insns(uint32_t prog_type, const struct ebpf_insn *insns, size_t cnt)
{
	const struct kbpf_prog_spec spec = {.type = prog_type, .insns = insns, .insn_cnt = cnt};

	return answer(kbpf_prog_load(&spec, NULL));
}

int kbpf_has_prog_type(uint32_t type)
{
	return kbpf_has_insns(type, nothing, NOTHING_CNT);
}

/* What old and new kernels log for an unknown helper, and for one of other program types. */
static bool helper_refused(const char *log)
{
	static const char *const texts[] = {
		"invalid func unknown#",
		"unknown func ",
		"program of this type cannot use helper ",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (strstr(log, texts[i]))
			return true;
	}
	return false;
}

/*
 * The kernel checks whether a program may call a helper before it checks arguments, so none are
 * needed.
 */
int kbpf_has_helper(uint32_t prog_type, int helper)
{
	const struct ebpf_insn call[] = {{.code = OP_CALL, .imm = helper}, {.code = OP_EXIT}};
	char *log;
	const struct kbpf_prog_spec spec = {
		.type = prog_type,
		.insns = call,
		.insn_cnt = ARRAY_LEN(call),
		.log = &log,
	};
	int fd = kbpf_prog_load(&spec, NULL), rc = answer(fd);

	if (rc == 0 && log && log[0])
		rc = !helper_refused(log);
	free(log);
	return rc;
}

static struct kbpf_map_spec smallest_map(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_STACK_TRACE:
		return (struct kbpf_map_spec){type, 4, 8, 1, 0, NULL, 0};
	case BPF_MAP_TYPE_LPM_TRIE:
		return (struct kbpf_map_spec){type, 8, 8, 1, BPF_F_NO_PREALLOC, NULL, 0};
	case BPF_MAP_TYPE_QUEUE:
	case BPF_MAP_TYPE_STACK:
		return (struct kbpf_map_spec){type, 0, 4, 1, 0, NULL, 0};
	case UAPI_MAP_TYPE_RINGBUF:
		return (struct kbpf_map_spec){.type = type,
					      .entry_cnt = (uint32_t)sysconf(_SC_PAGESIZE)};
	default:
		return (struct kbpf_map_spec){type, 4, 4, 1, 0, NULL, 0};
	}
}

int kbpf_has_map_type(uint32_t map_type)
{
	const struct kbpf_map_spec spec = smallest_map(map_type);

	return answer(kbpf_map_create(&spec, NULL));
}

/* Loads an empty program and tries to link it; returns the error of LINK_CREATE. */
static int try_link(uint32_t prog_type, struct uapi_link_create *attr)
{
	const struct kbpf_prog_spec spec = {
		.type = prog_type,
		.insns = nothing,
		.insn_cnt = NOTHING_CNT,
		.attach_type =
			attr->attach_type == UAPI_ATTACH_KPROBE_MULTI ? attr->attach_type : 0,
	};
	int prog_fd = kbpf_prog_load(&spec, NULL), rc;

	if (prog_fd < 0)
		return prog_fd;
	attr->prog_fd = (uint32_t)prog_fd;
	rc = kbpf_sys_bpf(UAPI_LINK_CREATE, attr, sizeof(*attr));
	close(prog_fd);
	if (rc >= 0) {
		close(rc);
		rc = 0;
	}
	return rc;
}

static int is_any_of(int rc, int yes1, int yes2)
{
	if (rc == yes1 || rc == yes2)
		return 1;
	return rc == -EPERM || rc == -ENOMEM ? rc : 0;
}

/* No interface has this index: a kernel with tcx looks for it. */
int kbpf_has_tcx(void)
{
	struct uapi_link_create attr = {
		.target = INT_MAX,
		.attach_type = UAPI_ATTACH_TCX_INGRESS,
	};

	return is_any_of(try_link(BPF_PROG_TYPE_SCHED_CLS, &attr), -ENODEV, -ENODEV);
}

/* lo has no native XDP: a kernel with XDP links reports that, or that lo already has a program. */
int kbpf_has_xdp_link(void)
{
	struct uapi_link_create attr = {
		.target = IFINDEX_LO,
		.attach_type = UAPI_ATTACH_XDP,
		.flags = 1u << 2, /* XDP_FLAGS_DRV_MODE */
	};
	int rc = try_link(BPF_PROG_TYPE_XDP, &attr);

	return rc == -EBUSY ? 1 : is_any_of(rc, -EOPNOTSUPP, -EEXIST);
}

int kbpf_has_perf_link(void)
{
	struct uapi_link_create attr = {
		.target = (uint32_t)-1,
		.attach_type = UAPI_ATTACH_PERF_EVENT,
	};

	return is_any_of(try_link(BPF_PROG_TYPE_TRACEPOINT, &attr), -EBADF, -EBADF);
}

/* The address list cannot be read: a kernel with fprobe tries to read it. */
int kbpf_has_kprobe_multi(void)
{
	struct uapi_link_create attr = {
		.attach_type = UAPI_ATTACH_KPROBE_MULTI,
		.kprobe_multi = {.cnt = 1, .addrs = 1},
	};

	return is_any_of(try_link(BPF_PROG_TYPE_KPROBE, &attr), -EFAULT, -ESRCH);
}

int kbpf_has_kprobe_pmu(void)
{
	return access(KPROBE_PMU_FILE, R_OK) == 0;
}
