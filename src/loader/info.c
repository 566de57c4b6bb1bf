/* SPDX-License-Identifier: MIT */
/* info.c - queries the kernel about loaded programs, and lists them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "info.h"
#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "sys.h"
#include "uapi.h"

static int get_info(int prog_fd, struct uapi_prog_info *info)
{
	struct uapi_obj_info attr = {
		.fd = (uint32_t)prog_fd,
		.len = sizeof(*info),
		.info = kbpf_sys_ptr(info),
	};

	return kbpf_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

int kbpf_prog_info(int prog_fd, struct kbpf_prog_info *info)
{
	struct uapi_prog_info raw = {0};
	int rc = get_info(prog_fd, &raw);

	if (rc < 0)
		return rc;
	*info = (struct kbpf_prog_info){
		.id = raw.id,
		.type = raw.type,
		.jited_len = raw.jited_len,
		.xlated_len = raw.xlated_len,
		.verified_insn_cnt = raw.verified_insn_cnt,
		.run_time_ns = raw.run_time_ns,
		.run_cnt = raw.run_cnt,
		.recursion_miss_cnt = raw.recursion_miss_cnt,
	};
	memcpy(info->name, raw.name, sizeof(info->name) - 1);
	return 0;
}

int kbpf_prog_xlated(int prog_fd, struct ebpf_insn **insns, size_t *cnt)
{
	struct uapi_prog_info sizes = {0}, raw = {0};
	int rc = get_info(prog_fd, &sizes);

	*insns = NULL;
	*cnt = 0;
	if (rc < 0)
		return rc;
	if (sizes.xlated_len == 0)
		return -EPERM;
	*insns = calloc(1, sizes.xlated_len);
	if (!*insns)
		return -ENOMEM;
	raw.xlated = kbpf_sys_ptr(*insns);
	raw.xlated_len = sizes.xlated_len;
	rc = get_info(prog_fd, &raw);
	/* The kernel clears the pointer if it hides the instructions. */
	if (rc == 0 && !raw.xlated)
		rc = -EPERM;
	if (rc < 0) {
		free(*insns);
		*insns = NULL;
		return rc;
	}
	*cnt = sizes.xlated_len / sizeof(**insns);
	return 0;
}

int kbpf_prog_next_id(uint32_t *id)
{
	struct uapi_get_id attr = {.id = *id};
	int rc = kbpf_sys_bpf(BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr));

	if (rc == 0)
		*id = attr.next_id;
	return rc;
}

int kbpf_prog_fd_by_id(uint32_t id)
{
	struct uapi_get_id attr = {.id = id};

	return kbpf_sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
}
