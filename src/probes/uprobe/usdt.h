/* SPDX-License-Identifier: MIT */
/*
 * usdt.h - USDT probes: places that a program's author has marked, with notes (stapsdt) that say
 * where the arguments are.
 */
#ifndef BPFCAP_SRC_PROBES_UPROBE_USDT_H
#define BPFCAP_SRC_PROBES_UPROBE_USDT_H

#include "uprobe.h"

/* ---- usdt.c --------------------------------------------------------------------------------- */

/*
 * Finds the places of the probes that `name`, which may be a glob, and `provider` ("": any) match.
 * Each gets the text of its arguments and its semaphore. Sorted: places with the same name and
 * arguments follow one another. -EINVAL (input) if there is none; -ENOMEM.
 */
int probe_usdt_places(struct uprobe_functions *out, const struct uprobe_objects *o,
		      const char *provider, const char *name, const char *spec, struct err *e);

/* ---- usdt_args.c ---------------------------------------------------------------------------- */

enum usdt_kind { USDT_CONSTANT, USDT_REGISTER, USDT_MEMORY };

struct usdt_arg {
	enum usdt_kind kind;
	unsigned len; /* 1, 2, 4 or 8 bytes */
	bool is_signed;
	int base, index; /* registers, as offsets in struct pt_regs; -1: none */
	unsigned scale;	 /* of the index */
	int64_t value;	 /* the constant, or what is added to the address */
};

/*
 * Reads argument `n` (from 0) of "-4@%eax 8@-16(%rbp) 4@$5", as assemblers of this machine (NULL:
 * the running one) write places. False: there is no such argument, or it is in no place that a
 * program can read.
 */
bool probe_usdt_arg(struct usdt_arg *a, const char *machine, const char *args, unsigned n);

#endif
