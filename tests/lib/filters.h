/* SPDX-License-Identifier: MIT */
/* filters.h - what tests/cases/filter holds, and filters put into whole programs. */
#ifndef BPFCAP_TESTS_LIB_FILTERS_H
#define BPFCAP_TESTS_LIB_FILTERS_H

#include <stdbool.h>

#include "bpfcap/cbpf2ebpf.h"

struct expressions {
	char **all; /* malloc'ed, as each of them */
	size_t cnt;
};

/* Reads one expression a line, '#' begins a comment line. Aborts when it cannot. */
struct expressions expressions_read(const char *path);
void expressions_free(struct expressions *e);

struct programs {
	struct cbpf_prog *all; /* malloc'ed */
	size_t cnt;
};

/* Reads classic programs with empty lines between them, '#' begins a comment line. */
struct programs programs_read(const char *path);
void programs_free(struct programs *p);

/*
 * The ways to run a filter. The context of FILTER_BUFFER and FILTER_PROBE is a struct
 * filter_input; FILTER_BUFFER_SMALL holds no more than the filter's window, or 64 bytes.
 * FILTER_XDP_FRAGS needs helpers of 5.18, whatever the target, and packets too long for a test run.
 */
enum filter_mode {
	FILTER_CLS_DIRECT,
	FILTER_XDP_DIRECT,
	FILTER_SOCKET_LD_ABS,
	FILTER_CLS_LD_ABS,
	FILTER_SOCKET_LOAD_BYTES,
	FILTER_CLS_LOAD_BYTES,
	FILTER_BUFFER,
	FILTER_BUFFER_SMALL,
	FILTER_PROBE,
	FILTER_KERNEL_MODE_CNT, /* that can be run in every kernel */
	FILTER_XDP_FRAGS = FILTER_KERNEL_MODE_CNT,
	FILTER_MODE_CNT,
};

#define FILTER_BUFFER_LEN 512

struct filter_input {
	uint64_t cap_len;
	uint64_t len;
	uint64_t data; /* FILTER_PROBE: address of the packet */
	uint8_t packet[FILTER_BUFFER_LEN];
};

const char *filter_mode_name(enum filter_mode mode);
enum ebpf_prog_type filter_mode_type(enum filter_mode mode);

/* The length of the buffer that the mode has for this filter. */
uint32_t filter_buffer_len(enum filter_mode mode, const struct cbpf_prog *filter);

/*
 * How many numbers make a long list in tests that take filters of all kinds: for half of all
 * filters a few, so that tables are tried with everything before and after them; else as many as
 * usual.
 */
uint32_t filter_tables_min(const struct cbpf_prog *filter);

/*
 * The tables that the filter's lists of at least `min` numbers have, not bound to a map, and their
 * bytes, of which there may be none. Aborts without memory.
 */
struct cbpf2ebpf_tables *filter_tables(const struct cbpf_prog *filter, uint32_t min,
				       const void **bytes, uint32_t *len);

/* Makes a filter of *classic, emits it as a whole program, and frees it. */
int filter_whole(const struct cbpf_prog *classic, int linktype, struct cbpf2ebpf_tables *tables,
		 const struct cbpf2ebpf_program_spec *spec, struct ebpf_prog *out, struct err *e);

/*
 * A program that returns the filter's value. In FILTER_BUFFER and FILTER_PROBE its type is
 * EBPF_PROG_ANY and R1 a struct filter_input, unless `wrap` puts code of the caller's in front,
 * which leaves the address in R7.
 */
int filter_program(const struct cbpf_prog *filter, const struct ebpf_target *t,
		   enum filter_mode mode, enum ebpf_prog_type type, struct cbpf2ebpf_tables *tables,
		   void (*wrap)(struct ebpf_builder *b, void *user), void *user,
		   struct ebpf_prog *out, struct err *e);

#endif
