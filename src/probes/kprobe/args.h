/* SPDX-License-Identifier: MIT */
/*
 * args.h - which argument registers a function uses, read from its code.
 *
 * Private to src/probes. A register that a function overwrites before reading it is not an
 * argument, even if it happens to hold an sk_buff of the caller.
 */
#ifndef BPFCAP_SRC_PROBES_KPROBE_ARGS_H
#define BPFCAP_SRC_PROBES_KPROBE_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KPROBE_ARGS_ANY 0x3fu /* arguments 1 to 6, bit 0 is the first: nothing is ruled out */

/* Reads `len` bytes of kernel memory; false if they cannot be read. */
typedef bool (*kprobe_read)(void *user, uint64_t addr, void *bytes, size_t len);

/*
 * Returns the arguments that the x86-64 function at `addr` may use, as bits; rather too many than
 * too few. A function that only passes an argument on uses it if the function that receives it
 * does. `traceable`: the kernel lists the function as traceable.
 */
unsigned probe_kprobe_args_x86(uint64_t addr, bool traceable, kprobe_read reader, void *user);

/*
 * Returns how many bytes at the start of the x86-64 function at `addr` do nothing, so that a probe
 * may be placed after them: endbr64, and the nop reserved for tracing. 0: there is no such nop, or
 * tracing uses it.
 */
unsigned probe_kprobe_entry_x86(uint64_t addr, kprobe_read reader, void *user);

#endif
