/* SPDX-License-Identifier: MIT */
/* agrees.h - runs a compiled filter on packets and compares it with the oracle. */
#ifndef BPFCAP_TESTS_LIB_AGREES_H
#define BPFCAP_TESTS_LIB_AGREES_H

#include "filters.h"
#include "oracle.h"
#include "packets.h"

#define AGREES_TEXT_LEN (ERR_TEXT_LEN + 256)

/*
 * Compiles the filter for a mode and runs it on every packet that the mode can be given. False,
 * with the reason, if it does not compile or load, or if it differs from the oracle (oracle.h).
 */
typedef bool (*filter_agrees)(const struct cbpf_prog *filter, enum filter_mode mode,
			      const struct ebpf_target *t, const struct packets *ps,
			      char why[AGREES_TEXT_LEN]);

#endif
