/* SPDX-License-Identifier: MIT */
/*
 * load.c - builds and loads the programs of a session's hooks.
 *
 * Keeps the verifier's logs on request. Fails with the error of preparing the hook, building its
 * program or loading it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../capture/capture.h"
#include "../thread.h"
#include "state.h"

enum { THREAD_CNT = 8 };

/* "bpfcap_tx": letters, digits, '_' and '.', 15 at most. */
static void prog_name(const struct probe *p, const struct hook *h, char name[KBPF_PROG_NAME_LEN])
{
	if (h->ops->prog_name && h->ops->prog_name(h, &p->env, name))
		return;
	(void)snprintf(name, KBPF_PROG_NAME_LEN, "bpfcap_%.8s", h->name);
	for (char *c = name; *c; c++)
		if (*c == ':' || *c == '*' || *c == '?')
			*c = '_';
}

/* Appends the verifier's log of a program to those of the others. */
static int keep_log(struct probe *p, const struct hook *h, char *log, struct err *e)
{
	char *all = NULL;
	int rc = asprintf(&all, "%s%s:\n%s", p->log ? p->log : "", h->spec, log ? log : "");

	free(log);
	if (rc < 0)
		return err_run(e, -ENOMEM, "session", "no memory for the verifier's log");
	free(p->log);
	p->log = all;
	return 0;
}

/* A program that is built, and loaded by a thread of its own. */
struct loading {
	struct probe *p;
	struct hook *h;
	bool want_log;
	struct ebpf_prog prog;
	int fd;
	struct err err;
	pthread_t thread;
	bool has_thread;
};

static int build(struct loading *l, struct err *e)
{
	return probe_capture_build(&l->p->capture, l->h, &l->prog, e);
}

/*
 * Machines with separate address spaces (s390x) lost bpf_probe_read() with Linux 5.8, so programs
 * for 5.4 (-k) do not load there.
 */
static void explain_refusal(const struct loading *l, int rc, struct err *e)
{
	const struct capture_kind *kind = l->h->kind;

	if ((kind->tracing || kind->user) &&
	    !ebpf_target_has_helper(&l->p->target, kind->type, EBPF_FN_probe_read_kernel) &&
	    kbpf_has_helper(kind->type, EBPF_FN_probe_read) == 0 &&
	    kbpf_has_helper(kind->type, EBPF_FN_probe_read_kernel) == 1)
		(void)err_run(e, rc, "kernel",
			      "programs for kernel %s call bpf_probe_read(), which this kernel "
			      "does not have on this machine; use -k 5.5 or later, or no -k",
			      l->p->target.name);
}

static int load_built(struct loading *l, struct err *e)
{
	struct probe *p = l->p;
	char name[KBPF_PROG_NAME_LEN], *log = NULL;
	struct kbpf_prog_spec spec = {
		.type = l->h->kind->type,
		.insns = l->prog.insns,
		.insn_cnt = l->prog.cnt,
		.name = name,
		.attach_type = l->h->attach_type,
		.strict_alignment = !ebpf_target_has(&p->target, EBPF_FEATURE_UNALIGNED),
		.xdp_frags = probe_capture_has_frags(&p->capture, l->h->kind),
	};
	int64_t at = -1;
	int fd;

	prog_name(p, l->h, name);
	if (l->want_log) {
		spec.log = &log;
		spec.log_level = 1;
	}
	if (calls_function(&p->capture))
		spec.refused_at = &at;
	fd = kbpf_prog_load(&spec, e);
	if (fd < 0 && calls_function(&p->capture))
		probe_call_refused(&p->capture.call, l->prog.cnt, at, e);
	else if (fd < 0)
		explain_refusal(l, fd, e);
	if (l->want_log && keep_log(p, l->h, log, e) < 0 && fd >= 0) {
		close(fd);
		return -ENOMEM;
	}
	return fd;
}

int probe_session_load(struct probe *p, struct hook *h, bool want_log, struct err *e)
{
	struct loading l = {.p = p, .h = h, .want_log = want_log};
	int rc = build(&l, e);

	if (rc == 0)
		rc = load_built(&l, e);
	ebpf_prog_free(&l.prog);
	return rc;
}

static int prepare_and_build(struct loading *l, struct err *e)
{
	int rc = l->h->ops->prepare ? l->h->ops->prepare(l->h, &l->p->env, e) : 0;

	return rc < 0 ? rc : build(l, e);
}

static void *run(void *user)
{
	struct loading *l = user;

	l->fd = load_built(l, &l->err);
	return NULL;
}

/* The verifier takes most of the time. The last program, and all with a log, are loaded here. */
static void load_each(struct loading *all, unsigned cnt)
{
	for (unsigned i = 0; i + 1 < cnt; i++)
		all[i].has_thread = cnt <= THREAD_CNT && !all[i].want_log &&
				    probe_thread_start(&all[i].thread, run, &all[i]);
	for (unsigned i = 0; i < cnt; i++)
		if (!all[i].has_thread)
			(void)run(&all[i]);
	for (unsigned i = 0; i < cnt; i++)
		if (all[i].has_thread)
			(void)pthread_join(all[i].thread, NULL);
}

/* Gives the descriptors to the session. The first failure is that of all. */
static int take_loaded(struct probe *p, const struct loading *all, unsigned cnt, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; i < cnt; i++) {
		p->state[all[i].h->index].prog_fd = all[i].fd < 0 ? -1 : all[i].fd;
		if (rc == 0 && all[i].fd < 0) {
			rc = all[i].fd;
			if (e)
				*e = all[i].err;
		}
	}
	return rc;
}

int probe_session_load_all(struct probe *p, const struct probe_config *c, struct err *e)
{
	struct loading *all = calloc(p->hooks.cnt, sizeof(*all));
	unsigned cnt = 0;
	int rc = 0;

	if (!all)
		return err_run(e, -ENOMEM, "session", "no memory to load programs");
	for (unsigned i = 0; rc == 0 && i < p->hooks.cnt; i++) {
		if (p->hooks.hook[i].member_cnt == 0)
			continue;
		all[cnt] = (struct loading){.p = p, .h = &p->hooks.hook[i], .want_log = c->log};
		rc = prepare_and_build(&all[cnt++], e);
	}
	if (rc == 0) {
		load_each(all, cnt);
		rc = take_loaded(p, all, cnt, e);
	}
	for (unsigned i = 0; i < cnt; i++)
		ebpf_prog_free(&all[i].prog);
	free(all);
	return rc;
}
