/* SPDX-License-Identifier: MIT */
/*
 * session.c - opens and closes a capture session.
 *
 * What can be wrong with the user's input is looked at first, then the kernel; programs attach
 * when all are loaded. On failure everything is released; the error is that of the step.
 */
#include "session.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../kprobe/kprobe.h"

#define NO_MEMORY(e) err_run(e, -ENOMEM, "session", "no memory for a capture session")

/* Where tracing programs cannot be had (or not read, under lockdown), a packet socket serves. */
static const char *const *default_hooks(void)
{
	static const char *const tracing[] = {"rx", "tx", "drop", NULL};
	static const char *const socket[] = {"socket", NULL};
	const uint32_t type = BPF_PROG_TYPE_RAW_TRACEPOINT;

	return kbpf_has_helper(type, EBPF_FN_probe_read_kernel) == 0 &&
			       kbpf_has_helper(type, EBPF_FN_probe_read) == 0
		       ? socket
		       : tracing;
}

static int parse_config(struct probe *p, const struct probe_config *c, struct err *e)
{
	const char *const *hooks = c->hooks && c->hooks[0] ? c->hooks : default_hooks();
	int rc = probe_hooks_parse(&p->hooks, hooks, e);

	if (rc < 0)
		return rc;
	return probe_capture_configure(&p->capture, c, e);
}

static int choose_ifaces(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc = probe_session_choose_ifaces(p, c->ifaces, e);

	if (rc < 0)
		return rc;
	p->capture.iface_netns = probe_session_wants_all(p) ? 0 : p->own_netns;
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (!p->hooks.hook[i].ops->attach && !p->pattern)
			return err_input(e, -EINVAL, "hook",
					 "hook %s works on an interface; choose one with -i, or "
					 "all with -i any",
					 p->hooks.hook[i].spec);
	return 0;
}

bool probe_session_has_hook(const struct probe *p, bool tracing)
{
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (p->hooks.hook[i].ops->tracing == tracing)
			return true;
	return false;
}

/* What of the kernel's memory programs may look at, and where it is. */
static int find_layout(struct probe *p, struct err *e)
{
	if (probe_session_has_hook(p, false))
		p->capture.ptr_values = probe_shows_pointers();
	if (!probe_session_has_hook(p, true) && !p->capture.track)
		return 0;
	p->capture.layout = &p->layout;
	return probe_layout_fill(&p->layout, e);
}

#define PROG_NAME_LEN 16

/* "bpfcap_tx": letters, digits, '_' and '.', 15 at most. */
static void prog_name(const struct hook *h, char name[PROG_NAME_LEN])
{
	(void)snprintf(name, PROG_NAME_LEN, "bpfcap_%.8s", h->name);
	for (char *p = name; *p; p++)
		if (*p == ':' || *p == '*' || *p == '?')
			*p = '_';
}

/* Appends the verifier's log of a program to those of the others. */
static int keep_log(struct probe *p, const struct hook *h, char *log, struct err *e)
{
	char *all = NULL;
	int rc = asprintf(&all, "%s%s:\n%s", p->log ? p->log : "", h->spec, log ? log : "");

	free(log);
	if (rc < 0)
		return NO_MEMORY(e);
	free(p->log);
	p->log = all;
	return 0;
}

static int load(struct probe *p, struct hook *h, bool want_log, struct err *e)
{
	struct ebpf_prog prog = {0};
	char name[PROG_NAME_LEN], *log = NULL;
	struct kbpf_prog_spec spec = {
		.type = h->ops->type,
		.name = name,
		.attach_type = h->attach_type,
		.xdp_frags = h->ops->type == EBPF_PROG_XDP && probe_capture_has_frags(&p->capture),
	};
	int fd, rc = probe_capture_build(&p->capture, h, &prog, e);

	if (rc < 0)
		return rc;
	prog_name(h, name);
	spec.insns = prog.insns;
	spec.insn_cnt = prog.cnt;
	if (want_log) {
		spec.log = &log;
		spec.log_level = 1;
	}
	fd = kbpf_prog_load(&spec, e);
	ebpf_prog_free(&prog);
	if (want_log && keep_log(p, h, log, e) < 0 && fd >= 0) {
		close(fd);
		return -ENOMEM;
	}
	return fd;
}

static int load_all(struct probe *p, const struct hook_env *env, bool want_log, struct err *e)
{
	for (unsigned i = 0; i < p->hooks.cnt; i++) {
		struct hook *h = &p->hooks.hook[i];
		int rc;

		if (h->member_cnt == 0)
			continue;
		rc = h->ops->prepare ? h->ops->prepare(h, env, e) : 0;
		if (rc == 0)
			rc = load(p, h, want_log, e);
		if (rc < 0)
			return rc;
		p->state[i].prog_fd = rc;
	}
	return 0;
}

/* A hook that the kernel refuses may do with less: the program is then made anew. */
static int attach_one(struct probe *p, unsigned i, const struct hook_env *env, struct err *e)
{
	struct hook *h = &p->hooks.hook[i];
	int rc;

	if (probe_session_by_iface(p, i))
		return probe_session_attach_ifaces(p, i, e);
	while ((rc = h->ops->attach(h, env, p->state[i].prog_fd, e)) == -EINVAL &&
	       h->ops->degrade && h->ops->degrade(h)) {
		close(p->state[i].prog_fd);
		p->state[i].prog_fd = rc = load(p, h, false, e);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static bool any_of_type(const struct probe *p, enum ebpf_prog_type type)
{
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (p->hooks.hook[i].ops->type == type)
			return true;
	return false;
}

/* What outlives us at the hook: taken off by whom we leave behind, if we cannot. */
static bool outlives(const struct hook *h, const struct ebpf_target *t)
{
	if (h->ops->type == EBPF_PROG_SCHED_CLS)
		return !ebpf_target_has(t, EBPF_FEATURE_LINK_TCX);
	if (h->ops->type == EBPF_PROG_XDP)
		return !ebpf_target_has(t, EBPF_FEATURE_LINK_XDP);
	return h->kprobe && probe_kprobe_outlives(h->kprobe);
}

/* What the dead left goes, and a guardian watches over ours. */
static int guard_hooks(struct probe *p, struct err *e)
{
	bool any = false;

	if (any_of_type(p, EBPF_PROG_SCHED_CLS))
		(void)kbpf_tc_sweep(NULL);
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		any |= outlives(&p->hooks.hook[i], &p->target);
	return any ? kbpf_guard_start(&p->guard, e) : 0;
}

static int guard_programs(struct probe *p, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < p->hooks.cnt; i++)
		if (p->state[i].prog_fd >= 0)
			rc = kbpf_guard_program(p->guard, p->state[i].prog_fd);
	return rc < 0 ? err_run(e, rc, "hook", "the process that cleans up after a crash is gone")
		      : 0;
}

static int attach_all(struct probe *p, struct hook_env *env, struct err *e)
{
	int guarded = guard_hooks(p, e);

	if (guarded == 0)
		guarded = guard_programs(p, e);
	if (guarded < 0)
		return guarded;
	env->guard = p->guard;
	for (unsigned i = 0; i < p->hooks.cnt; i++) {
		int rc = p->hooks.hook[i].member_cnt ? attach_one(p, i, env, e) : 0;

		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool any_reason(const struct probe *p)
{
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (p->hooks.hook[i].reason_at >= 0)
			return true;
	return false;
}

/* Reasons given by name must be known now; else their names have time until all is attached. */
static int parse_meta(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc;

	if (c->reasons)
		probe_meta_read_reasons(&p->reasons);
	rc = probe_meta_parse(&p->capture.meta, c, &p->reasons, e);
	p->own_netns = probe_meta_own_netns();
	for (unsigned i = 0; rc == 0 && i < p->hooks.cnt; i++)
		if (!p->hooks.hook[i].ops->tracing && p->capture.meta.netns &&
		    p->capture.meta.netns != p->own_netns)
			rc = err_input(
				e, -EINVAL, "netns",
				"hook %s sees only the network namespace that bpfcap runs in; "
				"start it there with ip netns exec",
				p->hooks.hook[i].spec);
	return rc;
}

static int open_all(struct probe *p, const struct probe_config *c, struct err *e)
{
	struct hook_env *env = &p->env;
	int rc = parse_config(p, c, e);

	if (rc == 0)
		rc = probe_target(&p->target, c->kernel, e);
	if (rc == 0)
		rc = parse_meta(p, c, e);
	if (rc == 0)
		rc = probe_session_follow_open(p, c->ifaces, e);
	if (rc == 0)
		rc = choose_ifaces(p, c, e);
	if (rc == 0)
		rc = find_layout(p, e);
	env->target = &p->target;
	env->left_out = c->left_out;
	env->left_out_user = c->notice_user;
	if (rc == 0)
		rc = probe_hooks_resolve(&p->hooks, env, e);
	if (rc < 0)
		return rc;
	p->state = calloc(p->hooks.cnt, sizeof(*p->state));
	if (!p->state)
		return NO_MEMORY(e);
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		p->state[i].prog_fd = -1;
	rc = probe_session_make_maps(p, c, e);
	if (rc == 0)
		rc = load_all(p, env, c->log, e);
	if (rc == 0)
		rc = attach_all(p, env, e);
	if (rc == 0)
		rc = probe_session_track_open(p, e);
	if (rc == 0 && c->owners) {
		p->owners = probe_owners_new();
		if (!p->owners)
			rc = NO_MEMORY(e);
	}
	if (rc == 0 && p->reasons.cnt == 0 && any_reason(p))
		probe_meta_read_reasons(&p->reasons);
	return rc;
}

int probe_open(struct probe **out, const struct probe_config *c, struct err *e)
{
	struct probe *p = calloc(1, sizeof(*p));
	int rc;

	*out = NULL;
	if (!p)
		return NO_MEMORY(e);
	p->capture.target = &p->target;
	p->capture.events_fd = p->capture.counters_fd = -1;
	p->capture.scratch_fd = p->capture.linktypes_fd = -1;
	p->wake_fd = -1;
	p->notice = c->notice;
	p->notice_user = c->notice_user;
	probe_clock_open(&p->clock);
	rc = open_all(p, c, e);
	if (c->log) {
		*c->log = p->log;
		p->log = NULL;
	}
	if (rc < 0) {
		probe_close(p);
		return rc;
	}
	*out = p;
	return 0;
}

void probe_stop(struct probe *p)
{
	if (p->stopped)
		return;
	p->stopped = true;
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		probe_hook_detach(&p->hooks.hook[i]);
	probe_session_track_close(p);
	(void)kbpf_guard_stop(p->guard);
	/* Programs that were running when their hook was closed have written their record then. */
	(void)syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}

void probe_close(struct probe *p)
{
	if (!p)
		return;
	probe_stop(p);
	for (unsigned i = 0; p->state && i < p->hooks.cnt; i++)
		if (p->state[i].prog_fd >= 0)
			close(p->state[i].prog_fd);
	probe_session_close_maps(p);
	probe_hooks_free(&p->hooks);
	probe_capture_filter_free(&p->capture);
	probe_meta_free(&p->capture.meta);
	probe_session_follow_close(p);
	probe_session_free_ifaces(p);
	probe_clock_close(&p->clock);
	probe_kallsyms_free(p->symbols);
	probe_owners_free(p->owners);
	probe_tp_names_free(&p->reasons);
	free(p->state);
	free(p->log);
	free(p);
}
