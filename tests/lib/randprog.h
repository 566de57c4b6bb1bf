/* SPDX-License-Identifier: MIT */
/* randprog.h - random valid classic programs and random expressions, out of a stream of bytes. */
#ifndef BPFCAP_TESTS_LIB_RANDPROG_H
#define BPFCAP_TESTS_LIB_RANDPROG_H

#include <stdbool.h>

#include "bpfcap/cbpf.h"
#include "packets.h"

/* Choices come from `data` as long as it lasts (a fuzzer's input), else from a generator. */
struct choices {
	const uint8_t *data;
	size_t len;
	uint64_t seed; /* of the generator; 0: when data ends, all choices are the first */
};

uint32_t choose(struct choices *c, uint32_t below);

/* insns is malloc'ed; the program passes cbpf_check(). */
struct cbpf_prog random_program(struct choices *c);

/* Changes some bytes of the packet, mostly of its headers, and sometimes cuts it. */
void packet_change(struct packet *p, struct choices *c);

#define EXPRESSION_LEN 1024
/* An expression of the grammar of pcap-filter(7); libpcap may still refuse it. */
void random_expression(struct choices *c, char text[EXPRESSION_LEN]);

/*
 * Makes a program that `fails` smaller as long as it fails: instructions go, become returns, or
 * lose their constants.
 */
void shrink_program(struct cbpf_prog *p, bool (*fails)(void *user, const struct cbpf_prog *p),
		    void *user);

#endif
