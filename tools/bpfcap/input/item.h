/* SPDX-License-Identifier: MIT */
/* item.h - what a capture file holds, one item at a time: packets, interfaces and other blocks. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_ITEM_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_ITEM_H

#include <string.h>

#include "bpfcap/probe.h"

#include "ng.h"

/* An interface of a file; a classic pcap file has one without a name. */
struct input_iface {
	uint32_t id;	/* no other interface of this run has it */
	int linktype;	/* LINKTYPE number */
	unsigned upper; /* the other bits of a pcap file's link type (length of the FCS) */
	bool swapped;	/* written by a machine of the other byte order */
	bool from_pcap;
	uint32_t snap_len;		/* 0: unlimited */
	char *name, *hook, *netns_name; /* NULL: not in the file */
	char *host;			/* the machine, of --remote; NULL: this one */
	uint32_t ifindex, netns;

	/* times: units of 1/units s; 0: of 10^-shift s; with units and shift: of 2^-shift s */
	unsigned shift;
	uint64_t units;
	int64_t offset_s;

	uint8_t *block; /* pcapng: the interface block, in host byte order */
	uint32_t block_len;
};

enum input_kind {
	INPUT_PACKET,
	INPUT_SECTION,	  /* a section of a pcapng file begins */
	INPUT_IFACE,	  /* an interface block */
	INPUT_STATISTICS, /* a statistics block of `iface` */
	INPUT_OTHER,	  /* a block that belongs to no interface: names, secrets, custom ... */
};

struct input_item {
	enum input_kind kind;
	const struct input_iface *iface; /* of a packet, an interface or statistics */
	const uint8_t *block;		 /* pcapng: the whole block, in host byte order */
	uint32_t block_len;
	struct ng_options options; /* of a packet */
	struct probe_event ev;	   /* a packet: time, lengths, bytes, direction, interface */
};

/* A call on purpose: what the compiler emits for memset() here takes 30 ns a packet. */
static inline void input_item_clear(struct input_item *it)
{
	explicit_bzero(it, sizeof(*it));
}

#endif
