/* SPDX-License-Identifier: MIT */
/* elf.h - functions and build id of a program or library that is mapped into processes. */
#ifndef BPFCAP_SRC_PROBES_TLS_ELF_H
#define BPFCAP_SRC_PROBES_TLS_ELF_H

#include "bpfcap/tls.h"

#include <stdbool.h>

/* A file of which only the pages that were asked for have been read. */
struct tls_elf {
	uint8_t *p;	/* the whole file's length; zeros where nothing was read */
	uint8_t *pages; /* a bit for each page that was read */
	size_t len;
	int fd;
};

/* A section of the file. */
struct tls_section {
	const uint8_t *p;
	size_t len;
	uint64_t addr;
};

/* Reads the file's head; `fd` must stay open. -ENOEXEC: for another machine, or damaged. */
int probe_tls_elf_open(struct tls_elf *f, int fd, struct err *e);
void probe_tls_elf_close(struct tls_elf *f);

/*
 * Returns the function's offset in the file, from the dynamic symbols or else all symbols. -ENOENT.
 */
int probe_tls_elf_function(const struct tls_elf *f, const char *name, uint64_t *offset);

/* Returns the offset in the file of where the program begins. -ENOENT: it is a library. */
int probe_tls_elf_entry(const struct tls_elf *f, uint64_t *offset);

/* `len`: of its code, 0: unknown. */
typedef void (*tls_function_fn)(void *user, const char *name, uint64_t offset, uint64_t len);
/*
 * Calls fn for each function whose code is in `code`: those of the symbols of `symbols`, which is
 * the same file, or one with symbols only. A function may come twice.
 */
void probe_tls_elf_functions(const struct tls_elf *code, const struct tls_elf *symbols,
			     tls_function_fn fn, void *user);

/* The same of a Go program, from the table that its run-time uses (gopclntab.c). */
int probe_tls_go_function(const struct tls_elf *f, const char *name, uint64_t *offset);

/* The section of this name; "" is never found. */
bool probe_tls_elf_section(const struct tls_elf *f, const char *name, struct tls_section *s);
/* The offset in the file of code at this address. -ENOENT. */
int probe_tls_elf_offset(const struct tls_elf *f, uint64_t addr, uint64_t *offset);
/* The same of data. */
int probe_tls_elf_data_offset(const struct tls_elf *f, uint64_t addr, uint64_t *offset);
/* The address where the program starts. */
uint64_t probe_tls_elf_start(const struct tls_elf *f);
/* What the loader writes to `addr`: the addend of a relative relocation, 0: none. */
uint64_t probe_tls_elf_relocated(const struct tls_elf *f, uint64_t addr);

/* Writes l->build_id; its length is 0 if the file has none. */
void probe_tls_elf_build_id(const struct tls_elf *f, struct probe_tls_layout *l);

#endif
