/* SPDX-License-Identifier: MIT */
/*
 * xdp.c - xdp, xdp:generic and xdp:native of an interface.
 *
 * Attaches by link if the target has it, else by rtnetlink (bpfcap/kbpf.h). The program passes
 * every packet on unchanged. Fails with -EBUSY if the interface already has a program.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../capture/capture.h"
#include "hook.h"

enum { PASS = 2 }; /* XDP_PASS */

struct xdp_programs {
	enum kbpf_xdp_mode mode;
	struct kbpf_xdp *one;
	size_t cnt, cap;
};

static int parse(struct hook *h, const char *rest, struct err *e)
{
	struct xdp_programs *s = h->state;

	if (strcmp(rest, "generic") == 0)
		s->mode = KBPF_XDP_GENERIC;
	else if (strcmp(rest, "native") == 0)
		s->mode = KBPF_XDP_NATIVE;
	else if (!*rest)
		s->mode = KBPF_XDP_ANY;
	else
		return err_input(
			e, -EINVAL, "hook",
			"'%s' is not a hook: xdp is given as xdp, xdp:generic or xdp:native",
			h->spec);
	(void)snprintf(h->name, sizeof(h->name), "xdp%s%s", *rest ? ":" : "", rest);
	h->dir = PROBE_DIR_IN;
	return 0;
}

static int attach_iface(struct hook *h, const struct hook_env *env, int prog_fd, int ifindex,
			struct err *e)
{
	bool by_link = ebpf_target_has(env->target, EBPF_FEATURE_LINK_XDP);
	struct xdp_programs *s = h->state;
	struct kbpf_xdp *more = grow(s->one, &s->cap, s->cnt + 1, sizeof(*more));
	int rc;

	if (!more)
		return err_run(e, -ENOMEM, "hook", "no memory for the xdp hook");
	s->one = more;
	rc = kbpf_xdp_attach(&more[s->cnt],
			     &(struct kbpf_xdp_spec){.prog_fd = prog_fd,
						     .ifindex = ifindex,
						     .mode = s->mode,
						     .link = by_link,
						     .guard = env->guard},
			     e);
	if (rc == 0)
		s->cnt++;
	return rc;
}

static void detach_iface(struct hook *h, int ifindex)
{
	struct xdp_programs *s = h->state;

	for (size_t i = 0; i < s->cnt; i++) {
		if (s->one[i].ifindex != ifindex)
			continue;
		(void)kbpf_xdp_detach(&s->one[i], NULL);
		s->one[i] = s->one[--s->cnt];
		return;
	}
}

static void detach(struct hook *h)
{
	struct xdp_programs *s = h->state;

	while (s->cnt > 0)
		(void)kbpf_xdp_detach(&s->one[--s->cnt], NULL);
}

static void release(struct hook *h)
{
	free(((struct xdp_programs *)h->state)->one);
}

static void sweep(void)
{
	(void)kbpf_xdp_sweep(NULL);
}

static bool outlives(const struct hook *h, const struct hook_env *env)
{
	(void)h;
	return !ebpf_target_has(env->target, EBPF_FEATURE_LINK_XDP);
}

static bool prog_name(const struct hook *h, const struct hook_env *env,
		      char name[KBPF_PROG_NAME_LEN])
{
	if (!outlives(h, env))
		return false;
	kbpf_xdp_prog_name(name);
	return true;
}

const struct hook_ops probe_hook_xdp = {
	.kind = {.type = EBPF_PROG_XDP,
		 .emit = probe_emit_ctx_program,
		 .ctx = {.access = CBPF2EBPF_DIRECT,
			 .in_buffers = true,
			 .ifindex = offsetof(struct xdp_md, ingress_ifindex),
			 .data = offsetof(struct xdp_md, data),
			 .data_end = offsetof(struct xdp_md, data_end),
			 .verdict = PASS}},
	.state_len = sizeof(struct xdp_programs),
	.parse = parse,
	.sweep = sweep,
	.outlives = outlives,
	.prog_name = prog_name,
	.attach_iface = attach_iface,
	.detach_iface = detach_iface,
	.detach = detach,
	.release = release,
};
