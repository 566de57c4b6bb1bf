/* SPDX-License-Identifier: MIT */
/*
 * section.c - the program type and the place of attachment that the name of an object's section
 * denotes by libbpf's conventions. A name that denotes none gives -ENOENT.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bpfcap/kbpf.h"
#include "bpfcap/kelf.h"
#include "../util.h"
#include "uapi.h"

struct section_row {
	const char *name; /* longer names precede those that they begin with */
	uint32_t type, attach_type;
};

static const struct section_row rows[] = {
	{"socket", BPF_PROG_TYPE_SOCKET_FILTER, 0},
	{"tc", BPF_PROG_TYPE_SCHED_CLS, 0},
	{"tcx", BPF_PROG_TYPE_SCHED_CLS, 0},
	{"classifier", BPF_PROG_TYPE_SCHED_CLS, 0},
	{"action", BPF_PROG_TYPE_SCHED_ACT, 0},
	{"xdp", BPF_PROG_TYPE_XDP, 0},
	{"kprobe.multi", BPF_PROG_TYPE_KPROBE, UAPI_ATTACH_KPROBE_MULTI},
	{"kretprobe.multi", BPF_PROG_TYPE_KPROBE, UAPI_ATTACH_KPROBE_MULTI},
	{"kprobe", BPF_PROG_TYPE_KPROBE, 0},
	{"kretprobe", BPF_PROG_TYPE_KPROBE, 0},
	{"uprobe", BPF_PROG_TYPE_KPROBE, 0},
	{"uretprobe", BPF_PROG_TYPE_KPROBE, 0},
	{"ksyscall", BPF_PROG_TYPE_KPROBE, 0},
	{"kretsyscall", BPF_PROG_TYPE_KPROBE, 0},
	{"usdt", BPF_PROG_TYPE_KPROBE, 0},
	{"tracepoint", BPF_PROG_TYPE_TRACEPOINT, 0},
	{"tp", BPF_PROG_TYPE_TRACEPOINT, 0},
	{"raw_tracepoint.w", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0},
	{"raw_tp.w", BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0},
	{"raw_tracepoint", BPF_PROG_TYPE_RAW_TRACEPOINT, 0},
	{"raw_tp", BPF_PROG_TYPE_RAW_TRACEPOINT, 0},
	{"perf_event", BPF_PROG_TYPE_PERF_EVENT, 0},
	{"cgroup_skb/egress", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS},
	{"cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS},
	{"cgroup/skb", BPF_PROG_TYPE_CGROUP_SKB, 0},
	{"cgroup/sock_create", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE},
	{"cgroup/sock", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE},
	{"cgroup/post_bind4", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET4_POST_BIND},
	{"cgroup/post_bind6", BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET6_POST_BIND},
	{"cgroup/bind4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_BIND},
	{"cgroup/bind6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_BIND},
	{"cgroup/connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT},
	{"cgroup/connect6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT},
	{"cgroup/sendmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG},
	{"cgroup/sendmsg6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG},
	{"cgroup/recvmsg4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_RECVMSG},
	{"cgroup/recvmsg6", BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_RECVMSG},
	{"cgroup/dev", BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE},
	{"cgroup/sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL, BPF_CGROUP_SYSCTL},
	{"cgroup/getsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_GETSOCKOPT},
	{"cgroup/setsockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT, BPF_CGROUP_SETSOCKOPT},
	{"sockops", BPF_PROG_TYPE_SOCK_OPS, BPF_CGROUP_SOCK_OPS},
	{"sk_skb/stream_parser", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_PARSER},
	{"sk_skb/stream_verdict", BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_VERDICT},
	{"sk_skb", BPF_PROG_TYPE_SK_SKB, 0},
	{"sk_msg", BPF_PROG_TYPE_SK_MSG, BPF_SK_MSG_VERDICT},
	{"sk_lookup", UAPI_PROG_TYPE_SK_LOOKUP, UAPI_ATTACH_SK_LOOKUP},
	{"sk_reuseport", BPF_PROG_TYPE_SK_REUSEPORT, 0},
	{"flow_dissector", BPF_PROG_TYPE_FLOW_DISSECTOR, BPF_FLOW_DISSECTOR},
	{"lwt_in", BPF_PROG_TYPE_LWT_IN, 0},
	{"lwt_out", BPF_PROG_TYPE_LWT_OUT, 0},
	{"lwt_xmit", BPF_PROG_TYPE_LWT_XMIT, 0},
	{"lwt_seg6local", BPF_PROG_TYPE_LWT_SEG6LOCAL, 0},
	{"lirc_mode2", BPF_PROG_TYPE_LIRC_MODE2, BPF_LIRC_MODE2},
};

static const struct section_row *row_of(const char *section)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const size_t len = strlen(rows[i].name);

		/* "tc/ingress", "classifier_2", "uprobe.s/x", but not "tcp", nor "lwt_input" */
		if (strncmp(section, rows[i].name, len) == 0 &&
		    !isalpha((unsigned char)section[len]))
			return &rows[i];
	}
	return NULL;
}

int kbpf_section_type(const char *section, struct kbpf_prog_spec *spec)
{
	const struct section_row *row;

	if (section[0] == '?') /* libbpf: not loaded unless requested */
		section++;
	row = row_of(section);
	if (!row)
		return -ENOENT;
	spec->type = row->type;
	spec->attach_type = row->attach_type;
	spec->xdp_frags = strncmp(section, "xdp.frags", strlen("xdp.frags")) == 0;
	return 0;
}
