/* SPDX-License-Identifier: MIT */
/* packets.h - the packets that `bpfasm run` runs a program on. */
#ifndef BPFCAP_TOOLS_BPFASM_PACKETS_H
#define BPFCAP_TOOLS_BPFASM_PACKETS_H

#include "options.h"

struct input_packet {
	const uint8_t *data;
	uint32_t len;
	unsigned number; /* from 1 */
};

/* A non-zero result ends the walk and is returned. */
typedef int (*packet_fn)(void *user, const struct input_packet *p, struct err *e);

/* Calls fn for the packet of -x, each packet of the file of -r, or one of 64 zero bytes. */
int packets_each(const struct asm_options *o, packet_fn fn, void *user, struct err *e);

#endif
