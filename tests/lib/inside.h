/* SPDX-License-Identifier: MIT */
/* inside.h - filters of packets inside packets, as whole programs in each access mode. */
#ifndef BPFCAP_TESTS_LIB_INSIDE_H
#define BPFCAP_TESTS_LIB_INSIDE_H

#include "bpfcap/through.h"
#include "decap.h"
#include "filters.h"
#include "nest.h"

/* One expression, for both link types. */
struct inside {
	const char *expr;
	struct cbpf_prog classic[2]; /* Ethernet, raw; the second is empty if libpcap refuses it */
	struct cbpf2ebpf_filter *filter[2];
	struct cbpf2ebpf_through through;
	uint32_t buffer_len; /* for FILTER_BUFFER */
};

/* False if libpcap refuses the expression for Ethernet. */
bool inside_init(struct inside *in, const char *expr, const char *list);
void inside_free(struct inside *in);

#define INSIDE_NONE 0u
/* What a program returns: the layer in the upper half, and where the packet begins. */
#define INSIDE_AT(layer, off) ((uint32_t)(layer) << 16 | (off))

/* By libpcap, on packets of decap(). */
uint32_t inside_expect(const struct inside *in, const struct decap *d);

/* The modes that are tried; the context of FILTER_BUFFER and FILTER_PROBE is this. */
struct inside_input {
	uint64_t cap_len, len, data;
	uint8_t packet[NEST_LEN_MAX];
};

/* `map_fd`: -1, or the map that holds an inside_input (kernel). */
int inside_program(const struct inside *in, enum filter_mode mode, int linktype, int map_fd,
		   const struct ebpf_target *t, struct ebpf_prog *out, struct err *e);

/* Runs it without a kernel: `linear` bytes of the packet are linear; a tag may be beside it. */
struct inside_packet {
	const uint8_t *data;
	uint32_t len, linear;
	uint16_t tpid, tci; /* tpid 0: no tag */
};
int inside_run(const struct inside *in, const struct ebpf_prog *prog, enum filter_mode mode,
	       const struct inside_packet *p, uint32_t *got, struct err *e);

#endif
