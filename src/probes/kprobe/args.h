/* SPDX-License-Identifier: MIT */
/*
 * args.h - which argument registers a function uses, read from its code.
 *
 * Private to src/probes. A register that a function overwrites before reading it is no argument,
 * whatever its caller left there: perhaps an sk_buff that the function has nothing to do with.
 */
#ifndef BPFCAP_SRC_PROBES_KPROBE_ARGS_H
#define BPFCAP_SRC_PROBES_KPROBE_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KPROBE_ARGS_ANY 0x3fu /* arguments 1 to 6, bit 0 is the first: nothing is ruled out */

/* Reads `len` bytes of kernel memory; false if it cannot. */
typedef bool (*kprobe_read)(void *user, uint64_t addr, void *bytes, size_t len);

/*
 * The arguments that the x86-64 function at `addr` may use, as bits; more than it does rather than
 * fewer. A function that only hands an argument on uses it if the one it hands it to does.
 * `traceable`: the kernel lists it as a function that tracing can be switched on at.
 */
unsigned probe_kprobe_args_x86(uint64_t addr, bool traceable, kprobe_read reader, void *user);

/*
 * How many bytes at the start of the x86-64 function at `addr` do nothing, so that a probe may go
 * behind them: endbr64, and the nop reserved for tracing. 0: there is no such nop, or tracing uses
 * it.
 */
unsigned probe_kprobe_entry_x86(uint64_t addr, kprobe_read reader, void *user);

#endif
