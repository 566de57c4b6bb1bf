/* SPDX-License-Identifier: MIT */
/*
 * stacks.h - names of the return addresses of processes, from the symbols of the files that they
 * map, read in a separate thread.
 *
 * A file may be large, or on a slow disk: a capture would lose packets meanwhile. The thread is
 * created at the start and keeps the privileges of that moment; it sleeps until a process is asked
 * for.
 */
#ifndef BPFCAP_SRC_PROBES_UPROBE_STACKS_H
#define BPFCAP_SRC_PROBES_UPROBE_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct user_stacks;

/* NULL without memory or a thread; the other functions accept NULL as "no names". */
struct user_stacks *probe_stacks_open(void);
void probe_stacks_close(struct user_stacks *s);

/* True once the names of these addresses are known, or known to be missing; otherwise starts
 * reading what the process maps. */
bool probe_stacks_ready(struct user_stacks *s, uint32_t pid, const uint64_t *addr, size_t cnt);

/*
 * Writes "function+0x1f [file]"; "+0x1234 [file]", the offset in the file, where no symbol covers
 * the address; "0x..." outside all files. With `is_return` the address follows a call, which may be
 * the function's last instruction.
 */
void probe_stacks_text(struct user_stacks *s, uint32_t pid, uint64_t addr, bool is_return,
		       char *text, size_t text_len);

#endif
