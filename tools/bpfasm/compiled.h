/* SPDX-License-Identifier: MIT */
/* compiled.h - assembly as `clang -S -target bpf` writes it: several sections, data, symbols. */
#ifndef BPFCAP_TOOLS_BPFASM_COMPILED_H
#define BPFCAP_TOOLS_BPFASM_COMPILED_H

#include "bpfcap/ebpf_text.h"
#include "bpfcap/kelf.h"

#include "../common/text.h"

#define COMPILED_SECTIONS_MAX 64
#define COMPILED_DATA_MAX     (64u << 20) /* bytes of all sections of data */
#define COMPILED_NAME_CAP     128

struct compiled_section {
	char name[64];
	uint64_t flags;	  /* SHF_* of elf.h */
	bool no_bits;	  /* .bss */
	bool is_dropped;  /* debug information */
	struct text data; /* bytes; of code, the file's lines with those of other sections blank */
	size_t line_cnt;  /* of code: lines so far */
	bool has_code;
	size_t index; /* in the object */
};

struct compiled_name {
	size_t symbol;
	char text[COMPILED_NAME_CAP];
};

struct compiled_symbol {
	struct compiled_name *name;
	bool is_function;
	size_t section; /* SIZE_MAX: not defined here */
	uint64_t value, len;
	size_t index; /* in the object; 0: not yet */
};

/* A use of a symbol: in code at a line, in data at a byte. */
struct compiled_ref {
	size_t section, symbol;
	int line_no;
	uint64_t at;
	uint32_t type; /* R_BPF_* */
};

struct compiled {
	struct compiled_section sections[COMPILED_SECTIONS_MAX];
	size_t section_cnt, current;
	struct compiled_symbol *symbols;
	size_t symbol_cnt, symbol_cap;
	void *names; /* of symbols, a tree of tsearch() */
	size_t data_len;
	struct compiled_ref *refs;
	size_t ref_cnt, ref_cap;
	const struct ebpf_text *text;
	int line_no;
	struct err *err;
};

enum { COMPILED_ABS64 = 2, COMPILED_ABS32 = 3, COMPILED_LDDW = 1, COMPILED_CALL = 10 };

/* A part of a line. */
struct compiled_scan {
	const char *p, *end;
};

/* Has the text a directive that changes the section? */
bool compiled_is(const char *data, size_t len);
/* Assembles the text into an object. Returns 0, or -EINVAL (input) with file and line. */
int compiled_read(const struct ebpf_text *text, struct kbpf_elf **out, struct err *e);

/* ---- In compiled.c, for the other files ---- */

/* The number of the symbol with that name; SIZE_MAX: there is none. */
size_t compiled_find(const struct compiled *c, const char *name);
/* The same, but adds a symbol that is new; SIZE_MAX: no memory. */
size_t compiled_symbol(struct compiled *c, const char *name);
/* Returns 0 or -ENOMEM. */
int compiled_ref_add(struct compiled *c, const struct compiled_ref *ref);

/* ---- In compiled_scan.c: parts of a line ---- */

/* Fails with "file:line: ...". */
int compiled_fail(const struct compiled *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Skips blanks; takes this character. */
bool compiled_take(struct compiled_scan *s, char what);
/* Takes a name of at most `cap` - 1 bytes; false: there is none. */
bool compiled_name(struct compiled_scan *s, char *name, size_t cap);
/* Takes a number with an optional sign. */
bool compiled_number(struct compiled_scan *s, int64_t *value);

/* ---- In compiled_data.c ---- */

/* A directive of a section of data. Returns 0 or as compiled_read() does. */
int compiled_data(struct compiled *c, const char *word, struct compiled_scan *s);
/* The symbol `name` starts here, in the section of data that is current. */
int compiled_label(struct compiled *c, const char *name);
/* `len` zeros at a multiple of `unit` bytes, with a name. */
int compiled_zeros(struct compiled *c, uint64_t len, uint64_t unit, const char *name);

/* ---- In compiled_elf.c ---- */

/* Turns what was read into an object. */
int compiled_build(struct compiled *c, struct kbpf_elf **out);

#endif
