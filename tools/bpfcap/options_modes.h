/* SPDX-License-Identifier: MIT */
/* options_modes.h - the modes of a run, for the table of options. */
#ifndef BPFCAP_TOOLS_BPFCAP_OPTIONS_MODES_H
#define BPFCAP_TOOLS_BPFCAP_OPTIONS_MODES_H

#include "../common/opt.h"
#include "options.h"

/* What a run does. Each option names the modes that honour it; the others refuse it. */
enum {
	LIVE = 1 << 0,	  /* capture from the kernel */
	REPLAY = 1 << 1,  /* -r */
	FILTER = 1 << 2,  /* -d, --dump=cbpf, ir or ebpf: print the filter alone */
	PROGRAM = 1 << 3, /* --dump=program or log: print the program, or the log of loading it */
	DOCTOR = 1 << 4,  /* --doctor */
	LIST = 1 << 5,	  /* -D */
	LAYOUT = 1 << 7,  /* --tls-layout LIBRARY */
	SELF = 1 << 6,	  /* --help, --man, --version: all options are accepted */
	REMOTE = 1 << 8,  /* --remote: capture on other machines */
	FAR = 1 << 9,	  /* not a mode: with --remote, the option is for the other machines */
	TOP = 1 << 10,	  /* --top: count in the kernel */
	RETOP = 1 << 11,  /* -r with --top */

	PACKETS = LIVE | REPLAY,
	TOPS = TOP | RETOP,
	CHOICE = PACKETS | TOPS, /* options that select packets */
	CODE = FILTER | PROGRAM,
	KERNEL = LIVE | TOP | PROGRAM,
	OUTPUT = PACKETS | REMOTE,
	AWAY = REMOTE | FAR,
	ALL = CHOICE | CODE | DOCTOR | LIST | LAYOUT | SELF | REMOTE,
};

/*
 * Refuses options, words and a command that have no meaning in the mode that the options select. 0
 * or -EINVAL (input).
 */
int options_check_modes(const struct cap_options *o, const struct opt_table *table,
			const struct opt_words *w, struct err *e);

#endif
