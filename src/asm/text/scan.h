/* SPDX-License-Identifier: MIT */
/* scan.h - reads the words of one line of assembly. Private to src/asm. */
#ifndef BPFCAP_SRC_ASM_TEXT_SCAN_H
#define BPFCAP_SRC_ASM_TEXT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

/* A part of the text; not NUL-terminated. */
struct word {
	const char *p;
	size_t len;
};

/* Looks a constant up: returns true and its value. */
typedef bool scan_constant(void *user, struct word name, int64_t *value);

struct scan {
	const char *p;		/* the next character */
	const char *line, *end; /* the line without its newline */
	const char *name;	/* of the file */
	int line_no;		/* from 1 */
	struct err *err;
	scan_constant *constant; /* may be NULL */
	void *user;
};

/* Gives the next line of [*text, end) in *s and advances *text; false at the end. */
bool ebpf_scan_line(struct scan *s, const char **text, const char *end);

/*
 * Fails with "name:line:column: what is wrong: 'the line'"; `at` gives the column. Returns -EINVAL.
 */
int ebpf_scan_fail(const struct scan *s, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* All of these skip blanks first, and consume only what matches. */
bool ebpf_scan_end(struct scan *s);		       /* nothing, or only a comment, is left */
bool ebpf_scan_text(struct scan *s, const char *text); /* exactly this punctuation */
bool ebpf_scan_word(struct scan *s, const char *text); /* exactly this identifier */
bool ebpf_scan_name(struct scan *s, struct word *name);
/* r0..r15 and w0..w15 by name: *letter is 'r' or 'w'. */
bool ebpf_scan_reg(struct scan *s, char *letter, uint8_t *reg);
/* Reads digits: decimal, 0x, 0b, or a quoted character; no sign. -EINVAL: too large, or none. */
int ebpf_scan_number(struct scan *s, uint64_t *value);
/*
 * Reads [+-] term { +- term } of numbers and constants. `wide`: up to 64 bits, unsigned. Returns 0,
 * or -EINVAL with the reason.
 */
int ebpf_scan_value(struct scan *s, bool wide, int64_t *value);

bool ebpf_word_is(struct word w, const char *text);

#endif
