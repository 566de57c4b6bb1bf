/* SPDX-License-Identifier: MIT */
/*
 * ebpf.h - an eBPF assembler as a C library: targets, builder, disassembler.
 *
 * A program is built as a stream of typed operations (struct ebpf_op). The short names in
 * bpfcap/dsl.h make that stream read as assembly:
 *
 *	struct ebpf_builder *b = ebpf_new(&target, EBPF_PROG_SOCKET_FILTER);
 *	ebpf_label out = ebpf_label_new(b);
 *
 *	EMIT(b, MOV(R0, 0),
 *		LDX(W, R1, MEM(R1, 0)),
 *		JLT(R1, 64, out),
 *		MOV(R0, -1),
 *	     LABEL(out),
 *		EXIT());
 *	err = ebpf_finish(b, &prog, &e);
 *	ebpf_free(b);
 *
 * Emitting cannot fail visibly: the first mistake (an immediate out of range, a label placed
 * twice, an instruction or helper that the target lacks, no memory) sticks in the builder with the
 * C source line that emitted it, and ebpf_finish() reports it.
 *
 * Instruction set: RFC 9669, and Documentation/bpf/standardization/instruction-set.rst of Linux.
 */
#ifndef BPFCAP_EBPF_H
#define BPFCAP_EBPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"
#include "bpfcap/ebpf_helpers.h" /* enum ebpf_helper: EBPF_FN_<name> = its number in the kernel */

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Instructions ------------------------------------------------------------------------- */

/*
 * One instruction as the kernel expects it, in host byte order: struct bpf_insn of linux/bpf.h,
 * which a file that includes pcap.h cannot use.
 */
struct ebpf_insn {
	uint8_t code;
	uint8_t dst : 4;
	uint8_t src : 4;
	int16_t off;
	int32_t imm;
};

/* The meanings of the source field of lddw and call: BPF_PSEUDO_* of linux/bpf.h. */
enum ebpf_pseudo {
	/* lddw; 0: a plain number */
	EBPF_PSEUDO_MAP_FD = 1,
	EBPF_PSEUDO_MAP_VALUE = 2,
	EBPF_PSEUDO_BTF_ID = 3,
	EBPF_PSEUDO_FUNC = 4,
	EBPF_PSEUDO_MAP_IDX = 5,
	EBPF_PSEUDO_MAP_IDX_VALUE = 6,
	/* call */
	EBPF_PSEUDO_CALL_HELPER = 0,
	EBPF_PSEUDO_CALL_LOCAL = 1,
	EBPF_PSEUDO_CALL_KFUNC = 2,
};

#define EBPF_SLOTS_MAX 1000000u /* the most slots that the verifier accepts from root */

/* A finished program. `insns` is malloc'ed, released by ebpf_prog_free(); cnt counts slots. */
struct ebpf_prog {
	struct ebpf_insn *insns;
	size_t cnt;
};

void ebpf_prog_free(struct ebpf_prog *p);

/* Program types that this project loads: BPF_PROG_TYPE_* of linux/bpf.h. */
enum ebpf_prog_type {
	EBPF_PROG_ANY = 0, /* helpers are not checked against a type */
	EBPF_PROG_SOCKET_FILTER = 1,
	EBPF_PROG_KPROBE = 2,
	EBPF_PROG_SCHED_CLS = 3,
	EBPF_PROG_TRACEPOINT = 5,
	EBPF_PROG_XDP = 6,
	EBPF_PROG_RAW_TRACEPOINT = 17,
};

/* "socket_filter", "sched_cls" ..., the kernel's names; NULL: not one of the above. */
const char *ebpf_type_name(enum ebpf_prog_type type);
/* The type with this name, which may also be "any", "socket" or "tc"; -ENOENT. */
int ebpf_type_by_name(const char *name);

/* ---- Targets ------------------------------------------------------------------------------ */

/*
 * The features beyond the baseline of 5.4, with the mainline version that introduced each. Every
 * target has the baseline (JMP32, bounded loops, 1M instructions, bpf-to-bpf calls,
 * perf_event_output). Vendor kernels have more than their number says, so a running kernel is
 * probed (bpfcap/probe.h); the versions serve -k only.
 */
#define EBPF_FEATURES(X)                                                                           \
	X(ATOMIC_FETCH, 5, 12, "atomic fetch, xchg and cmpxchg")                                   \
	X(CPU_V4, 6, 6, "cpu v4: movsx, ldsx, bswap, sdiv, smod, gotol")                           \
	X(MAY_GOTO, 6, 9, "may_goto")                                                              \
	X(FUNC_ADDR, 5, 13, "address of a bpf function")                                           \
	X(ACQ_REL, 6, 15, "load-acquire and store-release")                                        \
	X(BOUNDS32, 5, 7, "verifier tracks 32-bit bounds")                                         \
	X(MAP_RINGBUF, 5, 8, "BPF ring buffer map")                                                \
	X(LINK_XDP, 5, 9, "XDP link")                                                              \
	X(LINK_PERF, 5, 15, "perf link with a cookie")                                             \
	X(LINK_KPROBE_MULTI, 5, 18, "kprobe multi link")                                           \
	X(LINK_TCX, 6, 6, "tcx link")                                                              \
	X(GOTOX, 6, 19, "gotox: jumps through a table")                                            \
	X(SKB_GSO_SIZE, 5, 7, "__sk_buff.gso_size")                                                \
	X(UNALIGNED, 5, 4, "loads and stores of unaligned addresses")

/* clang-format off */
enum ebpf_feature {
#define EBPF_FEATURE_ENUM(name, major, minor, text) EBPF_FEATURE_##name,
	EBPF_FEATURES(EBPF_FEATURE_ENUM)
#undef EBPF_FEATURE_ENUM
	EBPF_FEATURE_CNT,
};
/* clang-format on */

/*
 * The set of features that code is generated for. `features` has a bit per enum ebpf_feature.
 * `helpers` has a bit per helper number and class of program: tracing (kprobe, tracepoint, raw
 * tracepoint), network buffers (socket filter, sched_cls) and XDP.
 */
enum ebpf_helper_class {
	EBPF_CLASS_TRACING,
	EBPF_CLASS_SOCKET,
	EBPF_CLASS_CLS,
	EBPF_CLASS_XDP,
	EBPF_CLASS_CNT
};

#define EBPF_HELPER_WORDS 4 /* 256 helper numbers */

struct ebpf_target {
	uint32_t version; /* (major << 16) | (minor << 8), from -k or uname */
	uint64_t features;
	uint64_t helpers[EBPF_CLASS_CNT][EBPF_HELPER_WORDS];
	char name[32]; /* "5.4", "running kernel 6.18.44" ... for messages */
};

/*
 * Fills *t with the features of mainline `version` ("5.4", "5.10.0", "6.1", "7"), according to the
 * tables of this file and of ebpf_helpers.h. Returns 0, or -EINVAL (input) if the text is not a
 * version from 5.4 on.
 */
int ebpf_target_by_version(struct ebpf_target *t, const char *version, struct err *e);

bool ebpf_target_has(const struct ebpf_target *t, enum ebpf_feature f);
bool ebpf_target_has_helper(const struct ebpf_target *t, enum ebpf_prog_type type, int helper);
void ebpf_target_set(struct ebpf_target *t, enum ebpf_feature f, bool on);
void ebpf_target_set_helper(struct ebpf_target *t, enum ebpf_prog_type type, int helper, bool on);

const char *ebpf_feature_name(enum ebpf_feature f); /* "LINK_TCX" */
const char *ebpf_feature_text(enum ebpf_feature f); /* "tcx link" */
const char *ebpf_helper_name(int helper);	    /* "map_lookup_elem"; NULL if unknown */
int ebpf_helper_by_name(const char *name);	    /* with or without "bpf_"; -ENOENT */

/* ---- Operands and operations -------------------------------------------------------------- */

/* Operands have types of their own, so that the compiler rejects a mix-up. */
/* clang-format off */
typedef struct { uint8_t n; } ebpf_reg;	  /* R0..R10, 64 bit */
typedef struct { uint8_t n; } ebpf_wreg;  /* W0..W10, the low 32 bits; writes clear the high half */
typedef struct { ebpf_reg base; int32_t off; } ebpf_mem;
/* valid in the builder that created it; 0 is never valid */
typedef struct { int32_t id; } ebpf_label;

enum ebpf_size { EBPF_W = 0x00, EBPF_H = 0x08, EBPF_B = 0x10, EBPF_DW = 0x18 };

enum ebpf_alu {
	EBPF_ADD = 0x00, EBPF_SUB = 0x10, EBPF_MUL = 0x20, EBPF_DIV = 0x30, EBPF_OR = 0x40,
	EBPF_AND = 0x50, EBPF_LSH = 0x60, EBPF_RSH = 0x70, EBPF_NEG = 0x80, EBPF_MOD = 0x90,
	EBPF_XOR = 0xa0, EBPF_MOV = 0xb0, EBPF_ARSH = 0xc0, EBPF_END = 0xd0,
	/* cpu v4; marked by a non-zero offset field */
	EBPF_SDIV = 0x130, EBPF_SMOD = 0x190,
	EBPF_MOVSX8 = 0x1b0, EBPF_MOVSX16 = 0x2b0, EBPF_MOVSX32 = 0x3b0,
};

enum ebpf_cond {
	EBPF_JEQ = 0x10, EBPF_JGT = 0x20, EBPF_JGE = 0x30, EBPF_JSET = 0x40, EBPF_JNE = 0x50,
	EBPF_JSGT = 0x60, EBPF_JSGE = 0x70, EBPF_JLT = 0xa0, EBPF_JLE = 0xb0, EBPF_JSLT = 0xc0,
	EBPF_JSLE = 0xd0,
};

enum ebpf_swap { EBPF_LE, EBPF_BE, EBPF_BSWAP /* cpu v4: always swaps */ };

enum ebpf_atomic {
	EBPF_ATOMIC_ADD = 0x00, EBPF_ATOMIC_OR = 0x40, EBPF_ATOMIC_AND = 0x50,
	EBPF_ATOMIC_XOR = 0xa0, EBPF_ATOMIC_FETCH = 0x01 /* combined with one of the above */,
	EBPF_ATOMIC_XCHG = 0xe1, EBPF_ATOMIC_CMPXCHG = 0xf1,
	EBPF_ATOMIC_LOAD_ACQ = 0x100, EBPF_ATOMIC_STORE_REL = 0x110,
};
/* clang-format on */

enum ebpf_op_kind {
	EBPF_OP_INSN,  /* one plain instruction */
	EBPF_OP_LDDW,  /* 64-bit immediate, two slots; insn.src is the pseudo kind, imm the value */
	EBPF_OP_JUMP,  /* conditional, or EBPF_JA, to `label` */
	EBPF_OP_CALL,  /* bpf-to-bpf call of the code at `label` */
	EBPF_OP_ADDR,  /* lddw of the address of the function at `label` (BPF_PSEUDO_FUNC) */
	EBPF_OP_LABEL, /* places `label`; no code */
	EBPF_OP_HELPER, /* call of helper number imm */
};

/*
 * One operation of the stream. Only the functions below (or the short names of dsl.h) create it.
 * imm and off are wider than their fields, so that ebpf_emit() can reject values that do not fit.
 */
struct ebpf_op {
	enum ebpf_op_kind kind;
	uint8_t code, dst, src;
	int32_t off;
	int64_t imm;
	uint64_t imm_high; /* EBPF_OP_LDDW: second slot's immediate for map values */
	ebpf_label label;
};

/* dst = dst op src, 64 or 32 bit; `imm` is sign-extended to 64 bit. */
struct ebpf_op ebpf_alu64_reg(enum ebpf_alu op, ebpf_reg dst, ebpf_reg src);
struct ebpf_op ebpf_alu64_imm(enum ebpf_alu op, ebpf_reg dst, int64_t imm);
struct ebpf_op ebpf_alu32_reg(enum ebpf_alu op, ebpf_wreg dst, ebpf_wreg src);
struct ebpf_op ebpf_alu32_imm(enum ebpf_alu op, ebpf_wreg dst, int64_t imm);
struct ebpf_op ebpf_neg64(ebpf_reg dst);
struct ebpf_op ebpf_neg32(ebpf_wreg dst);
/* dst = the low `bits` (16, 32, 64) of dst in the given byte order, zero-extended. */
struct ebpf_op ebpf_swap(enum ebpf_swap order, ebpf_reg dst, int bits);

/* dst = *(u size *)(mem); with ldsx sign-extended (cpu v4). */
struct ebpf_op ebpf_ldx(enum ebpf_size size, ebpf_reg dst, ebpf_mem mem);
struct ebpf_op ebpf_ldsx(enum ebpf_size size, ebpf_reg dst, ebpf_mem mem);
/* *(u size *)(mem) = src, or = imm. */
struct ebpf_op ebpf_stx(enum ebpf_size size, ebpf_mem mem, ebpf_reg src);
struct ebpf_op ebpf_st(enum ebpf_size size, ebpf_mem mem, int64_t imm);
/* Atomic on W or DW: `op` of enum ebpf_atomic, e.g. EBPF_ATOMIC_ADD | EBPF_ATOMIC_FETCH. */
struct ebpf_op ebpf_atomic(int op, enum ebpf_size size, ebpf_mem mem, ebpf_reg src);

/* dst = imm64; = the map of fd; = address of byte `off` of the first value of that (array) map. */
struct ebpf_op ebpf_lddw(ebpf_reg dst, uint64_t imm);
struct ebpf_op ebpf_ld_map_fd(ebpf_reg dst, int fd);
struct ebpf_op ebpf_ld_map_value(ebpf_reg dst, int fd, uint32_t off);
/* dst = address of the bpf function at `fn` (for callbacks). */
struct ebpf_op ebpf_ld_func(ebpf_reg dst, ebpf_label fn);

/*
 * R0 = packet[off], or packet[src + off], host order. R6 must hold the context; clobbers R1..R5; a
 * load outside the packet ends the program with R0 = 0. Socket filters and sched_cls only.
 */
struct ebpf_op ebpf_ld_abs(enum ebpf_size size, int64_t off);
struct ebpf_op ebpf_ld_ind(enum ebpf_size size, ebpf_reg src, int64_t off);

/* if (dst cond src) goto to; unsigned unless the condition's name has an S. */
struct ebpf_op ebpf_jmp64_reg(enum ebpf_cond cond, ebpf_reg dst, ebpf_reg src, ebpf_label to);
struct ebpf_op ebpf_jmp64_imm(enum ebpf_cond cond, ebpf_reg dst, int64_t imm, ebpf_label to);
struct ebpf_op ebpf_jmp32_reg(enum ebpf_cond cond, ebpf_wreg dst, ebpf_wreg src, ebpf_label to);
struct ebpf_op ebpf_jmp32_imm(enum ebpf_cond cond, ebpf_wreg dst, int64_t imm, ebpf_label to);
struct ebpf_op ebpf_ja(ebpf_label to);

struct ebpf_op ebpf_call_helper(int helper); /* R0 = helper(R1..R5); clobbers R1..R5 */
struct ebpf_op ebpf_call(ebpf_label fn);     /* R0 = fn(R1..R5); clobbers R1..R5 */
struct ebpf_op ebpf_exit(void);
struct ebpf_op ebpf_place(ebpf_label l); /* places the label here */
/* A raw instruction, checked like the others. For assemblers. */
struct ebpf_op ebpf_raw(struct ebpf_insn insn);

/* ---- Builder ------------------------------------------------------------------------------ */

struct ebpf_builder;

/*
 * Creates a builder for programs of `type` that run on *t (copied; NULL: any kernel). Never returns
 * NULL: if memory is short, the builder's error is set. Release it with ebpf_free().
 */
struct ebpf_builder *ebpf_new(const struct ebpf_target *t, enum ebpf_prog_type type);
void ebpf_free(struct ebpf_builder *b);

const struct ebpf_target *ebpf_builder_target(const struct ebpf_builder *b);
enum ebpf_prog_type ebpf_builder_type(const struct ebpf_builder *b);
/* Instruction slots so far, without those that bridges will add. */
size_t ebpf_builder_slots(const struct ebpf_builder *b);

ebpf_label ebpf_label_new(struct ebpf_builder *b);

/* Appends operations; errors show `file` and `line`. Use EMIT(). */
void ebpf_emit(struct ebpf_builder *b, const struct ebpf_op *ops, size_t cnt, const char *file,
	       int line);

/* Returns 0, or the -errno of the first mistake so far. */
int ebpf_error(const struct ebpf_builder *b);

/* Reports a mistake of the caller through the builder, which keeps only the first one. */
void ebpf_fail(struct ebpf_builder *b, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Resolves labels and gives the program; the builder is not changed. Bridges jumps that do not fit
 * 16 bits, with gotol if the target has it, else with islands of short jumps. Returns 0, the first
 * mistake, -EINVAL for a label that is used but never placed, -E2BIG for more than 1,000,000 slots
 * or a bpf-to-bpf call over more than 32,767 of them, or -ENOMEM.
 */
int ebpf_finish(struct ebpf_builder *b, struct ebpf_prog *out, struct err *e);

/* ---- Checking and reading ----------------------------------------------------------------- */

/*
 * Checks that every instruction is defined, has zeros in its reserved fields and is supported by
 * target *t (NULL: any), and that jumps stay inside the program. Returns 0, or -EINVAL with index
 * and reason.
 */
int ebpf_check(const struct ebpf_insn *insns, size_t cnt, const struct ebpf_target *t,
	       enum ebpf_prog_type type, struct err *e);

#define EBPF_TEXT_LEN 96 /* capacity for the text of any instruction */

/*
 * Writes instruction `i` of the program in the notation of the kernel verifier's log, such as "r0 =
 * *(u16 *)(r6 +12)", "if w1 > 0x5 goto pc+3", "call bpf_map_lookup_elem#1". What is not
 * an instruction becomes ".insn CODE, DST, SRC, OFF, IMM". Returns the number of its slots, 1, or 2
 * for lddw.
 */
size_t ebpf_disasm(const struct ebpf_insn *insns, size_t cnt, size_t i, char text[EBPF_TEXT_LEN]);

#ifdef __cplusplus
}
#endif
#endif
