/* SPDX-License-Identifier: MIT */
/*
 * exam.h - the experiment: handshakes of a library with itself, and what was found by them.
 *
 * A library's own file (openssl.c, gnutls.c) shakes hands, gathers the secrets that the library
 * reports into a struct secrets, and shows exam_object() each connection object.
 */
#ifndef BPFCAP_TOOLS_TLS_LAYOUT_EXAM_H
#define BPFCAP_TOOLS_TLS_LAYOUT_EXAM_H

#include "ending.h"
#include "scan.h"

enum { EXAM_WHY_LEN = 200 };

/* What is known of one connection; len 0: unknown. */
struct secrets {
	size_t len[PROBE_TLS_VALUE_CNT];
	uint8_t bytes[PROBE_TLS_VALUE_CNT][SCAN_VALUE_MAX];
	scan_match is_handshake_secret; /* NULL: cannot be tried */
	void *user;
};

struct exam {
	struct memory_scan scans[PROBE_TLS_VALUE_CNT];
	struct ending ending;
	char why[EXAM_WHY_LEN]; /* it failed; "": it did not */
};

/* Handshakes of each kind that a library does with itself. */
enum { EXAM_ROUNDS = 2 };

/* Takes a secret by the name it has in key logs; others are ignored. */
void secrets_put(struct secrets *s, const char *label, const void *secret, size_t len);
void secrets_put_value(struct secrets *s, enum probe_tls_value v, const void *bytes, size_t len);

void exam_object(struct exam *x, const void *object, const struct secrets *s);
/* True if the secrets known are at the places found, in this object, which may be any address. */
bool exam_is_right(const struct exam *x, uintptr_t object, const struct secrets *s);
/* Changes which memory the next objects get, so that neighbours in the heap agree only by
 * chance. */
void exam_shake_heap(void);

/* "" when it went well: `x` then has the places. `lib` is what dlopen() gave. */
void openssl_examine(struct exam *x, void *lib);
void gnutls_examine(struct exam *x, void *lib);

/* A function of the library or of one that it needs; when it is missing, x->why says so. */
void *exam_symbol(struct exam *x, void *lib, const char *name);

#endif
