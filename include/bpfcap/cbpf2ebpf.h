/* SPDX-License-Identifier: MIT */
/*
 * cbpf2ebpf.h - compiles classic BPF to eBPF.
 *
 * The verdict of the emitted code is that of libpcap's interpreter for every packet: a load that
 * is not wholly inside the captured bytes, and a division by zero, end the filter with 0; the
 * packet length is the real one. How a byte of the packet is reached depends on where the code
 * runs: that is the access mode.
 *
 * Two ways to use it: cbpf2ebpf_program() makes a whole loadable program; cbpf2ebpf_emit() puts
 * the filter into a program of the caller's, described by a frame.
 *
 *	struct cbpf_prog filter;	from cbpf_compile()
 *	struct ebpf_target target;	from ebpf_target_by_version()
 *	struct ebpf_prog prog;
 *
 *	if (cbpf2ebpf_program(&filter, &target, EBPF_PROG_SOCKET_FILTER, CBPF2EBPF_SOCKET,
 *			      CBPF_LINKTYPE_ETHERNET, NULL, &prog, &e) == 0) {
 *		load(prog.insns, prog.cnt);
 *		ebpf_prog_free(&prog);
 *	}
 *
 * examples/xdp_filter.c has a frame.
 */
#ifndef BPFCAP_CBPF2EBPF_H
#define BPFCAP_CBPF2EBPF_H

#include <stdio.h>

#include "bpfcap/cbpf.h"
#include "bpfcap/ebpf.h"

#ifdef __cplusplus
extern "C" {
#endif

enum cbpf2ebpf_access {
	/* data/data_end packet pointers of sched_cls and xdp, and the load_bytes helper for what
	 * lies outside the linear part (xdp: if the frame has the real length) */
	CBPF2EBPF_DIRECT,
	/* LD_ABS/LD_IND of socket filters and sched_cls */
	CBPF2EBPF_LD_ABS,
	/* bpf_skb_load_bytes into the stack (socket filters) */
	CBPF2EBPF_LOAD_BYTES,
	/* a map value (or other memory the verifier lets one read) that holds the packet */
	CBPF2EBPF_BUFFER,
	/* kernel addresses, read with probe_read into the stack */
	CBPF2EBPF_PROBE,
	/* LD_ABS or LOAD_BYTES, whichever is likely to cost less for the filter */
	CBPF2EBPF_SOCKET,
};

/*
 * Ancillary data (SKF_AD_* of linux/filter.h: packet type, ifindex, mark, VLAN tag ...) that the
 * hook knows: emits code that sets R0 to the value of `ad` (zero-extended) and may clobber R1..R5.
 * Returns -ENOTSUP, and emits nothing, for what it does not know: that comes from the context, or,
 * where it is no __sk_buff, the filter is refused with a sentence that names the field.
 */
typedef int (*cbpf2ebpf_ancillary)(void *user, struct ebpf_builder *b, uint32_t ad);

struct cbpf2ebpf_tables;

/*
 * The contract between a program and the filter inside it.
 *
 * In:      the registers below, by access mode.
 * Out:     R0 = the value the filter returns (0: no match); control goes on behind the filter, or,
 *          if `miss` is set, a result of 0 goes to `miss` with R0 undefined.
 * Clobbers R0..R5, the registers of `scratch`, and `stack_len` bytes of stack below stack_top.
 */
struct cbpf2ebpf_frame {
	enum cbpf2ebpf_access access;

	/* R6..R9. DIRECT, LD_ABS and SOCKET (must be R6), LOAD_BYTES: the __sk_buff / xdp_md */
	ebpf_reg ctx;
	ebpf_reg data;	   /* R6..R9. DIRECT, PROBE: first byte. BUFFER: first byte (kept) */
	ebpf_reg data_end; /* R6..R9. DIRECT, PROBE: end of the linear bytes. */
	ebpf_reg cap_len;  /* R6..R9. BUFFER: bytes held, <= buffer_len; any 64-bit value is safe */
	/*
	 * R6..R9. BUFFER, PROBE: real length, zero-extended u32. DIRECT in an XDP program that gets
	 * packets in several buffers (BPF_F_XDP_HAS_FRAGS): what bpf_xdp_get_buff_len() gives;
	 * {0}: all packets are in one piece.
	 */
	ebpf_reg len;
	/*
	 * DIRECT, LOAD_BYTES on a __sk_buff, for packets that begin inside the kernel's: the bytes
	 * before, zero-extended u32, in R6..R9. {0}: none. With DIRECT `data` is behind them.
	 */
	ebpf_reg base;
	uint32_t buffer_len; /* BUFFER: bytes behind `data` that the verifier lets one read */

	uint16_t scratch;   /* bit n: register Rn of R6..R9 may be clobbered */
	int16_t stack_top;  /* e.g. 0 or -64: may use [stack_top - stack_len, stack_top) */
	uint16_t stack_len; /* bytes, a multiple of 8; at least 160 always suffices */

	/*
	 * DIRECT, LD_ABS, LOAD_BYTES, SOCKET on a __sk_buff: a hardware VLAN tag, which the kernel
	 * keeps beside the packet, is seen by the filter where the wire had it (offset 12), and
	 * counts in the length. Ethernet only.
	 */
	bool vlan_tag;

	cbpf2ebpf_ancillary ancillary; /* NULL: none */
	void *ancillary_user;

	/* Long lists are in these, bound to a map; NULL: in the program, as search trees. */
	struct cbpf2ebpf_tables *tables;

	ebpf_label miss; /* {0}: none */
};

/* What the compiler found out; all fields are filled on success. */
struct cbpf2ebpf_info {
	/*
	 * Bytes at the start of the packet that decide the verdict: no load reaches beyond
	 * (UINT32_MAX: cannot be bounded). A program that copies the packet before it runs the
	 * filter need not copy more, but cap_len must still tell min(window_len, linear bytes).
	 */
	uint32_t window_len;
	bool matches_all;  /* the filter has the same non-zero result for every packet */
	bool matches_none; /* the result is always 0 */
	uint32_t insn_cnt; /* slots emitted */
};

/*
 * Emits the filter into `b`. -EINVAL (input) when *filter is not valid cBPF, -ENOTSUP for an
 * ancillary load that the frame does not have, -ENOSPC when the stack given is too small. Errors of
 * the builder stay in the builder.
 */
int cbpf2ebpf_emit(struct ebpf_builder *b, const struct cbpf_prog *filter,
		   const struct cbpf2ebpf_frame *frame, struct cbpf2ebpf_info *info, struct err *e);

/*
 * Only the analysis, before a program around a filter is built: its window, and its long lists,
 * which are added to *tables (NULL: not asked for).
 */
int cbpf2ebpf_analyze(const struct cbpf_prog *filter, struct cbpf2ebpf_tables *tables,
		      struct cbpf2ebpf_info *info, struct err *e);

/* ---- Tables ------------------------------------------------------------------------------- */

/*
 * Long lists of numbers (1,000 hosts). In a program they are search trees; where the caller can
 * make maps, they are tables in a map's value, which take the same time however long the list is.
 * All programs of a caller can share them, and equal lists are one table.
 *
 *	struct cbpf2ebpf_tables *tables = cbpf2ebpf_tables_new(0);
 *	uint32_t len;
 *
 *	cbpf2ebpf_analyze(&filter, tables, &info, e);		for each filter
 *	bytes = cbpf2ebpf_tables_bytes(tables, &len);
 *	if (len > 0)
 *		fd = kbpf_map_create_const(bytes, len, "tables", e);
 *	cbpf2ebpf_tables_bind(tables, fd);
 *	cbpf2ebpf_program(&filter, ..., tables, &prog, e);	for each program
 *
 * `min`: so many numbers make a long list; 0: as many as are faster. NULL without memory.
 */
struct cbpf2ebpf_tables *cbpf2ebpf_tables_new(uint32_t min);
void cbpf2ebpf_tables_free(struct cbpf2ebpf_tables *t); /* NULL is fine */
/* What the map's value has to hold, in the host's byte order; *len 0: there are no long lists. */
const void *cbpf2ebpf_tables_bytes(const struct cbpf2ebpf_tables *t, uint32_t *len);
/*
 * Programs written from now on load addresses in the first value of array map `fd`. Lists that are
 * not in *t yet stay in the programs.
 */
void cbpf2ebpf_tables_bind(struct cbpf2ebpf_tables *t, int fd);

/* ---- Programs ----------------------------------------------------------------------------- */

/*
 * A whole program that returns the filter's value in R0: EBPF_PROG_SOCKET_FILTER
 * (LD_ABS, LOAD_BYTES or SOCKET), EBPF_PROG_SCHED_CLS (these and DIRECT), EBPF_PROG_XDP
 * (DIRECT, for packets in one piece: to be loaded without BPF_F_XDP_HAS_FRAGS). `linktype` tells
 * whether VLAN tags can be put back and where the network header begins. `tables` as in a frame:
 * with NULL the program has no map.
 */
int cbpf2ebpf_program(const struct cbpf_prog *filter, const struct ebpf_target *t,
		      enum ebpf_prog_type type, enum cbpf2ebpf_access access, int linktype,
		      struct cbpf2ebpf_tables *tables, struct ebpf_prog *out, struct err *e);

/* Writes the IR as text: after reading, and after each pass. For --dump=ir and the cases. */
int cbpf2ebpf_dump_ir(const struct cbpf_prog *filter, FILE *out, struct err *e);

#ifdef __cplusplus
}
#endif
#endif
