/* SPDX-License-Identifier: MIT */
/*
 * capture.h - makes the programs that run at hooks: prologue, filter, copy, submit.
 *
 * Private to src/probes. tracing.c and ctx.c are the two forms of a program.
 */
#ifndef BPFCAP_SRC_PROBES_CAPTURE_CAPTURE_H
#define BPFCAP_SRC_PROBES_CAPTURE_CAPTURE_H

#include "context.h"

/* ---- config.c ------------------------------------------------------------------------------ */

/* Copies the packet options of the configuration and compiles its filter. -EINVAL (input). */
int probe_capture_configure(struct capture *c, const struct probe_config *config, struct err *e);

/* ---- filter.c ------------------------------------------------------------------------------ */

/* Compiles the filter into *c (eth, raw, tables, window_len). */
int probe_capture_filter(struct capture *c, const char *expr, struct err *e);
void probe_capture_filter_free(struct capture *c);

/* ---- classic.c: packet sockets without a program of ours ------------------------------------ */

/* Interfaces that a packet socket captures at. */
struct capture_ifaces {
	bool all;
	const uint32_t *index; /* in ascending order */
	unsigned cnt;
	int linktype; /* of a single one */
};

/* LINKTYPE of what a hook sees on a device of this ARPHRD type; -1: neither Ethernet nor IP. */
int probe_linktype_of_arp(uint16_t arp_type);
/* The program that selects packets for the socket. -ENOTSUP, -E2BIG: classic BPF cannot. */
int probe_capture_classic(const struct capture *c, const struct capture_ifaces *at,
			  struct cbpf_prog *out);

/* ---- tracing.c: hooks that get the address of an sk_buff ------------------------------------ */

/* Bytes of a value of the scratch map. */
uint32_t probe_capture_scratch_len(const struct capture *c);
/* In: R1 = context. Ends the program. */
int probe_emit_tracing_program(struct emit *m, struct err *e);

/* ---- user.c: hooks that get addresses in the memory of a process ---------------------------- */

/* In: R1 = context. Ends the program. */
int probe_emit_user_program(struct emit *m, struct err *e);
/* The helper that reads the memory of a process. */
enum ebpf_helper probe_emit_user_reader(const struct ebpf_target *t, enum ebpf_prog_type type);
/*
 * Appends bytes to the packet. In: R7 = their address, R8 = how many, R9 = scratch. Out:
 * scratch->copied, at most the snap length. Clobbers R0..R5. Jumps to m->memory if they cannot be
 * read.
 */
void probe_emit_user_copy(const struct emit *m);
/* Reads `len` bytes at R3 to offset `at` of the scratch in R9, or jumps to m->memory. Clobbers
 * R0..R5. */
void probe_emit_user_read(const struct emit *m, size_t at, int len);

/* ---- ctx.c: hooks whose context is the packet (socket, tc, xdp) ----------------------------- */

/* In: R1 = context. Ends the program. */
int probe_emit_ctx_program(struct emit *m, struct err *e);
/*
 * True if the programs of a hook handle packets in several buffers. They must then be loaded with
 * BPF_F_XDP_HAS_FRAGS, which came with the helpers that read such packets.
 */
bool probe_capture_has_frags(const struct capture *c, const struct capture_kind *kind);

/* ---- call.c --------------------------------------------------------------------------------- */

/* args[i] of struct probe_call = *(size *)(R2 + at). In: R6 = struct probe_call. Clobbers R1. */
void probe_emit_call_arg(const struct emit *m, unsigned i, enum ebpf_size size, int at);

/* ---- track.c -------------------------------------------------------------------------------- */

/* The program that stops following the sk_buff at `skb_at` of its context. */
int probe_track_build(const struct capture *c, enum ebpf_prog_type type, enum ebpf_size size,
		      int skb_at, struct ebpf_prog *prog, struct err *e);

/* ---- capture.c ------------------------------------------------------------------------------ */

/* Builds the program of hook h. Fails with the builder's or the filter compiler's error. */
int probe_capture_build(const struct capture *c, const struct hook *h, struct ebpf_prog *out,
			struct err *e);

#endif
