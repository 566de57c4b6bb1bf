/* SPDX-License-Identifier: MIT */
/* names.c - a hash table from names in the text to labels, constants and maps. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash(struct word w)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	for (size_t i = 0; i < w.len; i++)
		h = (h ^ (unsigned char)w.p[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The entry of the name, or the free entry where it belongs; max > cnt. */
static struct name *place_of(const struct names *t, struct word w)
{
	size_t i = (size_t)hash(w) & (t->max - 1);

	while (t->slots[i].word.p &&
	       (t->slots[i].word.len != w.len || memcmp(t->slots[i].word.p, w.p, w.len) != 0))
		i = (i + 1) & (t->max - 1);
	return &t->slots[i];
}

struct name *ebpf_names_find(const struct names *t, struct word word)
{
	struct name *n = t->max ? place_of(t, word) : NULL;

	return n && n->word.p ? n : NULL;
}

static bool rehash(struct names *t)
{
	struct names bigger = {.cnt = t->cnt, .max = t->max ? t->max * 2 : 64};

	bigger.slots = calloc(bigger.max, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < t->max; i++)
		if (t->slots[i].word.p)
			*place_of(&bigger, t->slots[i].word) = t->slots[i];
	free(t->slots);
	*t = bigger;
	return true;
}

struct name *ebpf_names_add(struct names *t, struct word word)
{
	struct name *n;

	if (t->cnt * 2 >= t->max && !rehash(t))
		return NULL;
	n = place_of(t, word);
	n->word = word;
	t->cnt++;
	return n;
}

void ebpf_names_free(struct names *t)
{
	free(t->slots);
	*t = (struct names){0};
}
