/* SPDX-License-Identifier: MIT */
/*
 * inject.h - pcap filters for BPF programs that are already compiled.
 *
 * A filter is put before the first instruction of a stub or of a whole program. The stub is a
 * function that the program calls to decide whether it processes a packet. It is written so that
 * clang keeps all five arguments in their registers:
 *
 *	static __attribute__((noinline)) bool
 *	stub(void *_skb, void *__skb, void *___skb, void *data, void *data_end)
 *	{
 *		return data != data_end && _skb == __skb && __skb == ___skb;
 *	}
 *
 * and called as stub(ctx, ctx, ctx, data, data_end). Without a filter it returns true for every
 * packet that is not empty. (elibpcap and eCapture use the same stub.)
 *
 * cbpf2ebpf_inject_head() makes the instructions; kbpf_elf_func_insert() of bpfcap/kelf.h puts them
 * into an object, kbpf_insns_insert() into an array of instructions. For filters in other places,
 * use cbpf2ebpf_emit() with a frame of your own, and the same two functions.
 *
 *	struct cbpf2ebpf_inject how = {.target = &target, .type = EBPF_PROG_SCHED_CLS,
 *				       .access = CBPF2EBPF_DIRECT};
 *
 *	if (cbpf2ebpf_inject_head(filter, &how, &head, &e) == 0) {
 *		err = kbpf_elf_func_insert(k, symbol, head.insns, head.cnt, &e);
 *		ebpf_prog_free(&head);
 *	}
 */
#ifndef BPFCAP_INJECT_H
#define BPFCAP_INJECT_H

#include "bpfcap/through.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The place and the program type of the code. */
struct cbpf2ebpf_inject {
	const struct ebpf_target *target;
	enum ebpf_prog_type type; /* EBPF_PROG_KPROBE stands for all tracing programs */

	/*
	 * CBPF2EBPF_DIRECT: sched_cls and xdp. CBPF2EBPF_LOAD_BYTES: socket filters and sched_cls;
	 * the packet begins where the kernel's sk_buff says, and `data` is ignored.
	 * CBPF2EBPF_PROBE: tracing programs, in stubs only; `data` and `data_end` are kernel
	 * addresses, and the length is the distance between them.
	 */
	enum cbpf2ebpf_access access;

	bool entry;    /* false: stub; true: start of a program, R1 = context */
	int32_t miss;  /* entry: what the program returns for a packet that does not match */
	bool vlan_tag; /* as in struct cbpf2ebpf_frame; false: the bytes as the program sees them */

	/*
	 * Bytes of stack that the filter may use, a multiple of 8; 0: 160, which is enough for
	 * every filter. If kbpf_elf_func_free_stack_len() reports more, LOAD_BYTES and PROBE can
	 * read more at a time; less is enough for simple filters.
	 */
	uint16_t free_stack_len;

	/*
	 * Packets inside that are looked at, too, if the filter does not match; NULL: none. Its
	 * filters are used only here; `linktype` is that of the packet (ETHERNET, else IP). Nothing
	 * inside matches if a tc stub is called for a packet that begins inside the kernel's. The
	 * filter needs 48 bytes more stack.
	 */
	const struct cbpf2ebpf_inner *inner;
	int linktype;
	bool inner_only; /* the packet itself does not match */
};

/*
 * The code that goes before the first instruction of a stub or program. `filter` NULL: no packet
 * matches. Free *head with ebpf_prog_free(). Fails with -EINVAL (input) if the access mode does not
 * fit the program type; otherwise like cbpf2ebpf_emit() (-ENOSPC: more stack is needed) and
 * ebpf_finish().
 *
 * Stub: R1 = ctx, R4 = data, R5 = data_end come in; R1 = R2 = R3 = 0, R4 = result, R5 = 0 go out,
 * so that the body of the stub returns result != 0. Program: R1 = ctx comes in and goes out.
 */
int cbpf2ebpf_inject_head(struct cbpf2ebpf_filter *filter, const struct cbpf2ebpf_inject *how,
			  struct ebpf_prog *head, struct err *e);

/*
 * Checks that a function is a stub: it reads all five arguments, and returns whether the filter's
 * result is nonzero. 0, or -EINVAL (input) with a sentence that says what is wrong (clang drops
 * unused arguments) and how to write the stub, or that a filter is in it already. `name` is for
 * the sentence.
 */
int cbpf2ebpf_stub_check(const struct ebpf_insn *insns, size_t cnt, const char *name,
			 struct err *e);

/*
 * The program type that a section name denotes by libbpf's conventions ("tc", "xdp.frags",
 * "kprobe/ip_rcv"): EBPF_PROG_SCHED_CLS for all that see a __sk_buff with packet pointers,
 * EBPF_PROG_KPROBE for all tracing programs, EBPF_PROG_ANY for any other name.
 */
enum ebpf_prog_type cbpf2ebpf_section_type(const char *section);

/* The usual access mode of a program type. */
enum cbpf2ebpf_access cbpf2ebpf_type_access(enum ebpf_prog_type type);

#ifdef __cplusplus
}
#endif
#endif
