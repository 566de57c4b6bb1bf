/* SPDX-License-Identifier: MIT */
/* iface.h - an interface block of pcapng, read; and the text in options of our own. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_IFACE_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_IFACE_H

#include "item.h"

/* malloc'ed, with a copy of the block; NULL without memory. */
struct input_iface *iface_read(const uint8_t *block, uint32_t len);
void iface_free(struct input_iface *f);

/* The time of a packet; the nearest that its type can hold. */
struct probe_time iface_time(const struct input_iface *f, uint64_t units);

/* Text of lines "name: value", not terminated. */
struct ng_text {
	const char *p;
	uint32_t len;
};

/* Whether this is our custom option; *text: what follows its tag. */
bool ng_is_ours(const struct ng_option *o, struct ng_text *text);
/* The value of a line, malloc'ed; NULL if there is none (or no memory). */
char *ng_line(const struct ng_text *text, const char *name);
/* Removes the first line of the text: its name (up to ": ") and value; false at the end. */
bool ng_line_next(struct ng_text *text, struct ng_text *name, struct ng_text *value);
bool ng_text_is(const struct ng_text *t, const char *s);
uint64_t ng_text_number(const struct ng_text *t); /* leading digits; 0: none */

#endif
