/* SPDX-License-Identifier: MIT */
/* journey.h - the hooks that packets passed: latencies from hook to hook, and one whole journey. */
#ifndef BPFCAP_TOOLS_BPFCAP_REPORT_JOURNEY_H
#define BPFCAP_TOOLS_BPFCAP_REPORT_JOURNEY_H

#include "../output/packet.h"

#define JOURNEY_STEPS  16
#define JOURNEY_RECENT 1024 /* packets that are followed at once */
#define JOURNEY_PAIRS  8
#define JOURNEY_POWERS 64
#define JOURNEY_LEN    96

struct journey_step {
	uint64_t since_ns; /* the packet was first seen */
	char hook[JOURNEY_LEN], where[JOURNEY_LEN], drop[2 * JOURNEY_LEN];
};

struct journey {
	uint64_t packet; /* the number that --gather gives it */
	unsigned cnt;	 /* 0: none */
	bool dropped;
	char line[2 * JOURNEY_LEN];
	struct journey_step step[JOURNEY_STEPS];
};

/* How long packets took from one hook to the next that saw them. */
struct latency {
	char from[JOURNEY_LEN], to[JOURNEY_LEN];
	uint64_t cnt, sum_ns, max_ns;
	uint64_t powers[JOURNEY_POWERS]; /* 2^n ns or more, and less than twice that */
};

struct journeys {
	struct journey recent[JOURNEY_RECENT]; /* by the packet's number */
	struct journey best;		       /* the longest; of these, one that ends in a drop */
	struct latency pair[JOURNEY_PAIRS];
	unsigned pair_cnt;
};

/* A packet with its note; others are ignored. */
void journeys_packet(struct journeys *j, const struct packet *pk);

#endif
