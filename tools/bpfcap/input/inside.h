/* SPDX-License-Identifier: MIT */
/* inside.h - an expression for packets inside the packets of files (--through). */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_INSIDE_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_INSIDE_H

#include "bpfcap/probe.h"
#include "bpfcap/through.h"

/* `list` is that of --through. -EINVAL (input) if it or the expression is wrong. */
int inside_open(struct cbpf2ebpf_walk **out, const char *expr, const char *list, struct err *e);
/* Whether a packet inside matches; sets ev->inner_*. Cooked packets are looked into from IP on. */
bool inside_match(struct cbpf2ebpf_walk *w, struct probe_event *ev);

#endif
