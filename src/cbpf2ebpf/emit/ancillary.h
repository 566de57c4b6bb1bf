/* SPDX-License-Identifier: MIT */
/* ancillary.h - ancillary data of the packet. */
#ifndef BPFCAP_SRC_CBPF2EBPF_EMIT_ANCILLARY_H
#define BPFCAP_SRC_CBPF2EBPF_EMIT_ANCILLARY_H

#include "emitter.h"

/* A register with the value of ancillary `ad`. */
ebpf_reg c2e_emit_ad(struct emitter *e, uint32_t ad);

#endif
