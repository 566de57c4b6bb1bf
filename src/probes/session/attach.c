/* SPDX-License-Identifier: MIT */
/*
 * attach.c - attaches the hooks of a session, watched by a guardian where attachments outlive us.
 *
 * Fails with the error of starting the guardian or of attaching.
 */
#include <errno.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "state.h"

/* If the kernel refuses a hook that can do with less, the program is built again. */
static int attach_one(struct probe *p, unsigned i, struct err *e)
{
	struct hook *h = &p->hooks.hook[i];
	int rc;

	if (probe_session_by_iface(p, i))
		return probe_session_attach_ifaces(p, i, e);
	while ((rc = h->ops->attach(h, &p->env, p->state[i].prog_fd, e)) == -EINVAL &&
	       h->ops->degrade && h->ops->degrade(h)) {
		close(p->state[i].prog_fd);
		p->state[i].prog_fd = rc = probe_session_load(p, h, false, e);
		if (rc < 0)
			return rc;
	}
	return rc;
}

/* Starts the guardian if something must be detached after a crash. */
static int start_guard(struct probe *p, struct err *e)
{
	bool any = false;

	for (unsigned i = 0; i < p->hooks.cnt; i++) {
		const struct hook *h = &p->hooks.hook[i];

		any |= h->ops->outlives && h->ops->outlives(h, &p->env);
	}
	return any ? kbpf_guard_start(&p->guard, e) : 0;
}

static int guard_programs(struct probe *p, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < p->hooks.cnt; i++)
		if (p->state[i].prog_fd >= 0)
			rc = kbpf_guard_program(p->guard, p->state[i].prog_fd);
	return rc < 0 ? err_run(e, rc, "hook", "the guardian, which cleans up after a crash, %s",
				rc == -EAGAIN ? "is stopped" : "has died")
		      : 0;
}

int probe_session_attach(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc;

	(void)c;
	probe_hooks_sweep(&p->hooks);
	rc = start_guard(p, e);
	if (rc == 0)
		rc = guard_programs(p, e);
	p->env.guard = p->guard;
	for (unsigned i = 0; rc == 0 && i < p->hooks.cnt; i++)
		rc = p->hooks.hook[i].member_cnt ? attach_one(p, i, e) : 0;
	if (rc == 0 && kbpf_turn_missed() && p->notice)
		p->notice(p->notice_user,
			  "another process keeps this network namespace locked (/proc/locks), so "
			  "captures that start or end at the same time may leave a qdisc");
	return rc;
}
