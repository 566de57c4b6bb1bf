/* SPDX-License-Identifier: MIT */
/*
 * type.c - the program type of a section of an object, by the names that libbpf, tc and their users
 * give. A name that says nothing gives EBPF_PROG_ANY.
 */
#include <ctype.h>
#include <string.h>

#include "bpfcap/inject.h"
#include "../../util.h"

enum ebpf_prog_type cbpf2ebpf_section_type(const char *section)
{
	static const struct {
		const char *name;
		enum ebpf_prog_type type;
	} rows[] = {
		{"tc", EBPF_PROG_SCHED_CLS},
		{"tcx", EBPF_PROG_SCHED_CLS},
		{"netkit", EBPF_PROG_SCHED_CLS},
		{"classifier", EBPF_PROG_SCHED_CLS},
		{"action", EBPF_PROG_SCHED_CLS},
		{"cgroup_skb", EBPF_PROG_SCHED_CLS},
		{"cgroup/skb", EBPF_PROG_SCHED_CLS},
		{"lwt_in", EBPF_PROG_SCHED_CLS},
		{"lwt_out", EBPF_PROG_SCHED_CLS},
		{"lwt_xmit", EBPF_PROG_SCHED_CLS},
		{"xdp", EBPF_PROG_XDP},
		{"socket", EBPF_PROG_SOCKET_FILTER},
		{"kprobe", EBPF_PROG_KPROBE},
		{"kretprobe", EBPF_PROG_KPROBE},
		{"uprobe", EBPF_PROG_KPROBE},
		{"uretprobe", EBPF_PROG_KPROBE},
		{"ksyscall", EBPF_PROG_KPROBE},
		{"kretsyscall", EBPF_PROG_KPROBE},
		{"usdt", EBPF_PROG_KPROBE},
		{"tp", EBPF_PROG_KPROBE},
		{"tracepoint", EBPF_PROG_KPROBE},
		{"raw_tp", EBPF_PROG_KPROBE},
		{"raw_tracepoint", EBPF_PROG_KPROBE},
		{"tp_btf", EBPF_PROG_KPROBE},
		{"fentry", EBPF_PROG_KPROBE},
		{"fexit", EBPF_PROG_KPROBE},
		{"fmod_ret", EBPF_PROG_KPROBE},
		{"lsm", EBPF_PROG_KPROBE},
		{"iter", EBPF_PROG_KPROBE},
		{"perf_event", EBPF_PROG_KPROBE},
	};

	if (section[0] == '?') /* libbpf: not loaded unless requested */
		section++;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].name);

		/* "tc/ingress", "classifier_2", "kprobe.multi/x" and "xdp2", but not "tcp" */
		if (strncmp(section, rows[i].name, len) == 0 &&
		    !isalpha((unsigned char)section[len]))
			return rows[i].type;
	}
	return EBPF_PROG_ANY;
}
