/* SPDX-License-Identifier: MIT */
/* filter.h - an expression, compiled for each kind of interface that files have. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_FILTER_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_FILTER_H

#include "bpfcap/cbpf.h"

#include "item.h"

struct filter_kind;

struct filters {
	const char *expr;    /* NULL: everything */
	const char *through; /* what carries packets that are filtered, too; NULL: they are not */
	bool inner_only;     /* only they are */
	struct cbpf2ebpf_walk *walk; /* for them, from the first interface on */
	struct filter_kind *kinds;
	size_t cnt, cap, last;
	const struct input_iface *last_iface; /* its kind is the last one; NULL: none */
};

/*
 * Compiles the expression for an interface of the file `path`. -EINVAL (input) with libpcap's
 * reason, as tcpdump fails. An expression that has a meaning only for Ethernet is accepted for the
 * other interfaces of a pcapng file, and matches none of their packets; filters_check() reports an
 * error if it has no meaning for any interface.
 */
int filters_add(struct filters *f, const struct input_iface *iface, const char *path,
		struct err *e);
int filters_check(const struct filters *f, struct err *e);
/* Whether a packet of an interface that was added matches, or one inside: sets it->ev.inner_*. */
bool filters_match(struct filters *f, struct input_item *it);
void filters_free(struct filters *f);

#endif
