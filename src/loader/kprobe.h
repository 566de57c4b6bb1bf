/* SPDX-License-Identifier: MIT */
/* kprobe.h - one probe at a kernel function; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_KPROBE_H
#define BPFCAP_SRC_LOADER_KPROBE_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct kbpf_kprobe;

#define KPROBE_PMU_FILE "/sys/bus/event_source/devices/kprobe/type"

/* Reads the type of the kprobe PMU for perf_event_open(2). 0 or -errno. */
int kbpf_kprobe_pmu(uint32_t *type);

/* Opens an event at p's function, without a program. Returns an fd or -errno. */
int kbpf_kprobe_open(uint32_t pmu_type, const struct kbpf_kprobe *p);

/* Says why a function could not be probed; returns rc. */
int kbpf_kprobe_err(int rc, const char *func, struct err *e);

#endif
