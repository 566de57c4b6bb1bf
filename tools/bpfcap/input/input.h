/* SPDX-License-Identifier: MIT */
/* input.h - a capture file, pcap or pcapng, read one item at a time. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_INPUT_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_INPUT_H

#include "pcapng.h"

struct cbpf_file;

struct input {
	const char *path;
	struct pcapng_reader ng;
	struct cbpf_file *pcap; /* NULL: a pcapng file */
	uint32_t time_unit;	/* of a pcap file that needs no libpcap (classic.h), or 0 */
	struct input_iface pcap_iface;
};

/*
 * Opens a file, "-" for standard input. *next_id counts the interfaces of all files of a run.
 * `path` must outlive the input, and the input must not move. -EINVAL (input) for another kind of
 * file.
 */
int input_open(struct input *in, const char *path, uint32_t *next_id, struct err *e);
/* 1 with an item, valid until the next call; 0 at the end; -errno. */
int input_next(struct input *in, struct input_item *out, struct err *e);
void input_close(struct input *in);

#endif
