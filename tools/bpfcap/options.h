/* SPDX-License-Identifier: MIT */
/* options.h - the command line of bpfcap: what was asked for. */
#ifndef BPFCAP_TOOLS_BPFCAP_OPTIONS_H
#define BPFCAP_TOOLS_BPFCAP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

/* Words given by repeated or comma-separated options; NULL-terminated once there is one. */
struct word_list {
	const char **words;
	size_t cnt;
};

/* All strings belong to argv or to the structure itself. */
struct options {
	/* what to do instead of capturing */
	bool help, version, man, list_ifaces, doctor;
	int dump_cnt; /* -d, -dd, -ddd */
	const char *dump_stage;

	/* what to capture, where */
	const char *filter; /* NULL: everything */
	const char *filter_option, *filter_path;
	const char *kernel, *linktype, *read_path;
	const char *direction, *netns, *mark, *gather_by, *skb_data;
	struct word_list hooks, ifaces, reasons;
	uint64_t packet_cnt; /* -c; 0: without end */
	uint64_t snap_len;   /* -s; 0: as much as fits */
	uint64_t buffer_kib; /* -B; 0: default */
	uint64_t pid;	     /* --pid; 0: any */
	bool stack, owner, track, gather, fake_headers;

	/* the output */
	const char *write_path, *format, *user;
	uint64_t rotate_mb, rotate_s, file_cnt; /* -C, -G, -W; 0: not given */
	bool json, print, ascii, nano, number, no_names;
	int packet_buffered, verbose, quick, hex, hex_ascii, time_form;

	char *joined; /* the trailing words as one expression, or the text of filter_path */
};

/*
 * Reads the command line. -EINVAL (input) for what is not an option or not a number. `o` is to be
 * freed in both cases.
 */
int options_parse(struct options *o, int argc, char **argv, struct err *e);
/* Reads the expression where -F names a file. 0, or -errno with *e filled. */
int options_read_filter(struct options *o, struct err *e);
void options_free(struct options *o);

/* Writes the list of options: for a terminal, or as man(7) macros. */
struct text;
void options_help(struct text *t);
void options_man(struct text *t);

#endif
