/* SPDX-License-Identifier: MIT */
/* elf.h - functions and build id of a program or library that is mapped into processes. */
#ifndef BPFCAP_SRC_PROBES_TLS_ELF_H
#define BPFCAP_SRC_PROBES_TLS_ELF_H

#include "bpfcap/tls.h"

struct tls_elf {
	const uint8_t *p; /* the file, mapped */
	size_t len;
};

/* Maps the file. -ENOEXEC: it is for another machine, or damaged. */
int probe_tls_elf_open(struct tls_elf *f, int fd, struct err *e);
void probe_tls_elf_close(struct tls_elf *f);

/*
 * Returns the function's offset in the file, from the dynamic symbols or else all symbols. -ENOENT.
 */
int probe_tls_elf_function(const struct tls_elf *f, const char *name, uint64_t *offset);

/* Returns the offset in the file of where the program begins. -ENOENT: it is a library. */
int probe_tls_elf_entry(const struct tls_elf *f, uint64_t *offset);

typedef void (*tls_function_fn)(void *user, const char *name, uint64_t offset);
/*
 * Calls fn for each function whose code is in `code`: those of the symbols of `symbols`, which is
 * the same file, or one with symbols only. A function may come twice.
 */
void probe_tls_elf_functions(const struct tls_elf *code, const struct tls_elf *symbols,
			     tls_function_fn fn, void *user);

/* Writes l->build_id; its length is 0 if the file has none. */
void probe_tls_elf_build_id(const struct tls_elf *f, struct probe_tls_layout *l);

#endif
