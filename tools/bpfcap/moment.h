/* SPDX-License-Identifier: MIT */
/*
 * moment.h - times of packets: compared, subtracted, in nanoseconds. A file may say that a packet
 * is from any second that 64 bits can count, so no arithmetic here overflows.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_MOMENT_H
#define BPFCAP_TOOLS_BPFCAP_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfcap/probe.h"

#include "../../src/util.h"

static inline bool moment_before(struct probe_time a, struct probe_time b)
{
	return a.s != b.s ? a.s < b.s : a.ns < b.ns;
}

/* The time from a to b, where a is not the later one. */
static inline struct probe_time moment_between(struct probe_time a, struct probe_time b)
{
	if (b.ns >= a.ns)
		return (struct probe_time){b.s - a.s, b.ns - a.ns};
	return (struct probe_time){b.s - a.s - 1, b.ns + (uint32_t)NS_PER_S - a.ns};
}

/* Nanoseconds since 1970; the most that 64 bits hold (year 2554) for what is later. */
static inline uint64_t moment_ns(struct probe_time t)
{
	return t.s >= UINT64_MAX / NS_PER_S ? UINT64_MAX : t.s * NS_PER_S + t.ns;
}

#endif
