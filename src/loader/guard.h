/* SPDX-License-Identifier: MIT */
/* src/loader/guard.h - what a guardian must be told, since no name shows it; private. */
#ifndef LOADER_GUARD_H
#define LOADER_GUARD_H

struct kbpf_guard;
struct xdp_place;

/* To be done before the program is attached. 0 (also without a guardian) or -errno. */
int kbpf_guard_tell(struct kbpf_guard *g, const struct xdp_place *p);

#endif
