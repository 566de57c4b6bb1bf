/* SPDX-License-Identifier: MIT */
/*
 * needs.c - loads a library with its neighbours: what it needs and what lies in its own directory
 * is loaded from there, since a system-wide file of that name may be of another version.
 *
 * The dynamic section is read from the file. It may hold anything: each offset is checked.
 */
#include "needs.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 8 };

struct file {
	const uint8_t *p;
	size_t len;
};

static const void *at(const struct file *f, uint64_t off, uint64_t len)
{
	return off <= f->len && len <= f->len - off ? f->p + off : NULL;
}

static const ElfW(Phdr) * headers(const struct file *f, unsigned *cnt)
{
	const ElfW(Ehdr) *h = at(f, 0, sizeof(*h));

	if (!h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_phentsize != sizeof(ElfW(Phdr)))
		return NULL;
	*cnt = h->e_phnum;
	return at(f, h->e_phoff, (uint64_t)h->e_phnum * sizeof(ElfW(Phdr)));
}

/* Where the file has what will be at this address. */
static uint64_t offset_of(const ElfW(Phdr) * ph, unsigned cnt, uint64_t addr)
{
	for (unsigned i = 0; i < cnt; i++)
		if (ph[i].p_type == PT_LOAD && addr >= ph[i].p_vaddr &&
		    addr - ph[i].p_vaddr < ph[i].p_filesz)
			return addr - ph[i].p_vaddr + ph[i].p_offset;
	return UINT64_MAX;
}

/* The i-th name needed; NULL: no more. */
static const char *needed(const struct file *f, unsigned i)
{
	const ElfW(Dyn) *d = NULL;
	const char *names, *name;
	uint64_t strings = UINT64_MAX, name_off = UINT64_MAX;
	unsigned cnt = 0;
	const ElfW(Phdr) *ph = headers(f, &cnt);
	size_t n = 0;

	for (unsigned k = 0; ph && k < cnt; k++)
		if (ph[k].p_type == PT_DYNAMIC) {
			d = at(f, ph[k].p_offset, ph[k].p_filesz);
			n = ph[k].p_filesz / sizeof(*d);
		}
	for (size_t k = 0; d && k < n && d[k].d_tag != DT_NULL; k++) {
		if (d[k].d_tag == DT_STRTAB)
			strings = offset_of(ph, cnt, d[k].d_un.d_ptr);
		if (d[k].d_tag == DT_NEEDED && i-- == 0)
			name_off = d[k].d_un.d_val;
	}
	names = name_off < f->len ? at(f, strings, 1) : NULL;
	if (!names)
		return NULL;
	name = at(f, strings + name_off, 1);
	return name && memchr(name, '\0', f->len - (size_t)((const uint8_t *)name - f->p)) ? name
											   : NULL;
}

/* The C library is loaded already, and its parts must be of one version. */
static const char *const libc_parts[] = {"libdl.so.2", "libpthread.so.0", "libm.so.6", "librt.so.1",
					 "libresolv.so.2"};

void needs_load_libc(void)
{
	for (size_t i = 0; i < sizeof(libc_parts) / sizeof(libc_parts[0]); i++)
		(void)dlopen(libc_parts[i], RTLD_NOW | RTLD_GLOBAL);
}

static bool is_of_libc(const char *name)
{
	for (size_t i = 0; i < sizeof(libc_parts) / sizeof(libc_parts[0]); i++)
		if (strcmp(name, libc_parts[i]) == 0)
			return true;
	return strncmp(name, "libc.", 5) == 0 || strncmp(name, "ld-", 3) == 0;
}

static void *open_with(const char *path, int depth);

static void open_neighbours(const struct file *f, const char *path, int depth)
{
	const char *slash = strrchr(path, '/'), *name;
	char beside[PATH_MAX];

	for (unsigned i = 0; slash && (name = needed(f, i)) != NULL; i++) {
		int n = snprintf(beside, sizeof(beside), "%.*s/%s", (int)(slash - path), path,
				 name);

		if (n > 0 && (size_t)n < sizeof(beside) && !strchr(name, '/') &&
		    !is_of_libc(name) && access(beside, R_OK) == 0)
			(void)open_with(beside, depth + 1);
	}
}

static void *open_with(const char *path, int depth)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0 && depth < DEPTH_MAX) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		if (p != MAP_FAILED) {
			const struct file f = {p, (size_t)st.st_size};

			open_neighbours(&f, path, depth);
			munmap(p, f.len);
		}
	}
	if (fd >= 0)
		close(fd);
	return dlopen(path, RTLD_NOW | RTLD_GLOBAL);
}

void *needs_open(const char *path)
{
	return open_with(path, 0);
}
