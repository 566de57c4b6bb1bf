/* SPDX-License-Identifier: MIT */
/* link.c - BPF_LINK_CREATE for each kind of hook that has links. Returns an fd, or -errno. */
#include "link.h"

#include <unistd.h>

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

int kbpf_link_perf(int prog_fd, int event_fd, uint64_t cookie)
{
	struct uapi_link_create attr = {
		.prog_fd = (uint32_t)prog_fd,
		.target = (uint32_t)event_fd,
		.attach_type = UAPI_ATTACH_PERF_EVENT,
		.perf.cookie = cookie,
	};
	int rc = kbpf_sys_bpf(UAPI_LINK_CREATE, &attr, sizeof(attr));

	close(event_fd);
	return rc;
}

int kbpf_link_kprobe_multi(int prog_fd, const char *const *funcs, const uint64_t *addrs,
			   const uint64_t *cookies, uint32_t cnt)
{
	struct uapi_link_create attr = {
		.prog_fd = (uint32_t)prog_fd,
		.attach_type = UAPI_ATTACH_KPROBE_MULTI,
		.kprobe_multi =
			{
				.cnt = cnt,
				.syms = kbpf_sys_ptr(funcs),
				.addrs = kbpf_sys_ptr(funcs ? NULL : addrs),
				.cookies = kbpf_sys_ptr(cookies),
			},
	};

	return kbpf_sys_bpf(UAPI_LINK_CREATE, &attr, sizeof(attr));
}

int kbpf_link_xdp(int prog_fd, int ifindex, uint32_t mode)
{
	struct uapi_link_create attr = {
		.prog_fd = (uint32_t)prog_fd,
		.target = (uint32_t)ifindex,
		.attach_type = UAPI_ATTACH_XDP,
		.flags = mode,
	};

	return kbpf_sys_bpf(UAPI_LINK_CREATE, &attr, sizeof(attr));
}
