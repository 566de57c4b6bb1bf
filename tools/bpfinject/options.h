/* SPDX-License-Identifier: MIT */
/* options.h - the command line of bpfinject. */
#ifndef BPFCAP_TOOLS_BPFINJECT_OPTIONS_H
#define BPFCAP_TOOLS_BPFINJECT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "bpfcap/err.h"

/* The settings of one place; NULL: not specified. */
struct settings {
	const char *expr;
	const char *linktype;
	const char *access;
	const char *type;
	const char *miss;
	const char *through;
	bool inner_only;
	bool reject_all;
	bool vlan_tag;
};

/* A place: the stub (--at) or program (--entry) with that name. */
struct inject_place {
	const char *name;
	bool entry;
	struct settings set;
};

struct inject_options {
	const char *in, *out;
	const char *kernel;
	struct settings defaults;
	struct inject_place *places; /* malloc'ed */
	size_t place_cnt, place_cap;
	bool list, help, version;
};

/* Returns 0, or -errno with *e filled. */
int options_parse(struct inject_options *o, int argc, char **argv, struct err *e);
void options_free(struct inject_options *o);
void options_help(void);

#endif
