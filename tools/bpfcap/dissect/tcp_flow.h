/* SPDX-License-Identifier: MIT */
/* tcp_flow.h - the first sequence numbers seen of each TCP connection. */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_TCP_FLOW_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_TCP_FLOW_H

#include "line.h"

struct tcp_flows;

struct tcp_flows *tcp_flows_new(void); /* NULL: no memory; numbers then stay absolute */
void tcp_flows_free(struct tcp_flows *flows);

/* What a segment with an acknowledgement says; the numbers become relative. */
struct tcp_numbers {
	uint32_t seq, ack;
	uint32_t sack_base; /* what the other side's numbers count from */
};
void tcp_flows_relate(struct tcp_flows *flows, const struct dissect_net *net, struct slice tcp,
		      struct tcp_numbers *n);

#endif
