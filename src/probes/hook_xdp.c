/* SPDX-License-Identifier: MIT */
/*
 * src/probes/hook_xdp.c - xdp, xdp:generic and xdp:native of the interfaces chosen with -i.
 *
 * By link where the target has it, else by rtnetlink (bpfcap/kbpf.h). The program passes every
 * packet on as it is. Fails with -EBUSY when the interface has a program already.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../err.h"
#include "hook.h"

static int parse(struct hook *h, const char *rest, struct err *e)
{
	if (*rest && strcmp(rest, "generic") != 0 && strcmp(rest, "native") != 0)
		return err_input(
			e, -EINVAL, "hook",
			"'%s' is not a hook: xdp is given as xdp, xdp:generic or xdp:native",
			h->spec);
	(void)snprintf(h->event, sizeof(h->event), "%s", rest);
	(void)snprintf(h->name, sizeof(h->name), "xdp%s%s", *rest ? ":" : "", rest);
	h->dir = PROBE_DIR_IN;
	return 0;
}

static enum kbpf_xdp_mode mode_of(const struct hook *h)
{
	return h->event[0] == 'g'   ? KBPF_XDP_GENERIC
	       : h->event[0] == 'n' ? KBPF_XDP_NATIVE
				    : KBPF_XDP_ANY;
}

static int attach(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e)
{
	bool link = ebpf_target_has(env->target, EBPF_FEATURE_LINK_XDP);

	h->xdp = calloc(env->iface_cnt, sizeof(*h->xdp));
	if (!h->xdp)
		return err_run(e, -ENOMEM, "hook", "no memory for the xdp hook");
	for (unsigned i = 0; i < env->iface_cnt; i++) {
		int rc = kbpf_xdp_attach(&h->xdp[i], prog_fd, env->iface[i].index, mode_of(h), link,
					 env->guard, e);

		if (rc < 0)
			return rc;
		h->xdp_cnt++;
	}
	return 0;
}

static void detach(struct hook *h)
{
	while (h->xdp_cnt > 0)
		(void)kbpf_xdp_detach(&h->xdp[--h->xdp_cnt], NULL);
	free(h->xdp);
	h->xdp = NULL;
}

const struct hook_ops probe_hook_xdp = {
	.type = EBPF_PROG_XDP,
	.needs_iface = true,
	.parse = parse,
	.attach = attach,
	.detach = detach,
};
