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
#include "state.h"

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

int probe_session_load(struct probe *p, struct hook *h, bool want_log, struct err *e)
{
	struct ebpf_prog prog = {0};
	char name[KBPF_PROG_NAME_LEN], *log = NULL;
	struct kbpf_prog_spec spec = {
		.type = h->kind->type,
		.name = name,
		.attach_type = h->attach_type,
		.strict_alignment = !ebpf_target_has(&p->target, EBPF_FEATURE_UNALIGNED),
		.xdp_frags = probe_capture_has_frags(&p->capture, h->kind),
	};
	int fd, rc = probe_capture_build(&p->capture, h, &prog, e);

	if (rc < 0)
		return rc;
	prog_name(p, h, name);
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

static int prepare_and_load(struct probe *p, struct hook *h, bool want_log, struct err *e)
{
	int rc = h->ops->prepare ? h->ops->prepare(h, &p->env, e) : 0;

	return rc < 0 ? rc : probe_session_load(p, h, want_log, e);
}

int probe_session_load_all(struct probe *p, const struct probe_config *c, struct err *e)
{
	for (unsigned i = 0; i < p->hooks.cnt; i++) {
		int fd;

		if (p->hooks.hook[i].member_cnt == 0)
			continue;
		fd = prepare_and_load(p, &p->hooks.hook[i], c->log, e);
		if (fd < 0)
			return fd;
		p->state[i].prog_fd = fd;
	}
	return 0;
}
