/* SPDX-License-Identifier: MIT */
/*
 * scan.h - finds places of values in the memory around an object.
 *
 * The places of the first object are candidates; each further object strikes out those where its
 * own value is not found.
 */
#ifndef BPFCAP_TOOLS_TLS_LAYOUT_SCAN_H
#define BPFCAP_TOOLS_TLS_LAYOUT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/tls.h"

#define SCAN_VALUE_MAX 48

/* Is this what is looked for? `bytes` holds as many as struct scan_value says. */
typedef bool (*scan_match)(void *user, const uint8_t *bytes);

/* A value of one object: known bytes, or (bytes NULL) whatever `match` accepts. */
struct scan_value {
	const uint8_t *bytes;
	size_t len;
	scan_match match;
	void *user;
};

#define SCAN_PLACE_MAX 256

struct memory_scan {
	bool begun;
	size_t cnt;
	struct probe_tls_place place[SCAN_PLACE_MAX];
};

/* Looks for v in and behind the pointers of `object`; the first call collects, later ones
 * strike. */
void scan_object(struct memory_scan *s, const void *object, const struct scan_value *v);
/* The candidate with the fewest pointers, and of these the one nearest to where the last leads:
 * what lies far behind may belong to a neighbour in the heap. cnt 0: none. */
struct probe_tls_place scan_best(const struct memory_scan *s);

/* True if the value is at this place of the object. */
bool scan_holds(const struct probe_tls_place *p, uintptr_t object, const struct scan_value *v);

/* Copies memory that may not be mapped. */
bool scan_read(uintptr_t addr, void *to, size_t len);

#endif
