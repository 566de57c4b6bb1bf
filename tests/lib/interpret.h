/* SPDX-License-Identifier: MIT */
/* interpret.h - runs compiled filters without a kernel and compares them with the oracle. */
#ifndef BPFCAP_TESTS_LIB_INTERPRET_H
#define BPFCAP_TESTS_LIB_INTERPRET_H

#include "agrees.h"

/*
 * A filter_agrees of the reference interpreter, which refuses what is undefined. Where packets can
 * be paged, each is run with several lengths of the linear part; where the kernel can keep a VLAN
 * tag beside the packet, those with a tag are run that way, too. With direct access, the matcher is
 * compared as well.
 */
bool interpret_agrees(const struct cbpf_prog *filter, enum filter_mode mode,
		      const struct ebpf_target *t, const struct packets *ps,
		      char why[AGREES_TEXT_LEN]);

#endif
