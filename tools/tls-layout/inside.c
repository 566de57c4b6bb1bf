/* SPDX-License-Identifier: MIT */
/* inside.c - loads the library, lets it be examined, and answers with one line of text. */
#include "inside.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exam.h"
#include "needs.h"

static void answer(int fd, const char *text)
{
	ssize_t n = write(fd, text, strlen(text));

	(void)n; /* the reader has gone: nobody is left to tell */
}

static int fail(int fd, const char *why)
{
	char line[1024];

	(void)snprintf(line, sizeof(line), INSIDE_REASON "%s\n", why);
	answer(fd, line);
	return 1;
}

struct wanted_field {
	uintptr_t addr; /* in the library */
	const struct ending *ending;
	struct probe_tls_layout *layout;
};

/* The function is taken only from the library's own file, and if what it has proved is right. */
static void take_ending(struct probe_tls_layout *l, const struct ending *ending,
			const ElfW(Phdr) * ph, uintptr_t base)
{
	const uintptr_t at = ending->function - base - ph->p_vaddr;

	if (!ending->function || ending->is_unclear || ph->p_type != PT_LOAD ||
	    !(ph->p_flags & PF_X) || at >= ph->p_filesz ||
	    ph->p_filesz - at < sizeof(l->handshake_end.code))
		return;
	l->handshake_end.off = ph->p_offset + at;
	memcpy(l->handshake_end.code, (const void *)ending->function,
	       sizeof(l->handshake_end.code));
}

static void take_note(struct probe_tls_layout *l, const uint8_t *p, size_t len)
{
	while (len >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) n;
		size_t name, all;

		memcpy(&n, p, sizeof(n));
		name = sizeof(n) + (((size_t)n.n_namesz + 3) & ~(size_t)3);
		all = name + (((size_t)n.n_descsz + 3) & ~(size_t)3);
		if (all > len)
			return;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_descsz <= sizeof(l->build_id) &&
		    n.n_namesz == 4 && memcmp(p + sizeof(n), "GNU", 4) == 0) {
			memcpy(l->build_id, p + name, n.n_descsz);
			l->build_id_len = n.n_descsz;
		}
		p += all;
		len -= all;
	}
}

static int on_object(struct dl_phdr_info *info, size_t size, void *user)
{
	const struct wanted_field *w = user;
	int mine = 0;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		mine |= ph->p_type == PT_LOAD && w->addr >= info->dlpi_addr + ph->p_vaddr &&
			w->addr - info->dlpi_addr - ph->p_vaddr < ph->p_memsz;
	}
	for (int i = 0; mine && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_NOTE)
			take_note(w->layout, (const uint8_t *)(info->dlpi_addr + ph->p_vaddr),
				  ph->p_memsz);
		take_ending(w->layout, w->ending, ph, info->dlpi_addr);
	}
	return mine;
}

static void take_places(struct probe_tls_layout *l, const struct exam *x)
{
	struct probe_tls_place *p = l->place;

	for (unsigned v = 0; v < PROBE_TLS_VALUE_CNT; v++)
		p[v] = scan_best(&x->scans[v]);
	/* What can be derived need not be read: copies of it lie about where they were last
	 * used. */
	if (p[PROBE_TLS_HANDSHAKE_SECRET].cnt && p[PROBE_TLS_HANDSHAKE_HASH].cnt)
		p[PROBE_TLS_CLIENT_HANDSHAKE].cnt = p[PROBE_TLS_SERVER_HANDSHAKE].cnt = 0;
	else
		p[PROBE_TLS_HANDSHAKE_SECRET].cnt = p[PROBE_TLS_HANDSHAKE_HASH].cnt = 0;
}

int inside(const char *path, int fd)
{
	static struct exam x;
	struct probe_tls_layout l = {.kind = PROBE_TLS_OPENSSL};
	char line[PROBE_TLS_LINE_MAX + 1];
	void *lib = needs_open(path), *entry;

	if (!lib)
		return fail(fd, dlerror());
	entry = dlsym(lib, "SSL_do_handshake");
	if (!entry) {
		l.kind = PROBE_TLS_GNUTLS;
		entry = dlsym(lib, "gnutls_handshake");
	}
	if (!entry)
		return fail(fd, "it exports neither SSL_do_handshake nor gnutls_handshake");
	(l.kind == PROBE_TLS_OPENSSL ? openssl_examine : gnutls_examine)(&x, lib);
	if (x.why[0])
		return fail(fd, x.why);
	take_places(&l, &x);
	(void)dl_iterate_phdr(on_object, &(struct wanted_field){(uintptr_t)entry, &x.ending, &l});
	if (probe_tls_layout_text(&l, line, PROBE_TLS_LINE_MAX) < 0)
		return fail(fd, "its description is too long");
	strcat(line, "\n");
	answer(fd, line);
	return 0;
}
