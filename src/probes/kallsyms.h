/* SPDX-License-Identifier: MIT */
/* kallsyms.h - names of kernel addresses, from /proc/kallsyms. */
#ifndef BPFCAP_SRC_PROBES_KALLSYMS_H
#define BPFCAP_SRC_PROBES_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct kallsyms;

/*
 * Reads a file in the form of /proc/kallsyms; only functions are kept. 0, -ENOMEM, -EPERM if the
 * kernel hides addresses (kernel.kptr_restrict), -ENODATA without symbols; -ECANCELED when another
 * thread sets *quit (NULL: none does).
 */
int probe_kallsyms_read(struct kallsyms **out, FILE *in, const bool *quit);
void probe_kallsyms_free(struct kallsyms *k);

/* Writes "symbol+0x1f [module]" of the function that contains `addr`; "0x..." if there is none, or
 * `k` is NULL. kallsyms has no sizes: a symbol reaches to the next one. */
void probe_kallsyms_text(const struct kallsyms *k, uint64_t addr, char *text, size_t text_len);

/* True if `addr` is in kernel code that runs BPF programs, not in the code that called it. */
bool probe_kallsyms_is_bpf(const struct kallsyms *k, uint64_t addr);

/* The address of function `name`, 0: none. */
uint64_t probe_kallsyms_addr(const struct kallsyms *k, const char *name);

#endif
