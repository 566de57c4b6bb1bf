/* SPDX-License-Identifier: MIT */
/* bpf.h - what the objects of this folder need of the kernel's headers, and the stub. */
#ifndef BPFCAP_TESTS_CASES_INJECT_BPF_H
#define BPFCAP_TESTS_CASES_INJECT_BPF_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;

#define SEC(name) __attribute__((section(name), used))
#define NOINLINE  __attribute__((noinline))
#define INLINE	  static inline __attribute__((always_inline))
#define CORE	  __attribute__((preserve_access_index))
#define ARRAY	  2 /* BPF_MAP_TYPE_ARRAY */

/* The beginning of the kernel's struct __sk_buff, and struct xdp_md. */
struct __sk_buff {
	__u32 fields[19];
	__u32 data;
	__u32 data_end;
};

struct xdp_md {
	__u32 data;
	__u32 data_end;
};

static void *(*map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*map_update_elem)(void *map, const void *key, const void *value,
			       __u64 flags) = (void *)2;
static long (*probe_read)(void *dst, __u32 size, const void *src) = (void *)4;

/* A map as libbpf and tc read it from BTF: the numbers are dimensions. */
#define MAP(name, map_type, value_len, entry_cnt)                                                  \
	struct {                                                                                   \
		int (*type)[map_type];                                                             \
		int (*key_size)[sizeof(__u32)];                                                    \
		int (*value_size)[value_len];                                                      \
		int (*max_entries)[entry_cnt];                                                     \
	} name SEC(".maps")

/* The stub, as inject.h has it; `where` may be attributes. */
#define STUB(name, where)                                                                          \
	static NOINLINE where _Bool name(void *_skb, void *__skb, void *___skb, void *data,        \
					 void *data_end)                                           \
	{                                                                                          \
		return data != data_end && _skb == __skb && __skb == ___skb;                       \
	}

#define PTR(number) ((void *)(unsigned long)(number))

#endif
