/* SPDX-License-Identifier: MIT */
/* hello.h - recognizes the packets that begin a TLS handshake. */
#ifndef BPFCAP_TOOLS_BPFCAP_TLS_HELLO_H
#define BPFCAP_TOOLS_BPFCAP_TLS_HELLO_H

#include "bpfcap/probe.h"
#include "bpfcap/tls.h"

enum hello_kind { HELLO_NONE, HELLO_CLIENT, HELLO_SERVER };

struct hello {
	enum hello_kind kind;
	uint64_t flow; /* hash of addresses and ports, from the client to the server */
	uint8_t client_random[PROBE_TLS_RANDOM_LEN]; /* HELLO_CLIENT */
};

/* Only a hello at the start of a TCP segment is found, which is where TLS libraries put it. */
struct hello hello_find(const struct probe_event *ev);
/* The flow of a TCP segment with data, from its sender; 0: it is another packet. */
uint64_t hello_flow(const struct probe_event *ev);

#endif
