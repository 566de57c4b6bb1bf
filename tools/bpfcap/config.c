/* SPDX-License-Identifier: MIT */
/*
 * config.c - the configuration of a session: takes the options of the command line, gives what the
 * library takes.
 */
#include <unistd.h>

#include "bpfcap/tally.h"

#include "capture.h"

enum { RING_PAGES_MAX = 1 << 16 };

/* Pages for -B, rounded up to a power of two; 0: the default of the library. */
static uint32_t ring_pages(uint64_t kib)
{
	uint64_t bytes = kib << 10, page_len = (uint64_t)sysconf(_SC_PAGESIZE);
	uint32_t pages = 1;

	if (!kib)
		return 0;
	while (pages < RING_PAGES_MAX && pages * page_len < bytes)
		pages *= 2;
	return pages;
}

/* --reason without -f captures drops, since only they have a reason. */
static const char *const *hooks_of(const struct cap_options *o)
{
	static const char *const drop[] = {"drop", NULL};

	return o->reasons.cnt && !o->hooks.cnt ? drop : o->hooks.words;
}

struct probe_config capture_config(const struct cap_options *o)
{
	return (struct probe_config){
		.kernel = o->kernel,
		.expr = o->filter,
		.through = o->through,
		.inner_only = o->inner_only,
		.hooks = hooks_of(o),
		.ifaces = o->ifaces.words,
		.wait = o->wait,
		.snap_len = o->snap_len < PROBE_SNAP_LEN_MAX ? (uint32_t)o->snap_len
							     : PROBE_SNAP_LEN_MAX,
		.stack = o->stack,
		.owners = o->owner,
		.track = o->track,
		.no_promiscuous = o->no_promiscuous,
		.ring_pages = ring_pages(o->buffer_kib),
		.linktype = o->linktype,
		.netns = o->netns,
		.pid = o->pid < UINT32_MAX ? (uint32_t)o->pid : UINT32_MAX,
		.mark = o->mark,
		.reasons = o->reasons.words,
		.fake_headers = o->fake_headers,
		.tally = o->top_s ? PROBE_TALLY_MAX : 0,
		.skb_data = o->skb_data,
		.call = o->call,
	};
}
