/* SPDX-License-Identifier: MIT */
/* program.h - the program of --decode: its command line, and how it marks a packet's first line. */
#ifndef BPFCAP_TOOLS_BPFCAP_DECODE_PROGRAM_H
#define BPFCAP_TOOLS_BPFCAP_DECODE_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

#define DECODE_WORDS 64

enum decode_form {
	DECODE_STAMP,	/* tcpdump: "1700000000.000001 IP ..." */
	DECODE_SUMMARY, /* tshark: "    1 1700000000.000001000 10.0.0.1 ..." */
	DECODE_DETAILS, /* tshark -V: "Frame 1: 98 bytes ..." */
	DECODE_FIELDS,	/* tshark -T fields: "1\t10.0.0.1..." */
};

struct decode_program {
	const char *name; /* "tcpdump" */
	char path[PATH_MAX];
	char *argv[DECODE_WORDS];
	char *words; /* what argv points into */
	enum decode_form form;
	bool nano;	 /* reads files with nanoseconds */
	uint32_t secret; /* DECODE_STAMP: the second of the first packet */
};

/*
 * Reads "tcpdump[:FLAGS]" or "tshark[:FLAGS]". -EINVAL (input) for other programs and for flags
 * that would read, write or drop packets; -ENOENT (input) if the program is not installed.
 */
int decode_program(struct decode_program *p, const char *spec, struct err *e);
void decode_program_free(struct decode_program *p);

/*
 * The number of the packet, from 1 on, whose first line this is, 0 for any other line; *skip is the
 * length of what marks it.
 */
uint64_t decode_first_line(const struct decode_program *p, const char *line, size_t *skip);

#endif
