/* SPDX-License-Identifier: MIT */
/* place.h - where in an expression the mistake is that libpcap reports. */
#ifndef BPFCAP_SRC_CBPF2EBPF_CLASSIC_PLACE_H
#define BPFCAP_SRC_CBPF2EBPF_CLASSIC_PLACE_H

#include <stdbool.h>

#define PLACE_LEN 128

/* Whether libpcap's grammar refuses an expression, whatever its words mean. */
typedef bool (*place_refuses)(void *user, const char *expr);

/*
 * Writes what to append to libpcap's reason `why`: " (column 10, in 'icmp and and tcp')", with at
 * most the words around the mistake; without a column where that is unknown.
 */
void c2e_place(const char *expr, const char *why, place_refuses refuses, void *user,
	       char text[PLACE_LEN]);

#endif
