/* SPDX-License-Identifier: MIT */
/* cost.h - which way to read packets costs less. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_COST_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_COST_H

#include "bpfcap/cbpf2ebpf.h"
#include "../ir/ir.h"

/*
 * What calls cost, in tenths of ns, as bench/socket shows it: each load by LD_ABS 3.0, a copy with
 * all around it 10.5. So three loads are cheaper than a copy and five cost more. Four cost as much
 * at constant places, and more behind a base that varies (bench/filter, `tcp port 443`).
 */
#define C2E_COST_LOAD 30
#define C2E_COST_COPY 105
/*
 * What is looked up in tables waits for a copy to be done, and not for one load (bench/filter,
 * `1000 IPv6 hosts`, `200 ports`).
 */
#define C2E_COST_WAIT 200

/* CBPF2EBPF_LD_ABS or CBPF2EBPF_LOAD_BYTES; without memory ir->failed is set. */
enum cbpf2ebpf_access c2e_cost_cheaper(struct ir *ir);

#endif
