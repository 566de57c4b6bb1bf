/* SPDX-License-Identifier: MIT */
/*
 * cbpf2ebpf.h - compiles classic BPF to eBPF.
 *
 * The emitted code returns what libpcap's interpreter returns, for every packet: a load that is not
 * wholly inside the captured bytes and a division by zero end the filter with 0; the packet length
 * is the original one. How the code reaches packet bytes depends on where it runs: that is the
 * access mode.
 *
 * A compiled filter is an object. It is made from a classic program once, and emitted any number of
 * times: as a whole program, or into programs of the caller, which frames describe.
 *
 *	struct cbpf_prog classic;	from cbpf_compile()
 *	struct ebpf_target target;	from ebpf_target_by_version()
 *	struct cbpf2ebpf_program_spec spec = {.target = &target,
 *					      .type = EBPF_PROG_SOCKET_FILTER,
 *					      .access = CBPF2EBPF_SOCKET};
 *	struct cbpf2ebpf_filter *filter;
 *	struct ebpf_prog prog;
 *
 *	rc = cbpf2ebpf_filter_new(&filter, &classic, CBPF_LINKTYPE_ETHERNET, NULL, &e);
 *	if (rc == 0)
 *		rc = cbpf2ebpf_program(filter, &spec, &prog, &e);
 *	if (rc == 0) {
 *		load(prog.insns, prog.cnt);
 *		ebpf_prog_free(&prog);
 *	}
 *	cbpf2ebpf_filter_free(filter);
 *
 * examples/xdp_filter.c shows a frame.
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
	/* a map value (or other memory that programs may read) that holds the packet */
	CBPF2EBPF_BUFFER,
	/* kernel addresses, read with probe_read into the stack */
	CBPF2EBPF_PROBE,
	/* LD_ABS or LOAD_BYTES, whichever is likely to cost less for the filter */
	CBPF2EBPF_SOCKET,
};

/*
 * Ancillary data (SKF_AD_* of linux/filter.h: packet type, ifindex, mark, VLAN tag ...) that the
 * hook knows: emits code that sets R0 to the value of `ad` (zero-extended) and may clobber R1..R5.
 * Returns -ENOTSUP, and emits nothing, for other data. That is then read from the context; if the
 * context is not a __sk_buff, the filter is refused with a sentence that names the field.
 */
typedef int (*cbpf2ebpf_ancillary)(void *user, struct ebpf_builder *b, uint32_t ad);

/* ---- The filter --------------------------------------------------------------------------- */

struct cbpf2ebpf_tables;
struct cbpf2ebpf_filter;

/*
 * Makes a filter from a copy of *classic. `linktype` (-1: unknown) determines where the network
 * header begins. Long lists go to `tables`, which several filters may share and which must outlive
 * them; NULL: lists become search trees in the programs. Fails with -EINVAL (input) if *classic is
 * not valid classic BPF; *out is then NULL.
 */
int cbpf2ebpf_filter_new(struct cbpf2ebpf_filter **out, const struct cbpf_prog *classic,
			 int linktype, struct cbpf2ebpf_tables *tables, struct err *e);
void cbpf2ebpf_filter_free(struct cbpf2ebpf_filter *f); /* NULL is allowed */

/* What is known about a filter before it is emitted. */
struct cbpf2ebpf_info {
	/*
	 * Bytes at the start of the packet that decide the verdict: no load reaches beyond them
	 * (UINT32_MAX: there is no bound). A program that copies the packet before it runs the
	 * filter need not copy more, but cap_len must still be min(window_len, linear bytes).
	 */
	uint32_t window_len;
	bool matches_all;     /* the result is the same non-zero number for every packet */
	bool matches_none;    /* the result is always 0 */
	bool reads_addresses; /* it looks at the first 12 bytes: an Ethernet frame's addresses */
};

/* Fills *info, and adds the filter's long lists to its tables unless these are already bound. */
int cbpf2ebpf_analyze(struct cbpf2ebpf_filter *f, struct cbpf2ebpf_info *info, struct err *e);

/* Writes the graph as text, after reading and after each pass. */
int cbpf2ebpf_dump_ir(struct cbpf2ebpf_filter *f, FILE *out, struct err *e);

/* ---- In this process ---------------------------------------------------------------------- */

struct cbpf2ebpf_matcher;

/*
 * Makes a matcher, which gives the filter's verdict on packets in memory, faster than an
 * interpreter of the classic program. -ENOTSUP (input) for filters with loops, very large values
 * and ancillary data; cbpf_run() takes those. The filter may be freed before the matcher.
 */
int cbpf2ebpf_matcher_new(struct cbpf2ebpf_matcher **out, struct cbpf2ebpf_filter *f,
			  struct err *e);
void cbpf2ebpf_matcher_free(struct cbpf2ebpf_matcher *m); /* NULL is allowed */
/* `len` is the real length, `cap_len` what `packet` holds. */
bool cbpf2ebpf_matches(const struct cbpf2ebpf_matcher *m, const uint8_t *packet, uint32_t cap_len,
		       uint32_t len);

/* ---- Frames ------------------------------------------------------------------------------- */

/*
 * The contract between a program and the filter inside it.
 *
 * In:      the registers below, by access mode.
 * Out:     R0 = the value the filter returns (0: no match); control continues after the filter, but
 *          if `miss` is set, a result of 0 jumps to `miss` with R0 undefined.
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
	 * R6..R9. BUFFER, PROBE: real length, zero-extended u32. DIRECT in an XDP program that
	 * accepts packets in several buffers (BPF_F_XDP_HAS_FRAGS): the result of
	 * bpf_xdp_get_buff_len(); {0}: all packets are in one piece.
	 */
	ebpf_reg len;
	/*
	 * DIRECT, LOAD_BYTES on a __sk_buff, where the filtered packet begins inside the kernel's
	 * packet: the number of bytes before it, zero-extended u32, in R6..R9. {0}: none. With
	 * DIRECT `data` is after them.
	 */
	ebpf_reg base;
	/*
	 * DIRECT in an XDP program, for packets that begin inside the kernel's: the stack offset of
	 * a u16 with the bytes before; `len` is without them. 0: none.
	 */
	int16_t base_slot;
	/* The packet begins at an even offset of another, below 4 KiB. */
	bool inside;
	/*
	 * The stack offset of a u16: how many bytes of VLAN tags, at most 16, follow the addresses
	 * of the Ethernet frame and are hidden from the filter. 0: it sees all. Without vlan_tag.
	 */
	int16_t tags_slot;
	uint32_t buffer_len; /* BUFFER: bytes from `data` on that the verifier allows to be read */

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

	ebpf_label miss; /* {0}: none */
};

/*
 * Emits the filter into `b`, which may already hold it elsewhere. -ENOTSUP for an ancillary load
 * that the frame does not support, -ENOSPC if the frame has too little stack. Errors of the builder
 * stay in the builder.
 */
int cbpf2ebpf_emit(struct cbpf2ebpf_filter *f, struct ebpf_builder *b,
		   const struct cbpf2ebpf_frame *frame, struct err *e);

/* ---- Programs ----------------------------------------------------------------------------- */

/*
 * A whole program that returns the filter's value in R0: EBPF_PROG_SOCKET_FILTER (LD_ABS,
 * LOAD_BYTES or SOCKET), EBPF_PROG_SCHED_CLS (these and DIRECT), EBPF_PROG_XDP (DIRECT, for packets
 * in one piece: load it without BPF_F_XDP_HAS_FRAGS).
 */
struct cbpf2ebpf_program_spec {
	const struct ebpf_target *target;
	enum ebpf_prog_type type;
	enum cbpf2ebpf_access access;
};

/* Fails like cbpf2ebpf_emit() and ebpf_finish(), and with -EINVAL (input) if the access mode does
 * not fit the type. Free *out with ebpf_prog_free(). */
int cbpf2ebpf_program(struct cbpf2ebpf_filter *f, const struct cbpf2ebpf_program_spec *spec,
		      struct ebpf_prog *out, struct err *e);

/* ---- Tables ------------------------------------------------------------------------------- */

/*
 * Long lists of numbers (1,000 hosts). In a program they are search trees; where the caller can
 * create maps, they are hash tables in the value of a map, and a lookup takes the same time for any
 * length of the list. All filters of a caller can share the tables, and equal lists become one
 * table.
 *
 *	struct cbpf2ebpf_tables *tables = cbpf2ebpf_tables_new(0);
 *	uint32_t len;
 *
 *	cbpf2ebpf_filter_new(&filter, &classic, linktype, tables, e);	for each filter
 *	cbpf2ebpf_analyze(filter, &info, e);
 *	bytes = cbpf2ebpf_tables_bytes(tables, &len);
 *	cbpf2ebpf_tables_bind(tables, len ? kbpf_map_create_const(bytes, len, "tables", e) : -1);
 *	cbpf2ebpf_program(filter, &spec, &prog, e);			for each program
 *
 * `min`: lists of at least this many numbers become tables; 0: those for which a table is faster
 * than a tree. NULL without memory.
 */
struct cbpf2ebpf_tables *cbpf2ebpf_tables_new(uint32_t min);
void cbpf2ebpf_tables_free(struct cbpf2ebpf_tables *t); /* NULL is allowed */
/* The content of the map's value, in the host's byte order; *len is 0 without long lists. */
const void *cbpf2ebpf_tables_bytes(const struct cbpf2ebpf_tables *t, uint32_t *len);
/*
 * Programs emitted from now on look up their lists in the first value of array map `fd`. With -1,
 * and before this call, all lists stay in the programs, as do lists that are not in *t yet.
 */
void cbpf2ebpf_tables_bind(struct cbpf2ebpf_tables *t, int fd);

#ifdef __cplusplus
}
#endif
#endif
