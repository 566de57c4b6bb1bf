/* SPDX-License-Identifier: MIT */
/* ending.h - the function that a library calls when a handshake has ended: through it pass all
 * handshakes, explicit and implicit, while other functions are called many times. */
#ifndef BPFCAP_TOOLS_TLS_LAYOUT_ENDING_H
#define BPFCAP_TOOLS_TLS_LAYOUT_ENDING_H

#include <stdbool.h>
#include <stdint.h>

struct ending {
	uintptr_t function; /* 0: unknown */
	bool is_unclear;    /* several were seen, or the one did not prove right */
};

/* A callback for the end of a handshake returns to this address. */
void ending_note(struct ending *x, uintptr_t return_addr);

/* trap.c: calls on_hit with the first argument when the code at `addr` runs next, and lets it run.
 * False: not possible here. */
bool trap_set(uintptr_t addr, void (*on_hit)(uintptr_t argument));
void trap_clear(void);
/* trap.c: where in the function a probe costs least, with the arguments still in place. */
uintptr_t trap_best(uintptr_t function);

#endif
