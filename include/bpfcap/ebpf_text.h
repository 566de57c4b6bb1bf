/* SPDX-License-Identifier: MIT */
/*
 * ebpf_text.h - eBPF programs as text: an assembler, and writers in several forms.
 *
 * The assembler reads two notations, which may be mixed: that of the kernel's verifier
 * (`r0 = *(u16 *)(r6 +12)`, `if w1 s> 0x5 goto pc+3`, `call bpf_map_lookup_elem#1`) and that of
 * LLVM (`r0 = *(u16 *)(r6 + 12)`, `goto LBB0_2`, `r1 = 5 ll`). One instruction per line:
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
 * `goto pc-2`). `call NAME` calls the function at label NAME if the file has one, otherwise the
 * helper, with or without "bpf_"; `call NAME#N` always calls helper N. Wide immediates: `r1 = 5
 * ll`, `r1 = map_fd 3 ll`, `r1 = map_value 3 +8 ll`, `r1 = subprog[+5]`, `r1 = LABEL ll`.
 *
 * Listings are read back, too: lines `SLOT: (OPCODE) TEXT`, as the verifier's log (level 2),
 * `bpftool prog dump xlated` and ebpf_write() print them. SLOT is the place of the instruction;
 * OPCODE distinguishes instructions with the same text. In listings, instructions that only the
 * kernel generates (r11, per-CPU addresses) are accepted, and so is `.insn CODE, DST, SRC, OFF,
 * IMM`, which shows a slot that is not a known instruction; in a source, .insn is checked as any
 * other instruction is.
 */
#ifndef BPFCAP_EBPF_TEXT_H
#define BPFCAP_EBPF_TEXT_H

#include <stdio.h>

#include "bpfcap/ebpf.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A map that a source defines by `.map NAME, TYPE, KEY_LEN, VALUE_LEN, ENTRIES[, FLAGS]`; TYPE is
 * a number or a name such as hash, array, percpu_array, perf_event_array, ringbuf.
 */
struct ebpf_map_def {
	char name[16]; /* as long as the kernel allows: the first 15 bytes */
	uint32_t type, key_len, value_len, entry_cnt, flags;
	const void *data; /* the initial bytes of its first value, not owned; NULL: zeros */
};

/* A label of a source. */
struct ebpf_source_label {
	size_t slot;
	char name[64]; /* the first 63 bytes */
};

/*
 * A program with its maps. `r1 = NAME ll` for map i becomes `r1 = map_fd i ll`; the code that
 * loads or writes the program replaces i. A source with maps must not use map_fd itself.
 */
struct ebpf_source {
	struct ebpf_prog prog;
	struct ebpf_map_def *maps; /* malloc'ed */
	size_t map_cnt;
	int *lines; /* malloc'ed: the line of each slot; NULL: of a listing, or code was moved */
	struct ebpf_source_label *labels; /* malloc'ed, in no order; NULL as above */
	size_t label_cnt;
};

/* A text to assemble, and its target. */
struct ebpf_text {
	const char *data; /* `len` bytes of any kind */
	size_t len;
	const char *name;		  /* the file name for messages */
	const struct ebpf_target *target; /* NULL: any kernel */
	enum ebpf_prog_type type;
	/*
	 * Called for every mistake but the last, which is returned in the err; false stops the
	 * assembler. NULL: it stops at the first mistake.
	 */
	bool (*mistake)(void *user, const struct err *e);
	void *user;
};

/*
 * Assembles a text. Instructions and helpers that the target lacks are errors. Returns 0, -EINVAL
 * (input) with "name:line:column: what is wrong: 'the line'", or fails as ebpf_finish() does.
 * Rejects maps.
 */
int ebpf_parse(const struct ebpf_text *text, struct ebpf_prog *out, struct err *e);

/* Assembles a text that may define maps. Release the result with ebpf_source_free(). */
int ebpf_parse_source(const struct ebpf_text *text, struct ebpf_source *out, struct err *e);
void ebpf_source_free(struct ebpf_source *s);

/* Formats in which a program is written and read back. */
enum ebpf_format {
	EBPF_FORMAT_LISTING, /* "   0: (b7) r0 = 0", as bpftool prog dump xlated */
	EBPF_FORMAT_C,	     /* initializers of struct bpf_insn, one per line */
	EBPF_FORMAT_DECIMAL, /* the number of slots, then "code dst src off imm", one per line */
	EBPF_FORMAT_HEX,     /* "b7 00 00 00 00 00 00 00", the bytes of one slot per line */
	EBPF_FORMAT_RAW,     /* bytes as bpf(2) expects them, in host byte order */
	EBPF_FORMAT_CNT,
};

/* Returns 0, or the -errno of the stream. */
int ebpf_write(FILE *out, const struct ebpf_prog *p, enum ebpf_format format);

/* Annotations of a slot in a listing; NULL: none. */
struct ebpf_note {
	const char *label; /* on a line of its own, before the instruction */
	const char *text;  /* after the instruction, as a comment */
	uint64_t off;	   /* if not 0: "+OFF" after the text */
};

/*
 * Writes a listing with annotations: `note` fills an empty one for each slot. The program reads
 * back without them.
 */
int ebpf_write_listing(FILE *out, const struct ebpf_prog *p,
		       void (*note)(void *user, size_t slot, struct ebpf_note *n), void *user);

/*
 * Reads the output of ebpf_write(), except EBPF_FORMAT_C and listings (use ebpf_parse()). Checks
 * the form only: see ebpf_check(). Returns 0, or -EINVAL (input) with the line.
 */
int ebpf_read(const void *data, size_t len, const char *name, enum ebpf_format format,
	      struct ebpf_prog *out, struct err *e);

#ifdef __cplusplus
}
#endif
#endif
