/* SPDX-License-Identifier: MIT */
/* options.h - the command line of bpfcap, parsed. */
#ifndef BPFCAP_TOOLS_BPFCAP_OPTIONS_H
#define BPFCAP_TOOLS_BPFCAP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

/* The words of a repeatable or comma-separated option; NULL-terminated unless empty. */
struct word_list {
	const char **words;
	size_t cnt, cap;
};

/* All strings belong to argv or to the structure. */
struct cap_options {
	/* what to do instead of capturing */
	bool help, version, man, list_ifaces, doctor;
	int dump_cnt; /* -d, -dd, -ddd */
	const char *dump_stage, *completion;

	/* what to capture, where */
	const char *filter; /* NULL: everything */
	const char *filter_option, *filter_path;
	const char *kernel, *linktype, *through;
	const char *direction, *netns, *mark, *gather_by, *skb_data, *call;
	struct word_list hooks, ifaces, reasons, reads, remotes;
	const char *remote_binaries;
	uint64_t packet_cnt; /* -c; 0: no limit */
	uint64_t top_s;	     /* --top: seconds from one look to the next; 0: no --top */
	uint64_t duration_s; /* --duration; 0: no limit */
	char **command;	     /* the words after "--", run during the capture; NULL: none */
	uint64_t snap_len;   /* -s; 0: the maximum */
	uint64_t buffer_kib; /* -B; 0: default */
	uint64_t pid;	     /* --pid; 0: any */
	bool stack, owner, track, gather, fake_headers, wait, inner_only, no_promiscuous;

	/* the output */
	const char *write_path, *report_path, *format, *decode, *color, *user;
	const char *finished_command; /* -z; NULL: none */
	const char *tls_keys;	      /* NULL: not given; "": no form */
	const char *keylog_path, *tls_process, *tls_layout;
	struct word_list tls_libs;
	uint64_t rotate_mb, rotate_s, file_cnt; /* -C, -G, -W; 0: unset */
	const char *keep, *after;		/* NULL: not given */
	struct word_list triggers;
	uint64_t trigger_cnt; /* --triggers; 0: unset */
	bool json, print, ascii, nano, number, no_names, absolute, link;
	int packet_buffered, verbose, quick, hex, hex_ascii, time_form;

	char *joined; /* the words after the options, or the text of filter_path */
};

/*
 * Parses the command line. -EINVAL (input) for an unknown option, a bad argument, or an option that
 * the selected mode (live, -r, -d, --doctor ...) cannot honour. Free `o` in either case.
 */
int options_parse(struct cap_options *o, int argc, char **argv, struct err *e);
void options_free(struct cap_options *o);

struct text;
/* Appends the options that --remote passes on, as words quoted for a shell. */
void options_far(const struct cap_options *o, struct text *t);
/* Appends the list of options: for a terminal, or as man(7) macros. */
void options_help(struct text *t);
void options_man(struct text *t);
/* Appends the completion script for a shell; false: an unknown one. */
bool options_completion(const char *shell, struct text *t);

/* ---- options_filter.c: part of options_parse() ----------------------------------------------- */

/* The expression of -e, -F or the words after the options. */
int options_find_filter(struct cap_options *o, char *const *words, struct err *e);
/* With -F, reads the expression from the file. 0, or -errno with *e filled. */
int options_read_filter(struct cap_options *o, struct err *e);

#endif
