/* SPDX-License-Identifier: MIT */
/* gather.h - --gather: the same packet at several hooks, and how long it took between them. */
#ifndef BPFCAP_GATHER_H
#define BPFCAP_GATHER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bpfcap/probe.h"

/* What is known of a packet when it comes to a hook. */
struct gather_note {
	bool later;	     /* it was seen before, at first_hook */
	unsigned first_hook; /* index for probe_hook_name() */
	uint64_t since_ns;   /* from there to here */
};

struct gather;

/* Follows packets over the hooks of `p`. NULL without memory. */
struct gather *gather_new(struct probe *p);
void gather_free(struct gather *g);

struct gather_note gather_packet(struct gather *g, const struct probe_event *ev);

/*
 * Calls fn for each packet that was first seen a second before `mono_ns` (UINT64_MAX: all) and has
 * not come to a hook since; `missing` is that hook. Preset `drop` is not waited for.
 */
typedef void (*gather_missing_fn)(void *user, const struct probe_event *first, unsigned missing);
void gather_expire(struct gather *g, uint64_t mono_ns, gather_missing_fn fn, void *user);

/* A line a hook: packets first seen there, seen later, missing; median and 99th percentile. */
void gather_summary(const struct gather *g, FILE *f);

/* The number that is the same for the same packet at all hooks. */
uint64_t gather_key(const struct probe_event *ev);

#endif
