/* SPDX-License-Identifier: MIT */
/*
 * image.c - turns struct kbpf_elf into the bytes of a file: header, sections, section table. Fails
 * with -ENOMEM.
 */
#include "elf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t align_up(uint64_t pos, uint64_t align)
{
	return align > 1 ? (pos + align - 1) & ~(align - 1) : pos;
}

static int by_offset(const void *a, const void *b)
{
	const struct elf_section *x = *(struct elf_section *const *)a;
	const struct elf_section *y = *(struct elf_section *const *)b;

	if (x->h.sh_offset != y->h.sh_offset)
		return x->h.sh_offset < y->h.sh_offset ? -1 : 1;
	return x < y ? -1 : x > y;
}

/*
 * Places every section after the header, in the original order; so an unchanged object becomes the
 * original file. *end is the place of the section table.
 */
static int lay_out(const struct kbpf_elf *k, uint64_t *end)
{
	struct elf_section **order = calloc(k->sec_cnt, sizeof(struct elf_section *));
	uint64_t pos = sizeof(Elf64_Ehdr);

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < k->sec_cnt; i++)
		order[i] = &k->sec[i];
	qsort(order + 1, k->sec_cnt - 1, sizeof(struct elf_section *), by_offset);
	for (size_t i = 1; i < k->sec_cnt; i++) {
		pos = align_up(pos, order[i]->h.sh_addralign);
		order[i]->h.sh_offset = pos;
		if (order[i]->data)
			pos += order[i]->h.sh_size;
	}
	free(order);
	*end = align_up(pos, sizeof(uint64_t));
	return 0;
}

/* Writes header, sections and section table to `out`, which holds zeros. */
static void fill_image(const struct kbpf_elf *k, const Elf64_Ehdr *eh, uint8_t *out)
{
	memcpy(out, eh, sizeof(*eh));
	for (size_t i = 0; i < k->sec_cnt; i++) {
		const struct elf_section *s = &k->sec[i];

		if (s->data)
			memcpy(out + s->h.sh_offset, s->data, elf_size(s));
		memcpy(out + eh->e_shoff + i * sizeof(s->h), &s->h, sizeof(s->h));
	}
}

int kbpf_elf_image(const struct kbpf_elf *k, uint8_t **image, size_t *image_len, struct err *e)
{
	Elf64_Ehdr eh = k->eh;

	if (lay_out(k, &eh.e_shoff))
		return err_run(e, -ENOMEM, "object", "no memory for the order of sections");
	*image_len = (size_t)eh.e_shoff + k->sec_cnt * sizeof(Elf64_Shdr);
	*image = calloc(1, *image_len);
	if (!*image)
		return err_run(e, -ENOMEM, "object", "no memory for an object of %zu bytes",
			       *image_len);
	fill_image(k, &eh, *image);
	return 0;
}
