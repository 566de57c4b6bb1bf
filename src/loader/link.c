/* SPDX-License-Identifier: MIT */
/* src/loader/link.c - BPF_LINK_CREATE for each kind of hook that has links. An fd, or -errno. */
#include "link.h"

#include "sys.h"
#include "uapi.h"

int kbpf_link_tcx(int prog_fd, int ifindex, enum kbpf_tc_dir dir)
{
	struct uapi_link_create attr = {
		.prog_fd = (uint32_t)prog_fd,
		.target = (uint32_t)ifindex,
		.attach_type =
			dir == KBPF_TC_INGRESS ? UAPI_ATTACH_TCX_INGRESS : UAPI_ATTACH_TCX_EGRESS,
		.flags = UAPI_F_BEFORE,
	};

	return kbpf_sys_bpf(UAPI_LINK_CREATE, &attr, sizeof(attr));
}
