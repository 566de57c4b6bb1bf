/* SPDX-License-Identifier: MIT */
/* options.h - the command line of bpfasm. */
#ifndef BPFCAP_TOOLS_BPFASM_OPTIONS_H
#define BPFCAP_TOOLS_BPFASM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfcap/ebpf_text.h"

/* The formats besides those of the library. */
enum {
	FORM_TEXT = EBPF_FORMAT_LISTING, /* read: any text */
	FORM_CBPF = EBPF_FORMAT_CNT,	 /* read: classic BPF, as tcpdump -ddd prints it */
	FORM_ELF,
	FORM_CNT,
};

struct asm_options {
	bool help, version, man;
	const char *file; /* NULL: standard input */
	const char *input_name, *output_name, *type_name;
	const char *kernel, *out_path, *section, *license, *linktype;

	bool run, interpret, trace;
	const char *hex, *pcap; /* packets; both NULL: one of 64 zero bytes */
	uint64_t repeat;	/* 0: once */

	/* from the names above */
	int input, output; /* EBPF_FORMAT_* or FORM_*; input -1: guess */
	enum ebpf_prog_type type;
	struct ebpf_target target;
	bool has_target;
};

/* Returns 0, or -EINVAL (input). All strings are argv's. */
int options_parse(struct asm_options *o, int argc, char **argv, struct err *e);

void options_help(void);
void options_man(void);

#endif
