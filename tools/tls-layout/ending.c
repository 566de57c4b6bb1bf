/* SPDX-License-Identifier: MIT */
/*
 * ending.c - finds the function that calls back at the end of a handshake, from the address to
 * which the callback returns.
 *
 * Inner functions have no symbols in a library. The table with which exceptions unwind the stack
 * (.eh_frame_hdr) lists where each function begins. It may hold anything, but is read in the
 * sandbox, and the function found has to prove right.
 */
#include "ending.h"

#include <link.h>
#include <stddef.h>
#include <string.h>

/* The encodings that all linkers write: 4 bytes, relative to the field or to the table. */
static const uint8_t encodings[] = {1, 0x1b, 0x03, 0x3b};

struct table {
	uint8_t encoding[sizeof(encodings)];
	int32_t frames;
	uint32_t cnt;
	struct {
		int32_t begin, frame;
	} function[]; /* in ascending order */
};

static uintptr_t begin_in(const struct table *t, size_t len, uintptr_t addr)
{
	uintptr_t begin = 0;

	if (len < sizeof(*t) || memcmp(t->encoding, encodings, sizeof(encodings)) != 0 ||
	    t->cnt > (len - sizeof(*t)) / sizeof(t->function[0]))
		return 0;
	for (uint32_t i = 0; i < t->cnt; i++) {
		uintptr_t at = (uintptr_t)t + (uintptr_t)(intptr_t)t->function[i].begin;

		if (at > addr)
			break;
		begin = at;
	}
	return begin;
}

struct begin_search {
	uintptr_t addr, begin;
};

static int on_object(struct dl_phdr_info *info, size_t size, void *user)
{
	struct begin_search *s = user;
	const ElfW(Phdr) *table = NULL;
	int mine = 0;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		mine |= ph->p_type == PT_LOAD && s->addr - info->dlpi_addr >= ph->p_vaddr &&
			s->addr - info->dlpi_addr - ph->p_vaddr < ph->p_memsz;
		if (ph->p_type == PT_GNU_EH_FRAME)
			table = ph;
	}
	if (mine && table)
		s->begin = begin_in((const struct table *)(info->dlpi_addr + table->p_vaddr),
				    table->p_memsz, s->addr);
	return mine;
}

void ending_note(struct ending *x, uintptr_t return_addr)
{
	struct begin_search s = {.addr = return_addr - 1}; /* in the call */
	uintptr_t function;

	(void)dl_iterate_phdr(on_object, &s);
	function = s.begin ? trap_best(s.begin) : 0;
	if (!function || (x->function && x->function != function))
		x->is_unclear = true;
	x->function = function;
}
