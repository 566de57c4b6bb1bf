/* SPDX-License-Identifier: MIT */
/* tree.h - --gather: the lines of one packet at several hooks, held back until they are a tree. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_TREE_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../common/text.h"

#define TREE_BYTES_MAX (64u << 20) /* of text held back; then the oldest tree is due */

struct trees;

struct trees *trees_new(void);
void trees_free(struct trees *t);

/* A packet at one hook, in texts without NUL. */
struct tree_part {
	uint64_t packet;    /* its number, as in struct gather_note */
	uint64_t since_ns;  /* since it was first seen */
	const char *before; /* the time, for the first line */
	const char *line;   /* the packet; repeated only where a hook changes it */
	const char *where;  /* interface and hook */
	const char *after;  /* more of this hook */
};

/* Starts or extends a tree. False: its tree has been printed, or there is no memory. */
bool trees_packet(struct trees *t, const struct tree_part *part);
/* Adds a branch without a packet. As trees_packet(); starts none. */
bool trees_text(struct trees *t, uint64_t packet, const char *text);

/* Whether trees_print() with this number has something to print, or too much is held. */
bool trees_due(const struct trees *t, uint64_t before);
/*
 * Gives the oldest tree's lines to `fn`, one call for each branch (the first one has the first line
 * too), and removes the tree.
 */
typedef void (*tree_fn)(void *user, const struct text *lines, bool is_packet);
void trees_print(struct trees *t, struct text *scratch, tree_fn fn, void *user);

#endif
