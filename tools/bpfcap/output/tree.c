/* SPDX-License-Identifier: MIT */
/*
 * tree.c - --gather in text: takes a packet at one hook after the other, gives a tree of its hooks
 * with the time since the first. Trees are a queue in the order in which packets were first seen;
 * without memory a packet is not held back.
 *
 *	12:00:00.000000 IP 10.0.0.1 > 10.0.0.2: ICMP echo request, id 1, seq 1, length 64
 *	|-      0.000 us  veth0 tx
 *	`-     12.345 us  veth1 rx
 */
#include "tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	TREES_MAX = 1 << 16, /* as many packets as --gather follows */
	IS_PACKET = 'p',
	IS_TEXT = 't',
};

struct tree {
	char *line;	      /* the packet as it looked at the latest hook */
	struct text head;     /* the first line */
	struct text branches; /* each: its kind, then its text, then NUL */
};

struct trees {
	struct tree ring[TREES_MAX];
	uint64_t first; /* the number of the oldest packet */
	uint64_t cnt;
	size_t byte_cnt;
};

struct trees *trees_new(void)
{
	return calloc(1, sizeof(struct trees));
}

static struct tree *slot(struct trees *t, uint64_t packet)
{
	return &t->ring[packet % TREES_MAX];
}

static size_t size_of(const struct tree *tree)
{
	return tree->head.cap + tree->branches.cap;
}

static void clear(struct tree *tree)
{
	free(tree->line);
	text_free(&tree->head);
	text_free(&tree->branches);
	*tree = (struct tree){0};
}

void trees_free(struct trees *t)
{
	if (!t)
		return;
	for (uint64_t i = 0; i < t->cnt; i++)
		clear(slot(t, t->first + i));
	free(t);
}

static bool has(const struct trees *t, uint64_t packet)
{
	return packet - t->first < t->cnt;
}

/* Makes place for a number; those skipped stay empty. False: it is too old, or too far ahead. */
static bool extend(struct trees *t, uint64_t packet)
{
	if (!t->cnt)
		t->first = packet;
	if (packet - t->first >= TREES_MAX)
		return false;
	if (packet - t->first >= t->cnt)
		t->cnt = packet - t->first + 1;
	return true;
}

static bool add(struct trees *t, struct tree *tree, char kind, const char *text)
{
	size_t before = size_of(tree), len = tree->branches.len;

	text_bytes(&tree->branches, &kind, 1);
	text_bytes(&tree->branches, text, strlen(text) + 1);
	if (tree->branches.failed)
		tree->branches.len = len;
	t->byte_cnt += size_of(tree) - before;
	return !tree->branches.failed;
}

/* The packet's line, if the hook before printed another one. False: out of memory. */
static bool remember(struct tree *tree, const char *line, bool *changed)
{
	char *copy;

	*changed = !tree->line || strcmp(tree->line, line) != 0;
	copy = *changed ? strdup(line) : NULL;
	if (!copy)
		return !*changed;
	free(tree->line);
	tree->line = copy;
	return true;
}

bool trees_packet(struct trees *t, const struct tree_part *part)
{
	struct text branch = {0};
	struct tree *tree;
	bool changed, is_first, ok;

	if (!extend(t, part->packet))
		return false;
	tree = slot(t, part->packet);
	is_first = !tree->line;
	if (!remember(tree, part->line, &changed))
		return false;
	if (is_first)
		text_printf(&tree->head, "%s%s\n", part->before, part->line);
	text_printf(&branch, "%7" PRIu64 ".%03u us  %s%s%s", part->since_ns / 1000,
		    (unsigned)(part->since_ns % 1000), part->where,
		    changed && !is_first ? part->line : "", part->after);
	ok = !branch.failed && !tree->head.failed && add(t, tree, IS_PACKET, branch.p);
	t->byte_cnt += is_first ? tree->head.cap : 0;
	text_free(&branch);
	return ok;
}

bool trees_text(struct trees *t, uint64_t packet, const char *text)
{
	return has(t, packet) && slot(t, packet)->line && add(t, slot(t, packet), IS_TEXT, text);
}

bool trees_due(const struct trees *t, uint64_t before)
{
	return t->cnt && (t->first < before || t->byte_cnt > TREE_BYTES_MAX);
}

void trees_print(struct trees *t, struct text *scratch, tree_fn fn, void *user)
{
	struct tree *tree = slot(t, t->first);
	const struct text *b = &tree->branches;

	text_clear(scratch);
	text_put(scratch, text_str(&tree->head));
	for (size_t at = 0, len; at < b->len; at += len + 2) {
		len = strlen(b->p + at + 1);
		text_put(scratch, at + len + 2 == b->len ? "`- " : "|- ");
		text_bytes(scratch, b->p + at + 1, len - (b->p[at + len] == ' '));
		text_put(scratch, "\n");
		fn(user, scratch, b->p[at] == IS_PACKET);
		text_clear(scratch);
	}
	t->byte_cnt -= size_of(tree);
	clear(tree);
	t->first++;
	t->cnt--;
}
