/* SPDX-License-Identifier: MIT */
/*
 * ebpf_text.h - eBPF programs as text: an assembler, and writers in several forms.
 *
 * Two notations are read, and may be mixed: that of the kernel's verifier
 * (`r0 = *(u16 *)(r6 +12)`, `if w1 s> 0x5 goto pc+3`, `call bpf_map_lookup_elem#1`) and that of
 * LLVM (`r0 = *(u16 *)(r6 + 12)`, `goto LBB0_2`, `r1 = 5 ll`). One instruction a line:
 *
 *	; comment		# comment	// comment
 *	.equ ETH_P_IP, 0x0800
 *	start:
 *		r0 = *(u16 *)(r1 + 12)
 *		r0 = be16 r0
 *		if r0 != ETH_P_IP goto miss
 *		call check
 *		exit
 *	miss:	r0 = 0
 *		exit
 *	check:	w0 = -1
 *		exit
 *
 * A jump or call goes to a label, or to a number of slots from the next instruction (`goto +3`,
 * `goto pc-2`). `call NAME` is a function of the file where NAME is a label of it, else a helper,
 * with or without "bpf_"; `call NAME#N` is always helper N. Wide immediates: `r1 = 5 ll`, `r1 =
 * map_fd 3 ll`, `r1 = map_value 3 +8 ll`, `r1 = subprog[+5]`, `r1 = LABEL ll`.
 *
 * Listings are read back too: lines `SLOT: (OPCODE) TEXT`, as the verifier's log (level 2),
 * `bpftool prog dump xlated` and ebpf_write() print them. Their instructions go where SLOT says;
 * OPCODE tells apart what reads alike, and what the kernel writes for itself (r11, per-CPU
 * addresses) is taken.
 */
#ifndef BPFCAP_EBPF_TEXT_H
#define BPFCAP_EBPF_TEXT_H

#include <stdio.h>

#include "bpfcap/ebpf.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A map that a source defines by `.map NAME, TYPE, KEY_LEN, VALUE_LEN, ENTRIES[, FLAGS]`; TYPE is a
 * number or a name such as hash, array, percpu_array, perf_event_array, ringbuf.
 */
struct ebpf_map_def {
	char name[16]; /* as the kernel limits it; the first 15 bytes */
	uint32_t type, key_len, value_len, entry_cnt, flags;
	const void *data; /* what its first value begins as, not owned; NULL: zeros */
};

/*
 * A program with its maps. `r1 = NAME ll` of map i is `r1 = map_fd i ll` in the program: whoever
 * loads or writes it puts the real thing there. A source with maps may not say map_fd itself.
 */
struct ebpf_source {
	struct ebpf_prog prog;
	struct ebpf_map_def *maps; /* malloc'ed */
	size_t map_cnt;
};

/* A text to assemble, and what for. */
struct ebpf_text {
	const char *data; /* `len` bytes of any kind */
	size_t len;
	const char *name;		  /* what errors call the file */
	const struct ebpf_target *target; /* NULL: any kernel */
	enum ebpf_prog_type type;
	/*
	 * Called for every mistake but the last, which is left in the err; false ends it there.
	 * NULL: the first mistake is the last.
	 */
	bool (*mistake)(void *user, const struct err *e);
	void *user;
};

/*
 * Assembles a text. Instructions and helpers that its target lacks are errors. Fails with -EINVAL
 * (input) and "name:line:column: what is wrong: 'the line'", or as ebpf_finish() does. Maps are
 * refused.
 */
int ebpf_parse(const struct ebpf_text *text, struct ebpf_prog *out, struct err *e);

/* The same, with maps. Release with ebpf_source_free(). */
int ebpf_parse_source(const struct ebpf_text *text, struct ebpf_source *out, struct err *e);
void ebpf_source_free(struct ebpf_source *s);

/* How a program is written down and read back. */
enum ebpf_format {
	EBPF_FORMAT_LISTING, /* "   0: (b7) r0 = 0", as bpftool prog dump xlated */
	EBPF_FORMAT_C,	     /* initializers of struct bpf_insn, one a line */
	EBPF_FORMAT_DECIMAL, /* the number of slots, then "code dst src off imm", one a line */
	EBPF_FORMAT_HEX,     /* "b7 00 00 00 00 00 00 00", the bytes of a slot a line */
	EBPF_FORMAT_RAW,     /* bytes as bpf(2) takes them, in the host's order */
	EBPF_FORMAT_CNT,
};

/* 0, or the -errno of the stream. */
int ebpf_write(FILE *out, const struct ebpf_prog *p, enum ebpf_format format);

/* What a listing says of a slot beside its instruction; NULL: nothing. */
struct ebpf_note {
	const char *label; /* on a line of its own, in front */
	const char *text;  /* behind it, as a comment */
	uint64_t off;	   /* not 0: "+OFF" behind the text */
};

/* A listing with notes: `note` gets one that is empty. The program reads back without them. */
int ebpf_write_listing(FILE *out, const struct ebpf_prog *p,
		       void (*note)(void *user, size_t slot, struct ebpf_note *n), void *user);

/*
 * Reads what ebpf_write() wrote (not EBPF_FORMAT_C; listings by ebpf_parse()). Nothing but the form
 * is checked: see ebpf_check(). -EINVAL (input) with the line.
 */
int ebpf_read(const void *data, size_t len, const char *name, enum ebpf_format format,
	      struct ebpf_prog *out, struct err *e);

#ifdef __cplusplus
}
#endif
#endif
