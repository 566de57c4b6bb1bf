/* SPDX-License-Identifier: MIT */
/*
 * uapi.h - the kernel's interface as far as the headers of Linux 5.4 may not know it.
 *
 * bpf(2) accepts attributes of any size: missing bytes count as zero, and zeros beyond those that
 * the kernel knows are accepted. So each command has a struct of its own here, and the system's
 * union bpf_attr, which differs from header to header, is not used.
 */
#ifndef BPFCAP_SRC_LOADER_UAPI_H
#define BPFCAP_SRC_LOADER_UAPI_H

#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

/* ---- Constants newer than 5.4 (UAPI_ instead of BPF_) ---- */

enum {
	UAPI_LINK_CREATE = 28, /* 5.7 */
	UAPI_LINK_DETACH = 34, /* 5.9 */

	UAPI_MAP_TYPE_RINGBUF = 27, /* 5.8 */
	UAPI_RINGBUF_HEAD_LEN = 8,  /* of a record: its length with two flags; the kernel's own */

	UAPI_PROG_TYPE_SK_LOOKUP = 30, /* 5.9 */
	UAPI_ATTACH_SK_LOOKUP = 36,    /* 5.9 */
	UAPI_ATTACH_XDP = 37,	       /* 5.9 */
	UAPI_ATTACH_PERF_EVENT = 41,   /* 5.15 */
	UAPI_ATTACH_KPROBE_MULTI = 42, /* 5.18 */
	UAPI_ATTACH_TCX_INGRESS = 46,  /* 6.6 */
	UAPI_ATTACH_TCX_EGRESS = 47,   /* 6.6 */

	UAPI_F_BEFORE = 1 << 3,	       /* tcx: before all others */
	UAPI_F_XDP_HAS_FRAGS = 1 << 5, /* 5.18: a flag of BPF_PROG_LOAD */

	UAPI_NR_CLOSE_RANGE = 436, /* 5.9, the same number on all architectures but alpha */

	UAPI_CAP_PERFMON = 38, /* 5.8 */
	UAPI_CAP_BPF = 39,     /* 5.8 */
};

#define UAPI_RINGBUF_BUSY    (1u << 31)
#define UAPI_RINGBUF_DISCARD (1u << 30)

/* ---- Attributes of bpf(2), one struct a command ---- */

struct uapi_prog_load {
	uint32_t type;
	uint32_t insn_cnt;
	uint64_t insns;
	uint64_t license;
	uint32_t log_level;
	uint32_t log_len;
	uint64_t log;
	uint32_t kern_version;
	uint32_t flags;
	char name[16];
	uint32_t ifindex;
	uint32_t attach_type;
};

struct uapi_test_run {
	uint32_t prog_fd;
	uint32_t retval;
	uint32_t data_in_len;
	uint32_t data_out_len;
	uint64_t data_in;
	uint64_t data_out;
	uint32_t repeat;
	uint32_t duration_ns;
	uint32_t ctx_in_len;
	uint32_t ctx_out_len;
	uint64_t ctx_in;
	uint64_t ctx_out;
};

struct uapi_map_create {
	uint32_t type;
	uint32_t key_len;
	uint32_t value_len;
	uint32_t entry_cnt;
	uint32_t flags;
	uint32_t inner_map_fd;
	uint32_t numa_node;
	char name[16];
};

struct uapi_map_elem {
	uint32_t map_fd;
	uint32_t pad;
	uint64_t key;
	uint64_t value; /* BPF_MAP_GET_NEXT_KEY: next key */
	uint64_t flags;
};

struct uapi_map_freeze {
	uint32_t map_fd;
};

struct uapi_obj {
	uint64_t path;
	uint32_t fd;
	uint32_t flags;
};

struct uapi_get_id {
	uint32_t id;
	uint32_t next_id;
	uint32_t open_flags;
};

struct uapi_obj_info {
	uint32_t fd;
	uint32_t len;
	uint64_t info;
};

struct uapi_raw_tracepoint {
	uint64_t name;
	uint32_t prog_fd;
	uint32_t pad;
};

struct uapi_link_create {
	uint32_t prog_fd;
	uint32_t target; /* fd or interface index */
	uint32_t attach_type;
	uint32_t flags;
	union {
		struct {
			uint64_t cookie;
		} perf;
		struct {
			uint32_t relative_fd;
			uint32_t pad;
			uint64_t revision;
		} tcx;
		struct {
			uint32_t flags;
			uint32_t cnt;
			uint64_t syms;
			uint64_t addrs;
			uint64_t cookies;
		} kprobe_multi;
	};
};

/* What BPF_OBJ_GET_INFO_BY_FD writes for a map: the beginning. */
struct uapi_map_info {
	uint32_t type, id, key_len, value_len, entry_cnt;
};

/* What BPF_OBJ_GET_INFO_BY_FD writes for a program. */
struct uapi_prog_info {
	uint32_t type;
	uint32_t id;
	uint8_t tag[8];
	uint32_t jited_len;
	uint32_t xlated_len;
	uint64_t jited;
	uint64_t xlated;
	uint64_t load_time_ns;
	uint32_t uid;
	uint32_t map_id_cnt;
	uint64_t map_ids;
	char name[16];
	uint32_t ifindex;
	uint32_t gpl;
	uint64_t netns_dev;
	uint64_t netns_ino;
	uint32_t ksym_cnt;
	uint32_t func_len_cnt;
	uint64_t ksyms;
	uint64_t func_lens;
	uint32_t btf_id;
	uint32_t func_info_rec_len;
	uint64_t func_info;
	uint32_t func_info_cnt;
	uint32_t line_info_cnt;
	uint64_t line_info;
	uint64_t jited_line_info;
	uint32_t jited_line_info_cnt;
	uint32_t line_info_rec_len;
	uint32_t jited_line_info_rec_len;
	uint32_t prog_tag_cnt;
	uint64_t prog_tags;
	uint64_t run_time_ns;
	uint64_t run_cnt;
	uint64_t recursion_miss_cnt; /* 5.12 */
	uint32_t verified_insn_cnt;  /* 5.16 */
	uint32_t attach_btf_obj_id;
	uint32_t attach_btf_id;
	uint32_t pad;
};

_Static_assert(offsetof(struct uapi_prog_load, attach_type) == 68, "layout of BPF_PROG_LOAD");
_Static_assert(offsetof(struct uapi_test_run, ctx_out) == 56, "layout of BPF_PROG_TEST_RUN");
_Static_assert(offsetof(struct uapi_map_create, name) == 28, "layout of BPF_MAP_CREATE");
_Static_assert(offsetof(struct uapi_link_create, kprobe_multi.cookies) == 40,
	       "layout of BPF_LINK_CREATE");
_Static_assert(offsetof(struct uapi_prog_info, run_cnt) == 200, "layout of bpf_prog_info");
_Static_assert(offsetof(struct uapi_prog_info, verified_insn_cnt) == 216,
	       "layout of bpf_prog_info");

#endif
