/* SPDX-License-Identifier: MIT */
/* src/probes/doctor.h - what this kernel offers: facts and verdicts, before they are printed. */
#ifndef PROBES_DOCTOR_H
#define PROBES_DOCTOR_H

#include "layout.h"

#define DOCTOR_TEXT_LEN ERR_TEXT_LEN

/* Does a hook work here? `how` says by what means, or what is missing and what mends it. */
struct doctor_hook {
	const char *spec;
	bool works;
	char how[DOCTOR_TEXT_LEN];
};

/* A setting that decides about BPF; text as the kernel shows it. */
struct doctor_setting {
	const char *name, *path;
	char value[64]; /* "": the kernel has not got it */
};

enum { DOCTOR_HOOK_CNT = 6, DOCTOR_SETTING_CNT = 8 };

struct doctor {
	char release[65], machine[65];
	struct ebpf_target target;
	struct doctor_hook hook[DOCTOR_HOOK_CNT];
	struct doctor_setting setting[DOCTOR_SETTING_CNT];
	bool has_layout;
	struct probe_layout layout;
	struct err layout_err;
};

/* The features that are tried; of others nothing is said. */
#define DOCTOR_FEATURES                                                                            \
	{                                                                                          \
		EBPF_FEATURE_ATOMIC_FETCH, EBPF_FEATURE_CPU_V4, EBPF_FEATURE_MAP_RINGBUF,          \
			EBPF_FEATURE_LINK_XDP, EBPF_FEATURE_LINK_PERF,                             \
			EBPF_FEATURE_LINK_KPROBE_MULTI, EBPF_FEATURE_LINK_TCX                      \
	}

/* Tries everything. Nothing is left behind. -errno only when not even the version is known. */
int probe_doctor_examine(struct doctor *d, struct err *e);

#endif
