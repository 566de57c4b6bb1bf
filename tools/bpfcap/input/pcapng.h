/* SPDX-License-Identifier: MIT */
/* pcapng.h - reads a pcapng file, block by block. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_PCAPNG_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_PCAPNG_H

#include "bpfcap/err.h"

#include "bytes.h"
#include "item.h"

struct pcapng_reader {
	struct bytes in;
	const char *path; /* for messages */
	bool in_section, swapped;
	bool by_bpfcap; /* the section names bpfcap as its writer */
	char *hooks;	/* the hooks of the capture, as the section names them; may be NULL */
	struct input_iface **ifaces;
	uint32_t iface_cnt;
	size_t iface_cap;
	size_t iface_len;  /* bytes of all interface blocks of the section */
	uint32_t *next_id; /* shared by all files of a run */
	uint8_t *simple;   /* a simple packet block, rewritten as a packet block */
	size_t simple_cap;
};

/*
 * 1 with an item, valid until the next call; its interface is valid until the next section begins.
 * 0 at the end. -EINVAL (input) for a file that is malformed or breaks off; -errno.
 */
int pcapng_next(struct pcapng_reader *r, struct input_item *out, struct err *e);
void pcapng_free(struct pcapng_reader *r);

#endif
