/* SPDX-License-Identifier: MIT */
/* opt.h - reads a command line by a table of options, and prints the table as help. */
#ifndef BPFCAP_TOOLS_COMMON_OPT_H
#define BPFCAP_TOOLS_COMMON_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

struct text;

enum opt_kind {
	OPT_FLAG,    /* bool */
	OPT_COUNT,   /* int: the number of times it was specified */
	OPT_STRING,  /* const char * */
	OPT_FORM,    /* const char *; the argument follows "=" and may be missing: then "" */
	OPT_NUMBER,  /* uint64_t of at least `min` */
	OPT_MAYBE,   /* uint64_t like OPT_NUMBER; without an argument: `min` */
	OPT_IGNORED, /* another program's option, which changes nothing here; not in the help */
	OPT_REFUSED, /* another program's option; `text` names the substitute; not in the help */
	OPT_OWN,     /* this and higher values: kinds of the command, see opt_own */
};

struct opt_row {
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* the name of its argument; NULL: none */
	int kind;	 /* enum opt_kind */
	size_t off;	 /* of the value in the command's structure */
	uint64_t min;
	const char *text;
	unsigned modes; /* a bit for each mode of the command in which the option has a meaning */
};

/* Stores an option of kind OPT_OWN or higher. 0, or -errno with *e filled. */
typedef int (*opt_own)(void *values, const struct opt_row *row, char *arg, struct err *e);

struct opt_table {
	const struct opt_row *rows;
	size_t cnt; /* at most OPT_ROWS_MAX */
	opt_own own;
	bool command; /* the words after "--" are a command, not words like the others */
};

#define OPT_ROWS_MAX 128

struct opt_words {
	char **words;		  /* the arguments that are not options; NULL-terminated in argv */
	char **command;		  /* the words after "--"; NULL: no "--", or it ends options only */
	bool given[OPT_ROWS_MAX]; /* for each row: the option was specified */
};

/*
 * Reads the options into `values`. Options and other words may be mixed. -EINVAL (input) with the
 * option that is wrong.
 */
int opt_parse(const struct opt_table *t, int argc, char **argv, void *values, struct opt_words *w,
	      struct err *e);
/*
 * Refuses the first specified option that has no meaning in `mode` (one bit), which `because`
 * ("--doctor") selected. 0 or -EINVAL (input).
 */
int opt_check_mode(const struct opt_table *t, const struct opt_words *w, unsigned mode,
		   const char *because, struct err *e);

/* Appends the options: for a terminal, or as man(7) macros. */
void opt_help(const struct opt_table *t, struct text *out);
void opt_man(const struct opt_table *t, struct text *out);

#endif
