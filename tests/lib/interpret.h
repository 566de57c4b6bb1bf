/* SPDX-License-Identifier: MIT */
/* interpret.h - runs compiled filters without a kernel and compares them with libpcap's. */
#ifndef TESTS_INTERPRET_H
#define TESTS_INTERPRET_H

#include "filters.h"
#include "packets.h"

#define INTERPRET_TEXT_LEN (ERR_TEXT_LEN + 256)

/*
 * Compiles the filter for a mode and runs it on every packet; where packets can be paged, with
 * several lengths of the linear part. False, with the reason, when it does not compile, does
 * something undefined, or differs from libpcap's interpreter.
 */
bool interpret_agrees(const struct cbpf_prog *filter, enum filter_mode mode,
		      const struct ebpf_target *t, const struct packets *ps,
		      char why[INTERPRET_TEXT_LEN]);

#endif
