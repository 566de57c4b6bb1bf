/* SPDX-License-Identifier: MIT */
/* tp_format.h - the `format` file of a tracepoint: fields, and names of numbers. */
#ifndef BPFCAP_SRC_PROBES_TP_FORMAT_H
#define BPFCAP_SRC_PROBES_TP_FORMAT_H

#include <stddef.h>
#include <stdint.h>

struct tp_field {
	uint32_t off; /* in the event's record, which is the context of a tracepoint program */
	uint32_t len; /* bytes */
};

/* Finds field `name` in the text of a format file. 0 or -ENOENT. */
int probe_tp_field(const char *text, const char *name, struct tp_field *field);

/* Numbers that print fmt shows as names: `{ 2, "NOT_SPECIFIED" }`. Sorted by number. */
struct tp_name {
	uint32_t number;
	const char *name; /* in `text` */
};

struct tp_names {
	char *text; /* the names, NUL-terminated one by one */
	struct tp_name *name;
	size_t cnt;
};

/*
 * Collects the names that print fmt gives to field `field` with __print_symbolic(); there may be
 * none. Returns 0 or -ENOMEM. Free with probe_tp_names_free().
 */
int probe_tp_names(const char *text, const char *field, struct tp_names *names);
/* NULL: unknown. */
const char *probe_tp_name(const struct tp_names *names, uint32_t number);
void probe_tp_names_free(struct tp_names *names);

#endif
