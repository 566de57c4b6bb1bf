/* SPDX-License-Identifier: MIT */
/* packet.h - a packet as the sinks receive it, and names for the numbers of an event. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_PACKET_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_PACKET_H

#include "bpfcap/probe.h"

#include "../../common/text.h"

#include "../gather/gather.h"

struct packet {
	const struct probe_event *ev;
	struct probe *probe;		/* NULL: read from a file */
	const struct gather_note *note; /* NULL without --gather */
};

const char *packet_hook(const struct packet *pk); /* NULL: none */
const char *packet_dir(const struct packet *pk);  /* "In", "Out"; NULL: unknown */

/* Each appends one name, safe for a terminal; nothing if the event does not have it. */
void packet_put_iface(struct text *t, const struct packet *pk); /* "eth0", "if7" */
void packet_put_reason(struct text *t, const struct packet *pk);
void packet_put_location(struct text *t, const struct packet *pk);
void packet_put_made(struct text *t, const struct packet *pk);	  /* "the first 34 bytes" */
void packet_put_since(struct text *t, const struct packet *pk);	  /* --gather */
void packet_put_process(struct text *t, const struct packet *pk); /* "ping 1234" */
void packet_put_owner(struct text *t, const struct packet *pk);	  /* --owner: "nc 1234" */
void packet_put_symbol(struct text *t, const struct packet *pk, uint64_t addr);

#endif
