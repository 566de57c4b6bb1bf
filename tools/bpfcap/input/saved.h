/* SPDX-License-Identifier: MIT */
/* saved.h - what a file says about a packet in words: hook, reason, function, process, stack ... */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_SAVED_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_SAVED_H

#include <stddef.h>

#include "bpfcap/call.h"

#include "item.h"

/* NULL: not in the file. The strings are printable UTF-8, and valid until the next saved_read(). */
struct saved {
	const char *iface, *hook, *reason, *location;
	const char *process, *owner; /* "ping 1234" */
	const char *first_hook;	     /* --gather: where the packet was seen first ... */
	uint64_t since_ns;	     /* ... and how long before */
	bool has_cpu;
	uint8_t call[PROBE_CALL_OUT_LEN];
	const char *frames[PROBE_STACK_DEPTH];

	char *text; /* the strings; kept for its memory */
	size_t len, cap;
};

/*
 * Reads the words of a packet from our custom option or, with `comments`, from the comment of a
 * version without that option; completes `ev`. 0 or -ENOMEM.
 */
int saved_read(struct saved *s, const struct input_item *it, bool comments, struct probe_event *ev);
void saved_free(struct saved *s);

#endif
