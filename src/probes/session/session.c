/* SPDX-License-Identifier: MIT */
/*
 * session.c - opens and closes a capture session.
 *
 * The user's input is checked first, then the kernel; programs attach once all are loaded. On
 * failure everything is released, and the error is that of the step.
 */
#include "state.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../capture/capture.h"
#include "../netns.h"

#define NO_MEMORY(e) err_run(e, -ENOMEM, "session", "no memory for a capture session")

/*
 * The socket hook if there are no tracing programs or if, under lockdown, they may not read memory.
 */
static const char *const *default_hooks(void)
{
	static const char *const tracing[] = {"rx", "tx", "drop", NULL};
	static const char *const no_tracing[] = {"socket", NULL};
	const uint32_t type = BPF_PROG_TYPE_RAW_TRACEPOINT;

	return kbpf_has_helper(type, EBPF_FN_probe_read_kernel) == 0 &&
			       kbpf_has_helper(type, EBPF_FN_probe_read) == 0
		       ? no_tracing
		       : tracing;
}

static int parse_hooks(struct probe *p, const struct probe_config *c, struct err *e)
{
	return probe_hooks_parse(&p->hooks, c->hooks && c->hooks[0] ? c->hooks : default_hooks(),
				 e);
}

static int configure_capture(struct probe *p, const struct probe_config *c, struct err *e)
{
	for (unsigned i = 0; i < p->hooks.cnt; i++) {
		p->capture.sockets |= p->hooks.hook[i].kind->ctx.packet_socket;
		p->capture.user |= p->hooks.hook[i].kind->user;
	}
	if (p->capture.user && c->tally)
		return err_input(e, -ENOTSUP, "tally",
				 "packets in the memory of a process cannot be counted there; "
				 "capture them");
	return probe_capture_configure(&p->capture, c, e);
}

/* Without -k. */
static bool probes(const struct probe_config *c)
{
	return !c->kernel || strcmp(c->kernel, "auto") == 0;
}

static void use_ringbuf(struct probe *p, uint32_t types)
{
	p->capture.ringbuf = true;
	for (int type = EBPF_PROG_SOCKET_FILTER; types >> type; type++)
		ebpf_target_set_helper(&p->target, type, EBPF_FN_ringbuf_output, true);
}

static int choose_target(struct probe *p, const struct probe_config *c, struct err *e)
{
	const char *kernel = c->kernel;
	uint32_t types = p->capture.track ? 1u << EBPF_PROG_KPROBE : 0;
	int rc;

	p->delivers = p->capture.selects = probe_session_delivers(p, c);
	if (p->delivers && !kernel)
		kernel = PROBE_BASE_VERSION; /* for now: it may need no program */
	for (unsigned i = 0; i < p->hooks.cnt; i++) {
		const struct capture_kind *kind = p->hooks.hook[i].kind;

		types |= 1u << kind->type;
		if (kind->tracing || p->capture.track)
			types |= 1u << EBPF_PROG_RAW_TRACEPOINT;
	}
	rc = probe_session_target(&p->target, kernel, types, e);
	if (rc == 0 && !p->delivers && !c->tally)
		rc = probe_session_choose_rings(&p->target, types, e);
	if (rc > 0)
		use_ringbuf(p, types);
	for (unsigned i = 0; rc >= 0 && probes(c) && i < p->hooks.cnt; i++)
		probe_call_allow(&p->capture.call, &p->target, p->hooks.hook[i].kind->type);
	if (rc >= 0 && c->strict_alignment)
		ebpf_target_set(&p->target, EBPF_FEATURE_UNALIGNED, false);
	return rc < 0 ? rc : 0;
}

static int choose_ifaces(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc;

	p->waits = c->wait;
	rc = probe_session_choose_ifaces(p, c->ifaces, e);
	if (rc < 0)
		return rc;
	p->capture.iface_netns = probe_session_wants_all(p) ? 0 : p->iface_netns;
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (!p->hooks.hook[i].ops->attach && !p->hooks.hook[i].ops->set_ifaces &&
		    !p->pattern)
			return err_input(e, -EINVAL, "hook",
					 "hook %s works on an interface; choose one with -i, or "
					 "all with -i any",
					 p->hooks.hook[i].spec);
	return 0;
}

/* "ip broadcast" depends on the interface, if there is one only; the filter was compiled first, so
 * that mistakes in it are reported first. */
static int use_netmask(struct probe *p, const struct probe_config *c, struct err *e)
{
	if (p->chosen_cnt != 1 || !c->expr || !strstr(c->expr, "broadcast"))
		return 0;
	p->capture.netmask = probe_iface_netmask(p->chosen[0].name);
	probe_capture_filter_free(&p->capture);
	return probe_capture_filter(&p->capture, c->expr, e);
}

/* Determines what kernel memory programs may read, and its layout. */
static int find_layout(struct probe *p, const struct probe_config *c, struct err *e)
{
	(void)c;
	if (probe_hooks_have(&p->hooks, false) && !p->delivers)
		p->capture.ptr_values = probe_shows_pointers();
	if (!probe_hooks_have(&p->hooks, true) && !p->capture.track)
		return 0;
	p->capture.layout = &p->layout;
	return probe_layout_fill(&p->layout, e);
}

static bool any_reason(const struct probe *p)
{
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		if (p->hooks.hook[i].reason_at >= 0)
			return true;
	return false;
}

/* Elsewhere a process has another number than the one that the kernel's programs see. */
static bool is_initial_pid_ns(void)
{
	static const char initial[] = "pid:[4026531836]"; /* PROC_PID_INIT_INO */
	char text[sizeof(initial)] = "";

	return readlink("/proc/self/ns/pid", text, sizeof(text) - 1) > 0 &&
	       strcmp(text, initial) == 0;
}

static int check_pid(uint32_t pid, struct err *e)
{
	if (pid && is_initial_pid_ns() &&
	    (pid > INT_MAX || (kill((pid_t)pid, 0) < 0 && errno == ESRCH)))
		return err_input(e, -ESRCH, "pid", "there is no process %" PRIu32, pid);
	return 0;
}

/* Reasons given by name must be known now; otherwise the names can wait until all is attached. */
static int parse_meta(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc = check_pid(c->pid, e);

	if (rc < 0)
		return rc;
	if (c->reasons)
		probe_meta_read_reasons(&p->reasons);
	return probe_meta_parse(&p->capture.meta, c, &p->reasons, e);
}

/* Interfaces, and hooks on them, are those of the namespace chosen. */
static int visit_netns(struct probe *p, const struct probe_config *c, struct err *e)
{
	bool needed = c->ifaces && c->ifaces[0];
	int rc;

	p->own_netns = p->iface_netns = probe_netns_own();
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		needed |= !p->hooks.hook[i].kind->tracing && !p->hooks.hook[i].kind->user;
	if (!needed || !c->netns || p->capture.meta.netns == p->own_netns)
		return 0;
	p->netns_fd = rc = probe_netns_open(c->netns, e);
	if (rc < 0)
		return rc;
	p->iface_netns = p->capture.meta.netns;
	p->back_fd = rc = probe_session_visit_netns(p);
	if (rc < 0)
		return err_run(e, rc, "netns",
			       "cannot enter network namespace '%s' (%s); this takes CAP_SYS_ADMIN",
			       c->netns, strerror(-rc));
	return 0;
}

static int resolve_hooks(struct probe *p, const struct probe_config *c, struct err *e)
{
	p->env = (struct hook_env){
		.target = &p->target,
		.iface_cnt = p->chosen_cnt,
		.capture = &p->capture,
		.promiscuous = !c->no_promiscuous,
		.left_out = c->left_out,
		.left_out_user = c->notice_user,
	};
	return probe_hooks_resolve(&p->hooks, &p->env, e);
}

static int make_state(struct probe *p, const struct probe_config *c, struct err *e)
{
	(void)c;
	p->state = calloc(p->hooks.cnt, sizeof(*p->state));
	if (!p->state)
		return NO_MEMORY(e);
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		p->state[i].prog_fd = -1;
	return 0;
}

static int open_owners(struct probe *p, const struct probe_config *c, struct err *e)
{
	if (!c->owners)
		return 0;
	p->owners = probe_owners_new();
	return p->owners ? 0 : NO_MEMORY(e);
}

/* For the output; a filter that names reasons has needed them before. */
static int read_reasons(struct probe *p, const struct probe_config *c, struct err *e)
{
	(void)c;
	(void)e;
	if (p->reasons.cnt == 0 && any_reason(p))
		probe_meta_read_reasons(&p->reasons);
	return 0;
}

/* Drops and stacks have addresses in the kernel's code, or in a process's. */
static int open_symbols(struct probe *p, const struct probe_config *c, struct err *e)
{
	bool needed = false, user = false;

	(void)e;
	for (unsigned i = 0; i < p->hooks.cnt; i++) {
		const struct hook *h = &p->hooks.hook[i];

		needed |= h->location_at >= 0 || (c->stack && !h->kind->user);
		user |= c->stack && h->kind->user;
	}
	probe_opaque_init(&p->addresses);
	if (user && !p->addresses.hides)
		p->stacks = probe_stacks_open();
	needed |= user && p->addresses.hides;
	if (needed && !p->addresses.hides)
		p->symbols = probe_kallsyms_reader_open();
	else if (needed && p->notice)
		p->notice(p->notice_user,
			  "the kernel shows no addresses to this user (kernel.kptr_restrict, "
			  "CAP_SYSLOG): packets come without stacks and places of drops");
	return 0;
}

/* In this order: the user's input is checked before the kernel, and nothing is attached before
 * everything is loaded. */
static int (*const steps[])(struct probe *p, const struct probe_config *c, struct err *e) = {
	parse_hooks,	      configure_capture,
	choose_target,	      parse_meta,
	visit_netns,	      probe_session_follow_open,
	choose_ifaces,	      use_netmask,
	find_layout,	      resolve_hooks,
	make_state,	      probe_session_open_source,
	probe_session_attach, probe_session_track_open,
	open_owners,	      read_reasons,
	open_symbols,
};

static int open_all(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(steps); i++)
		rc = steps[i](p, c, e);
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
	p->capture.ifaces_fd = p->capture.track_fd = p->capture.tables_fd = -1;
	p->capture.tally_fd = p->capture.call_fd = -1;
	for (int i = 0; i < SESSION_FORGET_CNT; i++)
		p->forget_fd[i] = -1;
	p->wake_fd = p->bell_fd = p->netns_fd = p->back_fd = -1;
	p->notice = c->notice;
	p->notice_user = c->notice_user;
	p->times_work = c->times_work;
	probe_clock_open(&p->clock);
	rc = open_all(p, c, e);
	probe_netns_leave(p->back_fd);
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
	int back;

	if (p->stopped)
		return;
	p->stopped = true;
	back = probe_session_visit_netns(p);
	for (unsigned i = 0; i < p->hooks.cnt; i++)
		probe_hook_detach(&p->hooks.hook[i]);
	probe_netns_leave(back);
	probe_session_track_close(p);
	(void)kbpf_guard_stop(p->guard);
	/*
	 * By then, programs that were running when their hook was closed have written their record.
	 */
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
	probe_call_free(&p->capture.call);
	probe_meta_free(&p->capture.meta);
	probe_session_follow_close(p);
	probe_session_free_ifaces(p);
	probe_clock_close(&p->clock);
	probe_kallsyms_reader_close(p->symbols);
	probe_stacks_close(p->stacks);
	if (p->netns_fd >= 0)
		close(p->netns_fd);
	probe_blocks_close(&p->hold.blocks);
	probe_owners_free(p->owners);
	probe_tp_names_free(&p->reasons);
	free(p->state);
	free(p->log);
	free(p);
}
