/* SPDX-License-Identifier: MIT */
/* pcapng.h - what the files of the pcapng format share: its state, blocks and options. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_PCAPNG_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_PCAPNG_H

#include "../input/ng.h"
#include "sink.h"

/*
 * An interface block. An index is unique only within its network namespace, and a name can change,
 * so that all of this tells one interface from another; the hook is in its description.
 */
struct pcapng_iface {
	uint32_t netns, ifindex;
	int linktype;
	const char *hook; /* of the session; NULL: none */
	char name[16];
	bool copied; /* from the file that is read, with its statistics */
	uint64_t packet_cnt;
};

/* The words about a packet, as finished options except for the time. */
struct pcapng_words {
	struct text text;    /* comment, then our custom option; empty: neither */
	size_t ours;	     /* where the custom option begins */
	size_t ours_len;     /* of its value; the time follows it, if there is one */
	struct text verdict; /* the option; empty: none */
	bool failed;	     /* no memory */
};

struct kept_words;

struct pcapng_state {
	struct pcapng_iface
		*ifaces; /* in the order of their blocks: the index is the interface's number */
	uint32_t iface_cnt;
	size_t iface_cap;
	uint32_t iface_last; /* the number of the last packet's */
	uint32_t *numbers;   /* for each id of struct input_iface: its number + 1 here; 0: none */
	size_t number_cnt, number_cap;
	uint64_t first_ns, last_ns;
	struct text scratch;	   /* names and comments */
	struct pcapng_words words; /* of a packet that does not share them */
	struct kept_words *kept;   /* of others; NULL: none yet */
	struct text
		section; /* the section block that is copied, for the next files of a rotation */
};

void pcapng_block_begin(struct sink *s, uint32_t type);
void pcapng_block_end(struct sink *s);
/* Marks the output as failed: out of memory. */
void pcapng_no_memory(struct sink *s);
/* A new interface; NULL without memory. */
struct pcapng_iface *pcapng_add_iface(struct pcapng_state *state, const struct pcapng_iface *like);

/* ---- pcapng_options.c ------------------------------------------------------------------------ */

void pcapng_u16(struct text *t, unsigned v);
void pcapng_u32(struct text *t, uint32_t v);
/* `bytes`, padded to a multiple of 4. */
void pcapng_padded(struct text *t, const void *bytes, size_t n);
void pcapng_option(struct text *t, unsigned code, const void *value, size_t n);
/* Our custom option with these lines; see docs/pcapng.md. */
void pcapng_option_ours(struct text *t, const char *lines, size_t n);

/* ---- pcapng_words.c, pcapng_packet.c --------------------------------------------------------- */

/* The words of a packet, valid until the next call. */
const struct pcapng_words *pcapng_words(struct pcapng_state *state, const struct packet *pk);
void pcapng_words_free(struct pcapng_state *state);

/* Writes the block of a packet of interface number `iface`. */
void pcapng_packet(struct sink *s, uint32_t iface, const struct packet *pk);

/* ---- pcapng_copy.c --------------------------------------------------------------------------- */

/* Copies a block of a pcapng file, a packet's included. */
void pcapng_copy(struct sink *s, const struct input_item *it);
/* Writes the section block of the file that is read again; false: there is none. */
bool pcapng_copy_section(struct sink *s);

#endif
