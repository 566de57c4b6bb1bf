/* SPDX-License-Identifier: MIT */
/*
 * src/probes/doctor_examine.c - finds out what this kernel offers, hook by hook, by trying.
 *
 * Gives verdicts and facts. What cannot be had is a verdict and not a failure.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fcntl.h>

#include "bpfcap/kbpf.h"
#include "doctor.h"

enum { MAP_TYPE_RINGBUF = 27 }; /* of linux/bpf.h from 5.8 on */

static void works(struct doctor_hook *h, const char *how)
{
	h->works = true;
	(void)snprintf(h->how, sizeof(h->how), "%s", how);
}

static void missing(struct doctor_hook *h, const char *what)
{
	h->works = false;
	(void)snprintf(h->how, sizeof(h->how), "%s", what);
}

/* Can programs of this type be loaded? Otherwise the verdict says why not. */
static bool can_load(struct doctor_hook *h, uint32_t type, const char *config)
{
	int rc = kbpf_has_prog_type(type);

	if (rc == 1)
		return true;
	if (rc == -EPERM)
		missing(h, "bpf(2) is not permitted: run as root, or with CAP_BPF, CAP_PERFMON and "
			   "CAP_NET_ADMIN (before 5.8: CAP_SYS_ADMIN)");
	else
		missing(h, config);
	return false;
}

/* Tracing programs must be able to read kernel memory, and the layout must be known. */
static bool can_trace(const struct doctor *d, struct doctor_hook *h, uint32_t type,
		      const char *config)
{
	if (!can_load(h, type, config))
		return false;
	if (kbpf_has_helper(type, EBPF_FN_probe_read_kernel) != 1 &&
	    kbpf_has_helper(type, EBPF_FN_probe_read) != 1) {
		missing(h,
			"programs may not read kernel memory: lockdown=confidentiality; boot with "
			"lockdown=integrity or less, or use -f socket or -f tc");
		return false;
	}
	if (!d->has_layout)
		missing(h, d->layout_err.text);
	return d->has_layout;
}

static void raw_tracepoints(const struct doctor *d, struct doctor_hook *h)
{
	if (can_trace(d, h, BPF_PROG_TYPE_RAW_TRACEPOINT,
		      "this kernel has no BPF tracing (CONFIG_BPF_EVENTS); use -f socket or -f tc"))
		works(h, "raw tracepoints");
}

static void tracepoints(const struct doctor *d, struct doctor_hook *h)
{
	struct err e;
	int fd;

	if (!can_trace(
		    d, h, BPF_PROG_TYPE_TRACEPOINT,
		    "this kernel has no BPF tracing (CONFIG_BPF_EVENTS); use -f socket or -f tc"))
		return;
	fd = kbpf_tracefs_open(&e);
	if (fd < 0) {
		missing(h, e.text);
		return;
	}
	close(fd);
	works(h, "perf events; tracefs can be read");
}

static void kprobes(const struct doctor *d, struct doctor_hook *h)
{
	if (!can_trace(d, h, BPF_PROG_TYPE_KPROBE,
		       "this kernel has no BPF kprobes (CONFIG_KPROBES, CONFIG_BPF_EVENTS); "
		       "use -f drop or tracepoints"))
		return;
	if (kbpf_has_kprobe_multi() == 1)
		works(h, "kprobe_multi links");
	else if (kbpf_has_kprobe_pmu() == 1)
		works(h, "the kprobe PMU");
	else
		missing(h,
			"this kernel has no kprobes (CONFIG_KPROBES and CONFIG_KPROBE_EVENTS); use "
			"-f drop or tracepoints");
}

static void tc(const struct doctor *d, struct doctor_hook *h)
{
	if (!can_load(h, BPF_PROG_TYPE_SCHED_CLS,
		      "this kernel has no sched_cls programs (CONFIG_NET)"))
		return;
	works(h,
	      ebpf_target_has(&d->target, EBPF_FEATURE_LINK_TCX)
		      ? "tcx links"
		      : "clsact qdisc and bpf filter (CONFIG_NET_SCH_INGRESS, CONFIG_NET_CLS_BPF)");
}

static void xdp(const struct doctor *d, struct doctor_hook *h)
{
	if (!can_load(h, BPF_PROG_TYPE_XDP, "this kernel has no XDP programs (CONFIG_NET)"))
		return;
	works(h, ebpf_target_has(&d->target, EBPF_FEATURE_LINK_XDP) ? "XDP links" : "rtnetlink");
}

static void packet_socket(const struct doctor *d, struct doctor_hook *h)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	(void)d;
	if (fd < 0) {
		missing(h, errno == EPERM
				   ? "packet sockets are not permitted: CAP_NET_RAW is needed"
				   : "this kernel has no packet sockets (CONFIG_PACKET)");
		return;
	}
	close(fd);
	if (can_load(h, BPF_PROG_TYPE_SOCKET_FILTER, "this kernel has no BPF (CONFIG_BPF_SYSCALL)"))
		works(h, "a packet socket");
}

static const struct check {
	const char *spec;
	void (*run)(const struct doctor *d, struct doctor_hook *h);
} checks[DOCTOR_HOOK_CNT] = {
	{"rx,tx,drop,rawtp", raw_tracepoints},
	{"tracepoint", tracepoints},
	{"kprobe", kprobes},
	{"tc", tc},
	{"xdp", xdp},
	{"socket", packet_socket},
};

/* What probe_target() leaves out because no program needs to know it. */
static void try_more(struct ebpf_target *t)
{
	ebpf_target_set(t, EBPF_FEATURE_MAP_RINGBUF, kbpf_has_map_type(MAP_TYPE_RINGBUF) == 1);
	ebpf_target_set(t, EBPF_FEATURE_LINK_PERF, kbpf_has_perf_link() == 1);
	ebpf_target_set(t, EBPF_FEATURE_LINK_KPROBE_MULTI, kbpf_has_kprobe_multi() == 1);
}

static const struct doctor_setting settings[DOCTOR_SETTING_CNT] = {
	{"net.core.bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable", ""},
	{"net.core.bpf_jit_harden", "/proc/sys/net/core/bpf_jit_harden", ""},
	{"kernel.unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled", ""},
	{"kernel.kptr_restrict", "/proc/sys/kernel/kptr_restrict", ""},
	{"kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", ""},
	{"kernel.perf_event_max_stack", "/proc/sys/kernel/perf_event_max_stack", ""},
	{"kernel.kprobes", "/sys/kernel/debug/kprobes/enabled", ""},
	{"lockdown", "/sys/kernel/security/lockdown", ""},
};

static void read_setting(struct doctor_setting *s)
{
	char *text;
	size_t len;

	if (kbpf_read_file(AT_FDCWD, s->path, &text, &len) < 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	(void)snprintf(s->value, sizeof(s->value), "%s", text);
	free(text);
}

int probe_doctor_examine(struct doctor *d, struct err *e)
{
	struct utsname u;
	int rc;

	memset(d, 0, sizeof(*d));
	(void)uname(&u);
	(void)snprintf(d->release, sizeof(d->release), "%s", u.release);
	(void)snprintf(d->machine, sizeof(d->machine), "%s", u.machine);
	rc = probe_target(&d->target, NULL, e);
	if (rc < 0)
		return rc;
	try_more(&d->target);
	d->has_layout = probe_layout_fill(&d->layout, &d->layout_err) == 0;
	for (int i = 0; i < DOCTOR_HOOK_CNT; i++) {
		d->hook[i].spec = checks[i].spec;
		checks[i].run(d, &d->hook[i]);
	}
	for (int i = 0; i < DOCTOR_SETTING_CNT; i++) {
		d->setting[i] = settings[i];
		read_setting(&d->setting[i]);
	}
	return 0;
}
