/* SPDX-License-Identifier: MIT */
/* packet.h - a packet as the sinks receive it, and names for the numbers of an event. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_PACKET_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_PACKET_H

#include "bpfcap/probe.h"

#include "../../common/text.h"

#include "../gather/gather.h"
#include "../input/saved.h"
#include "netns.h"

/* A live packet has a session that knows the names; a packet of a file has the saved ones. */
struct packet {
	const struct probe_event *ev;
	struct probe *probe;		/* live */
	const struct gather_note *note; /* NULL without --gather */
	const char *first_hook;		/* the name of the note's hook */
	const struct input_item *item;	/* from a file */
	const struct saved *saved;	/* from a file; NULL: no names are needed */
	bool one_netns; /* --remote: all packets of its machine are of one namespace so far */
};

const char *packet_hook(const struct packet *pk); /* NULL: none */
const char *packet_dir(const struct packet *pk);  /* "In", "Out"; NULL: unknown */
bool packet_has_iface(const struct packet *pk);
bool packet_has_cpu(const struct packet *pk);

/* Each appends one name, safe for a terminal; nothing if the event does not have it. */
void packet_put_iface(struct text *t, const struct packet *pk); /* "eth0", "if7" */
/* "blue", or the inode of the network namespace; nothing if it is unknown. */
void packet_put_netns(struct text *t, const struct packet *pk, struct netns_names *names);
void packet_put_reason(struct text *t, const struct packet *pk);
void packet_put_location(struct text *t, const struct packet *pk);
void packet_put_made(struct text *t, const struct packet *pk);	     /* "the first 34 bytes" */
void packet_put_inside(struct text *t, const struct packet *pk);     /* "layer 2, IP at byte 50" */
void packet_put_call(struct text *t, const struct packet *pk);	     /* --call: "00ff" */
void packet_put_since(struct text *t, const struct packet *pk);	     /* --gather */
void packet_put_comm(struct text *t, const struct packet *pk);	     /* "ping" */
void packet_put_owner_comm(struct text *t, const struct packet *pk); /* --owner: "nc" */
void packet_put_process(struct text *t, const struct packet *pk);    /* "ping 1234" */
void packet_put_owner(struct text *t, const struct packet *pk);	     /* --owner: "nc 1234" */
void packet_put_frame(struct text *t, const struct packet *pk, unsigned i); /* of the stack */

#endif
