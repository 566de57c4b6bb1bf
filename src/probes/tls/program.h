/* SPDX-License-Identifier: MIT */
/* program.h - the programs that read a connection's secrets in the functions of a TLS library. */
#ifndef BPFCAP_SRC_PROBES_TLS_PROGRAM_H
#define BPFCAP_SRC_PROBES_TLS_PROGRAM_H

#include "bpfcap/ebpf.h"
#include "bpfcap/tls.h"

/* Where in a function the program runs. */
enum tls_at {
	/* of a function that is called with a connection that may have keys; in Go, with a key */
	TLS_AT_ENTRY,
	TLS_AT_BEGIN,  /* of a handshake: keeps the connection for ... */
	TLS_AT_RETURN, /* ... its return, which says whether it succeeded */
	TLS_AT_ANSWER, /* of a function whose second argument is the result of reading or writing */
	TLS_AT_CNT
};

struct tls_program {
	const struct ebpf_target *target;
	const struct probe_tls_layout *layout;
	uint32_t library; /* number for the record */
	int events_fd;	  /* perf event array */
	int seen_fd;	  /* LRU hash: process and client random -> the secrets last read */
	int calls_fd;	  /* LRU hash: pid_tgid -> connection of a handshake */
};

/* In program_go.c: whether Go's calling convention is known for this machine. */
bool probe_tls_program_knows_go(void);

/* -ENOTSUP: this machine's calling convention is not known. */
int probe_tls_program_build(const struct tls_program *p, enum tls_at at, struct ebpf_prog *out,
			    struct err *e);

#endif
