/* SPDX-License-Identifier: MIT */
/*
 * usdt.c - finds USDT probes in the notes of files (.note.stapsdt).
 *
 * A note holds the probe's address, the address of a section (.stapsdt.base) when the note was
 * written, which prelinking may have changed since, the address of the semaphore, and three texts.
 * The file may be hostile: each length is checked. Fails with -EINVAL (input) and -ENOMEM.
 */
#include "usdt.h"

#include <elf.h>
#include <errno.h>
#include <fnmatch.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "../../util.h"
#include "../tls/elf.h"

enum { NOTE_STAPSDT = 3 };

struct usdt_search {
	struct uprobe_functions *out;
	const char *provider, *name;
	unsigned object;
	bool failed; /* no memory */
};

/* A note as it is in the file. */
struct usdt_note {
	ElfW(Addr) at, base, semaphore;
	const char *provider, *name, *args;
};

/* The next text of the note; NULL: it has no end. */
static const char *next_text(const uint8_t **p, const uint8_t *end)
{
	const char *text = (const char *)*p;
	const uint8_t *nul = memchr(*p, '\0', (size_t)(end - *p));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return text;
}

static bool read_note(struct usdt_note *n, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;
	const size_t head = offsetof(struct usdt_note, provider);

	if (len < head)
		return false;
	memcpy(n, p, head);
	p += head;
	n->provider = next_text(&p, end);
	n->name = n->provider ? next_text(&p, end) : NULL;
	n->args = n->name ? next_text(&p, end) : NULL;
	return n->args != NULL;
}

static void take(struct usdt_search *s, const struct tls_elf *f, const struct usdt_note *n)
{
	struct uprobe_function place = {.object = s->object}, *all;
	struct tls_section base;
	uint64_t moved = 0;

	if ((*s->provider && strcmp(s->provider, n->provider) != 0) ||
	    fnmatch(s->name, n->name, 0) != 0)
		return;
	if (probe_tls_elf_section(f, ".stapsdt.base", &base))
		moved = base.addr - n->base;
	if (probe_tls_elf_offset(f, n->at + moved, &place.offset) != 0 ||
	    (n->semaphore &&
	     probe_tls_elf_data_offset(f, n->semaphore + moved, &place.semaphore) != 0))
		return;
	all = grow(s->out->function, &s->out->cap, s->out->cnt + 1, sizeof(*all));
	if (all) {
		s->out->function = all;
		place.name = strdup(n->name);
		place.args = strdup(n->args);
		all[s->out->cnt++] = place;
	}
	s->failed |= !all || !place.name || !place.args;
}

static void search_notes(struct usdt_search *s, const struct tls_elf *f,
			 const struct tls_section *notes)
{
	static const char owner[] = "stapsdt";
	const uint8_t *p = notes->p;
	size_t len = notes->len;

	while (len >= sizeof(ElfW(Nhdr)) && !s->failed) {
		ElfW(Nhdr) head;
		struct usdt_note n;
		uint64_t name, all;

		memcpy(&head, p, sizeof(head));
		name = sizeof(head) + (((uint64_t)head.n_namesz + 3) & ~3ULL);
		all = name + (((uint64_t)head.n_descsz + 3) & ~3ULL);
		if (all > len)
			return;
		if (head.n_type == NOTE_STAPSDT && head.n_namesz == sizeof(owner) &&
		    memcmp(p + sizeof(head), owner, sizeof(owner)) == 0 &&
		    read_note(&n, p + name, head.n_descsz))
			take(s, f, &n);
		p += all;
		len -= (size_t)all;
	}
}

static void search_object(struct usdt_search *s, int fd)
{
	struct tls_section notes;
	struct tls_elf f;

	if (probe_tls_elf_open(&f, fd, NULL) < 0)
		return;
	if (probe_tls_elf_section(&f, ".note.stapsdt", &notes))
		search_notes(s, &f, &notes);
	probe_tls_elf_close(&f);
}

static int by_name_and_args(const void *x, const void *y)
{
	const struct uprobe_function *a = x, *b = y;
	int order = strcmp(a->name, b->name);

	return order ? order : strcmp(a->args, b->args);
}

int probe_usdt_places(struct uprobe_functions *out, const struct uprobe_objects *o,
		      const char *provider, const char *name, const char *spec, struct err *e)
{
	struct usdt_search s = {.out = out, .provider = provider, .name = name};
	int rc = 0;

	*out = (struct uprobe_functions){0};
	for (s.object = 0; s.object < o->cnt; s.object++)
		search_object(&s, o->object[s.object].fd);
	if (s.failed)
		rc = err_run(e, -ENOMEM, "hook", "no memory for the list of probes");
	else if (out->cnt == 0)
		rc = err_input(
			e, -EINVAL, "hook",
			"%s: there is no USDT probe of that name; readelf -n FILE lists those "
			"of a file (owner stapsdt)",
			spec);
	if (rc < 0)
		probe_uprobe_functions_free(out);
	else
		qsort(out->function, out->cnt, sizeof(*out->function), by_name_and_args);
	return rc;
}
