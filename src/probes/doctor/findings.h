/* SPDX-License-Identifier: MIT */
/* findings.h - what the doctor found about this kernel, before it is printed. */
#ifndef BPFCAP_SRC_PROBES_DOCTOR_FINDINGS_H
#define BPFCAP_SRC_PROBES_DOCTOR_FINDINGS_H

#include "../layout/layout.h"

#define DOCTOR_TEXT_LEN ERR_TEXT_LEN

/* Whether a hook works here. `how` holds the means, or what is missing. */
struct doctor_hook {
	const char *spec;
	bool works;
	char how[DOCTOR_TEXT_LEN];
	const char *fix; /* a command or other remedy; NULL where the hook works */
};

/* A setting that affects BPF; the text is as the kernel shows it. */
struct doctor_setting {
	const char *name, *path;
	const char *bad;  /* prefix of the values that have a cost, or NULL */
	const char *cost; /* what it costs, and the command that fixes it */
	char value[64];	  /* "": this kernel does not have it */
};

enum { DOCTOR_HOOK_CNT = 7, DOCTOR_SETTING_CNT = 9 };

enum doctor_lockdown { LOCKDOWN_NONE, LOCKDOWN_INTEGRITY, LOCKDOWN_CONFIDENTIALITY };

struct doctor {
	char release[65], machine[65];
	struct ebpf_target target;
	enum doctor_lockdown lockdown;
	struct doctor_hook hook[DOCTOR_HOOK_CNT];
	struct doctor_setting setting[DOCTOR_SETTING_CNT];
	bool has_layout;
	struct probe_layout layout;
	struct err layout_err;
};

/* The features that are tried and reported. */
#define DOCTOR_FEATURES                                                                            \
	{                                                                                          \
		EBPF_FEATURE_ATOMIC_FETCH, EBPF_FEATURE_CPU_V4, EBPF_FEATURE_MAP_RINGBUF,          \
			EBPF_FEATURE_LINK_XDP, EBPF_FEATURE_LINK_PERF,                             \
			EBPF_FEATURE_LINK_KPROBE_MULTI, EBPF_FEATURE_LINK_TCX                      \
	}

/* ---- try.c: 0 and by what means it works, or -errno and why not ----------------------------- */

int probe_doctor_try_rawtp(const struct doctor *d, const char **how, struct err *e);
int probe_doctor_try_tracepoint(const struct doctor *d, const char **how, struct err *e);
int probe_doctor_try_kprobe(const struct doctor *d, const char **how, struct err *e);
int probe_doctor_try_user(const struct doctor *d, const char **how, struct err *e);
int probe_doctor_try_tc(const struct doctor *d, const char **how, struct err *e);
int probe_doctor_try_xdp(const struct doctor *d, const char **how, struct err *e);
int probe_doctor_try_socket(const struct doctor *d, const char **how, struct err *e);

/* ---- examine.c ------------------------------------------------------------------------------ */

/* True if a setting has a value with a cost. */
bool probe_doctor_is_bad(const struct doctor_setting *s);

/* Tries everything, and leaves nothing attached. -errno only if not even the version is known. */
int probe_doctor_examine(struct doctor *d, struct err *e);

#endif
