/* SPDX-License-Identifier: MIT */
/* opt.h - a command line by one table: what getopt_long wants, and what --help and man show. */
#ifndef BPFCAP_TOOLS_COMMON_OPT_H
#define BPFCAP_TOOLS_COMMON_OPT_H

#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

struct text;

enum opt_kind {
	OPT_FLAG,   /* bool */
	OPT_COUNT,  /* int: how often it was given */
	OPT_STRING, /* const char * */
	OPT_NUMBER, /* uint64_t of at least `min` */
	OPT_OWN,    /* and further: the command's own, see opt_own */
};

struct opt_row {
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* NULL: takes none */
	int kind;	 /* enum opt_kind */
	size_t off;	 /* of the value in the command's structure */
	uint64_t min;
	const char *text;
};

struct opt_table {
	const struct opt_row *rows;
	size_t cnt;
};

/* Takes an option of kind OPT_OWN or further. 0, or -errno with *e filled. */
typedef int (*opt_own)(void *values, const struct opt_row *row, char *arg, struct err *e);

/*
 * Reads the options into `values`; *words is set to the words behind them, NULL-terminated in
 * argv. Options and words may be mixed. -EINVAL (input) with the option that is wrong.
 */
int opt_parse(const struct opt_table *t, int argc, char **argv, void *values, opt_own own,
	      char ***words, struct err *e);

/* Appends the options: for a terminal, or as man(7) macros. */
void opt_help(const struct opt_table *t, struct text *out);
void opt_man(const struct opt_table *t, struct text *out);

#endif
