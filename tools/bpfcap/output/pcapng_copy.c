/* SPDX-License-Identifier: MIT */
/*
 * pcapng_copy.c - -r A -w B: takes blocks of a pcapng file, writes them unchanged except for the
 * numbers of interfaces. Unknown blocks are copied, too, so that nothing is lost.
 */
#include "pcapng.h"

#include <string.h>

#include "../../../src/util.h"

/* Writes a block unchanged except for the number of its interface, at byte 8. */
static void copy(struct sink *s, const uint8_t *block, uint32_t len, const uint32_t *number)
{
	struct text *t = &s->record;

	text_clear(t);
	text_bytes(t, block, len);
	if (number && !t->failed)
		memcpy(t->p + 8, number, sizeof(*number));
	out_record(s->out, t);
}

/* The place of the number that an interface of the input has here; NULL without memory. */
static uint32_t *number_of(struct pcapng_state *state, uint32_t id)
{
	uint32_t *all = grow(state->numbers, &state->number_cap, (size_t)id + 1, sizeof(*all));

	if (!all)
		return NULL;
	state->numbers = all;
	for (; state->number_cnt <= id; state->number_cnt++)
		all[state->number_cnt] = 0;
	return &all[id];
}

/* The number of the packet's interface; its block is written first if it is not in this file. */
static struct pcapng_iface *find_copied(struct sink *s, const struct input_iface *f)
{
	struct pcapng_state *state = s->state;
	uint32_t *number = number_of(state, f->id);
	struct pcapng_iface *to;

	if (number && *number)
		return &state->ifaces[*number - 1];
	to = number ? pcapng_add_iface(state, &(struct pcapng_iface){.copied = true}) : NULL;
	if (!to) {
		pcapng_no_memory(s);
		return NULL;
	}
	*number = state->iface_cnt;
	copy(s, f->block, f->block_len, NULL);
	return to;
}

/* A section has a length; in the copy it is unknown, since packets may be left out. */
static void keep_section(struct pcapng_state *state, const struct input_item *it)
{
	const uint64_t unknown_len = UINT64_MAX;

	text_clear(&state->section);
	text_bytes(&state->section, it->block, it->block_len);
	if (!state->section.failed)
		memcpy(state->section.p + 16, &unknown_len, sizeof(unknown_len));
}

bool pcapng_copy_section(struct sink *s)
{
	struct pcapng_state *state = s->state;

	if (!state->section.len)
		return false;
	state->iface_cnt = 0;
	state->number_cnt = 0;
	out_record(s->out, &state->section);
	return true;
}

void pcapng_copy(struct sink *s, const struct input_item *it)
{
	struct pcapng_state *state = s->state;
	struct pcapng_iface *f = NULL;
	uint32_t number;

	if (it->kind == INPUT_SECTION) {
		keep_section(state, it);
		(void)pcapng_copy_section(s);
		return;
	}
	if (it->iface) {
		f = find_copied(s, it->iface);
		if (!f)
			return;
		number = (uint32_t)(f - state->ifaces);
	}
	if (it->kind != INPUT_IFACE)
		copy(s, it->block, it->block_len, f ? &number : NULL);
}
