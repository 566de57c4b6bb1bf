/* SPDX-License-Identifier: MIT */
/* cost.h - which way to read packets costs less. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_COST_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_COST_H

#include "bpfcap/cbpf2ebpf.h"
#include "../ir/ir.h"

/*
 * The cost of calls in tenths of ns, as measured by bench/socket: 3.0 for a load by LD_ABS, 10.5
 * for a copy with its setup. So three loads are cheaper than a copy and five cost more. Four cost
 * as much at constant offsets, and more with a variable base (bench/filter, `tcp port 443`).
 */
#define C2E_COST_LOAD 30
#define C2E_COST_COPY 105
/*
 * A table lookup has to wait for a copy, but not for one load (bench/filter, `1000 IPv6 hosts`,
 * `200 ports`).
 */
#define C2E_COST_WAIT 200

/* CBPF2EBPF_LD_ABS or CBPF2EBPF_LOAD_BYTES; without memory ir->failed is set. */
enum cbpf2ebpf_access c2e_cost_cheaper(struct ir *ir);

#endif
