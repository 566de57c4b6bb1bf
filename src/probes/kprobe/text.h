/* SPDX-License-Identifier: MIT */
/* text.h - reads the running kernel's code, for args.h. Private to src/probes. */
#ifndef BPFCAP_SRC_PROBES_KPROBE_TEXT_H
#define BPFCAP_SRC_PROBES_KPROBE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ebpf_target;
struct kprobe_text;

/* Prepares reading the running kernel's memory. NULL if that is impossible. */
struct kprobe_text *probe_kprobe_text_open(const struct ebpf_target *t);
bool probe_kprobe_text_read(void *text, uint64_t addr, void *bytes, size_t len);
void probe_kprobe_text_close(struct kprobe_text *t); /* NULL is allowed */

#endif
