/* SPDX-License-Identifier: MIT */
/* gather.h - --gather: recognizes a packet at several hooks, and measures the latency. */
#ifndef BPFCAP_TOOLS_BPFCAP_GATHER_GATHER_H
#define BPFCAP_TOOLS_BPFCAP_GATHER_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfcap/probe.h"

#include "../../../src/util.h"

struct gather;

/* Follows packets over `hook_cnt` hooks. NULL without memory. */
struct gather *gather_new(unsigned hook_cnt, bool by_skb);
void gather_free(struct gather *g);
/* From now on, a packet is known by the innermost one that it carries (--through). -errno. */
int gather_look_inside(struct gather *g, const char *list, struct err *e);

/* From now on, packets that do not reach this hook are missing there. */
void gather_await(struct gather *g, unsigned hook);

/* What is known of a packet when it reaches a hook. */
struct gather_note {
	uint64_t packet;     /* packets first seen before this one */
	bool later;	     /* it was seen before, at first_hook */
	unsigned first_hook; /* index for probe_hook_name() */
	uint64_t since_ns;   /* from there to here */
};

/* Call with events in order of time. */
struct gather_note gather_packet(struct gather *g, const struct probe_event *ev);

/*
 * `cnt` records of a hook were lost so far. If they have become more, packets of this time that the
 * hook did not report are called lost there, not missing: it may have seen them.
 */
void gather_losses(struct gather *g, unsigned hook, uint64_t cnt, uint64_t mono_ns);

/* Calls fn for each packet first seen at least `age_ns` before `mono_ns` and each awaited hook that
 * did not report it; then forgets these packets. */
typedef void (*gather_missing_fn)(void *user, const struct gather_note *note,
				  const struct probe_event *first, unsigned hook, bool lost);
void gather_expire(struct gather *g, uint64_t mono_ns, uint64_t age_ns, gather_missing_fn fn,
		   void *user);

/* Whether gather_expire() with these times has packets to forget. */
bool gather_due(const struct gather *g, uint64_t mono_ns, uint64_t age_ns);

/* Packets with a smaller number are forgotten: no hook will report them. */
uint64_t gather_settled(const struct gather *g);

#define GATHER_TIMEOUT_NS NS_PER_S	  /* a later one is another packet */
#define GATHER_SETTLED_NS (NS_PER_S / 10) /* at the end: a newer packet may still be under way */

/* Packets of one hook. */
struct gather_counts {
	uint64_t first, later, missing, lost;
	uint64_t p50_ns, p99_ns; /* from the first hook to this one, within 6 % */
};

struct gather_counts gather_counts(const struct gather *g, unsigned hook);
/* How many came 2^power ns or more and less than twice that after the first hook; power 0: also
 * those that came at the same time. */
#define GATHER_POWERS 64
uint64_t gather_latencies(const struct gather *g, unsigned hook, unsigned power);
/* Packets forgotten early because there were too many at once. */
uint64_t gather_forgotten(const struct gather *g);

#endif
