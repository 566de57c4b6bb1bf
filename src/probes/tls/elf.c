/* SPDX-License-Identifier: MIT */
/*
 * elf.c - reads symbols and the build id of an ELF file.
 *
 * The file may come from a container and contain anything: each offset and length is checked
 * against the file's size, and names are read only up to their section's end. Truncating a mapped
 * file would end the process by a signal, so its pages are read into memory, those that are needed:
 * programs can be large.
 */
#include "elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_LEN_MAX (1024u << 20)
#define PAGE	     65536 /* of a file; larger reads are fewer calls */

static bool read_page(const struct tls_elf *f, size_t page)
{
	size_t off = page * PAGE, len = f->len - off < PAGE ? f->len - off : PAGE, n = 0;

	while (n < len) {
		ssize_t got = pread(f->fd, f->p + off + n, len - n, (off_t)(off + n));

		if (got <= 0)
			return false;
		n += (size_t)got;
	}
	f->pages[page / 8] |= (uint8_t)(1u << page % 8);
	return true;
}

static const void *at(const struct tls_elf *f, uint64_t off, uint64_t len)
{
	if (off > f->len || len > f->len - off)
		return NULL;
	for (size_t page = (size_t)(off / PAGE); page * PAGE < off + len; page++)
		if (!(f->pages[page / 8] & 1u << page % 8) && !read_page(f, page))
			return NULL;
	return f->p + off;
}

/* n elements of `len` bytes; tables that are not aligned are refused. */
static const void *table(const struct tls_elf *f, uint64_t off, uint64_t n, size_t len)
{
	return off % sizeof(void *) == 0 && n <= f->len / len ? at(f, off, n * len) : NULL;
}

static const ElfW(Ehdr) * head(const struct tls_elf *f)
{
	return at(f, 0, sizeof(ElfW(Ehdr)));
}

static const ElfW(Phdr) * program_headers(const struct tls_elf *f, unsigned *cnt)
{
	const ElfW(Ehdr) *h = head(f);

	*cnt = h->e_phnum;
	return h->e_phentsize == sizeof(ElfW(Phdr))
		       ? table(f, h->e_phoff, h->e_phnum, sizeof(ElfW(Phdr)))
		       : NULL;
}

static const ElfW(Shdr) * sections(const struct tls_elf *f, unsigned *cnt)
{
	const ElfW(Ehdr) *h = head(f);

	*cnt = h->e_shnum;
	return h->e_shentsize == sizeof(ElfW(Shdr))
		       ? table(f, h->e_shoff, h->e_shnum, sizeof(ElfW(Shdr)))
		       : NULL;
}

/* The machine and file class of this program itself. */
static int own_kind(ElfW(Ehdr) * own)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, own, sizeof(*own));

	if (fd >= 0)
		close(fd);
	return n == (ssize_t)sizeof(*own) ? 0 : -ENOENT;
}

static int check(const struct tls_elf *f, struct err *e)
{
	const ElfW(Ehdr) *h = head(f);
	ElfW(Ehdr) own;

	if (!h || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0)
		return err_input(e, -ENOEXEC, "tls", "it is not an ELF file");
	if (own_kind(&own) < 0)
		return err_run(e, -ENOENT, "tls", "/proc/self/exe cannot be read");
	if (h->e_machine != own.e_machine ||
	    memcmp(h->e_ident + EI_CLASS, own.e_ident + EI_CLASS, 2) != 0)
		return err_input(e, -ENOEXEC, "tls", "it is for another architecture");
	return 0;
}

static int read_file(struct tls_elf *f, int fd, struct err *e)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return err_run(e, -errno, "tls", "it cannot be read: %s", strerror(errno));
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > FILE_LEN_MAX)
		return err_input(e, -EFBIG, "tls", "it is not a file, or one of over 1 GiB");
	f->fd = fd;
	if (st.st_size == 0)
		return 0;
	f->pages = calloc((size_t)st.st_size / PAGE / 8 + 1, 1);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!f->pages || p == MAP_FAILED)
		return err_run(e, -ENOMEM, "tls", "out of memory");
	f->p = p;
	f->len = (size_t)st.st_size;
	return 0;
}

int probe_tls_elf_open(struct tls_elf *f, int fd, struct err *e)
{
	int rc;

	*f = (struct tls_elf){0};
	rc = read_file(f, fd, e);
	if (rc == 0)
		rc = check(f, e);
	if (rc < 0)
		probe_tls_elf_close(f);
	return rc;
}

void probe_tls_elf_close(struct tls_elf *f)
{
	if (f->p)
		munmap(f->p, f->len);
	free(f->pages);
	*f = (struct tls_elf){0};
}

/* ---- Symbols ------------------------------------------------------------------------------ */

/* Looks in the segments with this flag. */
static int offset_in(const struct tls_elf *f, uint32_t flag, uint64_t addr, uint64_t *offset)
{
	unsigned cnt;
	const ElfW(Phdr) *ph = program_headers(f, &cnt);

	for (unsigned i = 0; ph && i < cnt; i++)
		if (ph[i].p_type == PT_LOAD && (ph[i].p_flags & flag) && addr >= ph[i].p_vaddr &&
		    addr - ph[i].p_vaddr < ph[i].p_filesz) {
			*offset = addr - ph[i].p_vaddr + ph[i].p_offset;
			return 0;
		}
	return -ENOENT;
}

int probe_tls_elf_offset(const struct tls_elf *f, uint64_t addr, uint64_t *offset)
{
	return offset_in(f, PF_X, addr, offset);
}

int probe_tls_elf_data_offset(const struct tls_elf *f, uint64_t addr, uint64_t *offset)
{
	return offset_in(f, PF_W, addr, offset);
}

int probe_tls_elf_entry(const struct tls_elf *f, uint64_t *offset)
{
	return probe_tls_elf_offset(f, head(f)->e_entry, offset);
}

static int search(const struct tls_elf *f, const ElfW(Shdr) * symbols, const ElfW(Shdr) * strings,
		  const char *name, uint64_t *offset)
{
	size_t len = strlen(name) + 1, cnt = symbols->sh_size / sizeof(ElfW(Sym));
	const ElfW(Sym) *s = table(f, symbols->sh_offset, cnt, sizeof(*s));
	const char *names = at(f, strings->sh_offset, strings->sh_size);

	for (size_t i = 0; s && names && i < cnt; i++)
		if ((s[i].st_info & 0xf) == STT_FUNC && s[i].st_shndx != SHN_UNDEF &&
		    s[i].st_name < strings->sh_size && len <= strings->sh_size - s[i].st_name &&
		    memcmp(names + s[i].st_name, name, len) == 0)
			return probe_tls_elf_offset(f, s[i].st_value, offset);
	return -ENOENT;
}

int probe_tls_elf_function(const struct tls_elf *f, const char *name, uint64_t *offset)
{
	static const uint32_t kinds[] = {SHT_DYNSYM, SHT_SYMTAB};
	unsigned cnt;
	const ElfW(Shdr) *sh = sections(f, &cnt);

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (unsigned i = 0; sh && i < cnt; i++)
			if (sh[i].sh_type == kinds[k] && sh[i].sh_link < cnt &&
			    search(f, &sh[i], &sh[sh[i].sh_link], name, offset) == 0)
				return 0;
	return -ENOENT;
}

/* Which function symbols of one table lie in `code`. */
static void list(const struct tls_elf *code, const struct tls_elf *f, const ElfW(Shdr) * symbols,
		 const ElfW(Shdr) * strings, tls_function_fn fn, void *user)
{
	size_t cnt = symbols->sh_size / sizeof(ElfW(Sym));
	const ElfW(Sym) *s = table(f, symbols->sh_offset, cnt, sizeof(*s));
	const char *names = at(f, strings->sh_offset, strings->sh_size);
	uint64_t offset;

	for (size_t i = 0; s && names && i < cnt; i++)
		if ((s[i].st_info & 0xf) == STT_FUNC && s[i].st_shndx != SHN_UNDEF &&
		    s[i].st_name < strings->sh_size &&
		    memchr(names + s[i].st_name, '\0', strings->sh_size - s[i].st_name) &&
		    probe_tls_elf_offset(code, s[i].st_value, &offset) == 0)
			fn(user, names + s[i].st_name, offset, s[i].st_size);
}

void probe_tls_elf_functions(const struct tls_elf *code, const struct tls_elf *symbols,
			     tls_function_fn fn, void *user)
{
	const ElfW(Ehdr) *h = head(symbols);
	const ElfW(Shdr) *sh = h->e_shentsize == sizeof(*sh)
				       ? table(symbols, h->e_shoff, h->e_shnum, sizeof(*sh))
				       : NULL;

	for (unsigned i = 0; sh && i < h->e_shnum; i++)
		if ((sh[i].sh_type == SHT_DYNSYM || sh[i].sh_type == SHT_SYMTAB) &&
		    sh[i].sh_link < h->e_shnum)
			list(code, symbols, &sh[i], &sh[sh[i].sh_link], fn, user);
}

/* ---- Sections ----------------------------------------------------------------------------- */

bool probe_tls_elf_section(const struct tls_elf *f, const char *name, struct tls_section *s)
{
	unsigned cnt, names_nr = head(f)->e_shstrndx;
	const ElfW(Shdr) *sh = sections(f, &cnt);
	const size_t len = strlen(name) + 1;
	const char *names;

	if (!sh || names_nr >= cnt)
		return false;
	names = at(f, sh[names_nr].sh_offset, sh[names_nr].sh_size);
	for (unsigned i = 0; names && i < cnt; i++) {
		if (sh[i].sh_name >= sh[names_nr].sh_size ||
		    len > sh[names_nr].sh_size - sh[i].sh_name ||
		    memcmp(names + sh[i].sh_name, name, len) != 0 || sh[i].sh_type == SHT_NOBITS)
			continue;
		*s = (struct tls_section){.p = at(f, sh[i].sh_offset, sh[i].sh_size),
					  .len = sh[i].sh_size,
					  .addr = sh[i].sh_addr};
		return s->p != NULL;
	}
	return false;
}

uint64_t probe_tls_elf_start(const struct tls_elf *f)
{
	return head(f)->e_entry;
}

uint64_t probe_tls_elf_relocated(const struct tls_elf *f, uint64_t addr)
{
	unsigned cnt;
	const ElfW(Shdr) *sh = sections(f, &cnt);

	for (unsigned i = 0; sh && i < cnt; i++) {
		size_t n = sh[i].sh_size / sizeof(ElfW(Rela));
		const ElfW(Rela) *r =
			sh[i].sh_type == SHT_RELA ? table(f, sh[i].sh_offset, n, sizeof(*r)) : NULL;

		for (size_t k = 0; r && k < n; k++)
			if (r[k].r_offset == addr)
				return (uint64_t)r[k].r_addend;
	}
	return 0;
}

/* ---- Build id ----------------------------------------------------------------------------- */

static void search_notes(const uint8_t *p, size_t len, struct probe_tls_layout *l)
{
	while (len >= sizeof(ElfW(Nhdr))) {
		ElfW(Nhdr) n;
		uint64_t name, all;

		memcpy(&n, p, sizeof(n));
		name = sizeof(n) + (((uint64_t)n.n_namesz + 3) & ~3ULL);
		all = name + (((uint64_t)n.n_descsz + 3) & ~3ULL);
		if (all > len)
			return;
		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 &&
		    memcmp(p + sizeof(n), "GNU", 4) == 0 && n.n_descsz <= sizeof(l->build_id)) {
			memcpy(l->build_id, p + name, n.n_descsz);
			l->build_id_len = n.n_descsz;
		}
		p += all;
		len -= (size_t)all;
	}
}

void probe_tls_elf_build_id(const struct tls_elf *f, struct probe_tls_layout *l)
{
	unsigned cnt;
	const ElfW(Phdr) *ph = program_headers(f, &cnt);

	l->build_id_len = 0;
	for (unsigned i = 0; ph && i < cnt; i++) {
		const uint8_t *p =
			ph[i].p_type == PT_NOTE ? at(f, ph[i].p_offset, ph[i].p_filesz) : NULL;

		if (p)
			search_notes(p, ph[i].p_filesz, l);
	}
}
