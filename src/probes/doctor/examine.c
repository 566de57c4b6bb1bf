/* SPDX-License-Identifier: MIT */
/*
 * examine.c - finds out what this kernel offers, hook by hook, by trying.
 *
 * Gives facts and verdicts, and how to fix what is missing. A missing hook is a verdict, not a
 * failure.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fcntl.h>

#include "bpfcap/kbpf.h"
#include "findings.h"

enum { MAP_TYPE_RINGBUF = 27 }; /* of linux/bpf.h from 5.8 on */

/* The remedy for any failure but missing privileges. */
static const struct check {
	const char *spec;
	int (*run)(const struct doctor *d, const char **how, struct err *e);
	const char *caps, *fix;
} checks[DOCTOR_HOOK_CNT] = {
	{"rx,tx,drop,rawtp", probe_doctor_try_rawtp,
	 "sudo, or setcap cap_bpf,cap_perfmon,cap_net_admin=ep on bpfcap",
	 "a kernel with CONFIG_BPF_EVENTS=y; -f socket or -f tc do without"},
	{"tracepoint", probe_doctor_try_tracepoint,
	 "sudo, or setcap cap_bpf,cap_perfmon,cap_net_admin,cap_dac_read_search=ep on bpfcap",
	 "mount -t tracefs tracefs /sys/kernel/tracing, on a kernel with CONFIG_BPF_EVENTS=y; -f "
	 "rx,tx,drop do without tracefs"},
	{"kprobe", probe_doctor_try_kprobe,
	 "sudo, or setcap cap_bpf,cap_perfmon,cap_net_admin=ep on bpfcap",
	 "a kernel with CONFIG_KPROBES=y, CONFIG_KPROBE_EVENTS=y and CONFIG_BPF_EVENTS=y; -f drop "
	 "and tracepoints do without"},
	{"raw,mbuf", probe_doctor_try_user,
	 "sudo, or setcap cap_bpf,cap_perfmon,cap_net_admin,cap_sys_ptrace=ep on bpfcap",
	 "a kernel with CONFIG_UPROBE_EVENTS=y and CONFIG_BPF_EVENTS=y"},
	{"tc", probe_doctor_try_tc,
	 "sudo, or setcap cap_bpf,cap_perfmon,cap_net_admin=ep on bpfcap",
	 "modprobe -a sch_ingress cls_bpf, or a kernel with the option that is missing"},
	{"xdp", probe_doctor_try_xdp,
	 "sudo, or setcap cap_bpf,cap_perfmon,cap_net_admin=ep on bpfcap",
	 "a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_NET=y"},
	{"socket", probe_doctor_try_socket, "sudo, or setcap cap_net_raw=ep on bpfcap",
	 "modprobe af_packet"},
};

static const char *fix_for(const struct doctor *d, const struct check *c, int rc)
{
	if (rc != -EPERM && rc != -EACCES)
		return c->fix;
	return d->lockdown == LOCKDOWN_CONFIDENTIALITY
		       ? "boot with lockdown=integrity or none; -f socket and -f tc do without"
		       : c->caps;
}

static void examine_hook(const struct doctor *d, const struct check *c, struct doctor_hook *h)
{
	const char *how = "";
	struct err e = {0};
	int rc = c->run(d, &how, &e);

	h->spec = c->spec;
	h->works = rc == 0;
	h->fix = rc == 0 ? NULL : fix_for(d, c, rc);
	(void)snprintf(h->how, sizeof(h->how), "%s", rc == 0 ? how : e.text);
}

/* Features that probe_target() leaves out because no program depends on them. */
static void try_more(struct ebpf_target *t)
{
	ebpf_target_set(t, EBPF_FEATURE_MAP_RINGBUF, kbpf_has_map_type(MAP_TYPE_RINGBUF) == 1);
	ebpf_target_set(t, EBPF_FEATURE_LINK_PERF, kbpf_has_perf_link() == 1);
	ebpf_target_set(t, EBPF_FEATURE_LINK_KPROBE_MULTI, kbpf_has_kprobe_multi() == 1);
}

static const struct doctor_setting settings[DOCTOR_SETTING_CNT] = {
	{"net.core.bpf_jit_enable", "/proc/sys/net/core/bpf_jit_enable", "0",
	 "programs are interpreted, which is slow: sysctl -w net.core.bpf_jit_enable=1", ""},
	{"net.core.bpf_jit_harden", "/proc/sys/net/core/bpf_jit_harden", "2",
	 "programs of root are hardened too and run slower: sysctl -w net.core.bpf_jit_harden=1",
	 ""},
	{"kernel.unprivileged_bpf_disabled", "/proc/sys/kernel/unprivileged_bpf_disabled", NULL,
	 NULL, ""},
	{"kernel.kptr_restrict", "/proc/sys/kernel/kptr_restrict", "2",
	 "addresses have no names (stacks, drops), and before 5.15 globs of functions fail: sysctl "
	 "-w kernel.kptr_restrict=1",
	 ""},
	{"kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid", NULL, NULL, ""},
	{"kernel.perf_event_max_stack", "/proc/sys/kernel/perf_event_max_stack", NULL, NULL, ""},
	{"kernel.kprobes", "/sys/kernel/debug/kprobes/enabled", "0",
	 "probes never fire: echo 1 >/sys/kernel/debug/kprobes/enabled", ""},
	{"rcu_expedited", "/sys/kernel/rcu_expedited", NULL, NULL, ""},
	{"lockdown", "/sys/kernel/security/lockdown", NULL, NULL, ""},
};

bool probe_doctor_is_bad(const struct doctor_setting *s)
{
	return s->bad && strncmp(s->value, s->bad, strlen(s->bad)) == 0;
}

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

static enum doctor_lockdown lockdown_of(const struct doctor *d)
{
	const char *text = d->setting[DOCTOR_SETTING_CNT - 1].value;

	return strstr(text, "[confidentiality]") ? LOCKDOWN_CONFIDENTIALITY
	       : strstr(text, "[integrity]")	 ? LOCKDOWN_INTEGRITY
						 : LOCKDOWN_NONE;
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
	for (int i = 0; i < DOCTOR_SETTING_CNT; i++) {
		d->setting[i] = settings[i];
		read_setting(&d->setting[i]);
	}
	d->lockdown = lockdown_of(d);
	d->has_layout = probe_layout_fill(&d->layout, &d->layout_err) == 0;
	for (int i = 0; i < DOCTOR_HOOK_CNT; i++)
		examine_hook(d, &checks[i], &d->hook[i]);
	return 0;
}
