/* SPDX-License-Identifier: MIT */
/*
 * xdp.c - xdp, xdp:generic and xdp:native of an interface.
 *
 * By link where the target has it, else by rtnetlink (bpfcap/kbpf.h). The program passes every
 * packet on as it is. Fails with -EBUSY when the interface has a program already.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../hook.h"

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

static int attach_iface(struct hook *h, const struct hook_env *env, int prog_fd, int ifindex,
			struct err *e)
{
	bool link = ebpf_target_has(env->target, EBPF_FEATURE_LINK_XDP);
	struct kbpf_xdp *mem = realloc(h->xdp, (h->xdp_cnt + 1) * sizeof(*mem));
	int rc;

	if (!mem)
		return err_run(e, -ENOMEM, "hook", "no memory for the xdp hook");
	h->xdp = mem;
	rc = kbpf_xdp_attach(&mem[h->xdp_cnt], prog_fd, ifindex, mode_of(h), link, env->guard, e);
	if (rc == 0)
		h->xdp_cnt++;
	return rc;
}

static void detach_iface(struct hook *h, int ifindex)
{
	for (unsigned i = 0; i < h->xdp_cnt; i++) {
		if (h->xdp[i].ifindex != ifindex)
			continue;
		(void)kbpf_xdp_detach(&h->xdp[i], NULL);
		h->xdp[i] = h->xdp[--h->xdp_cnt];
		return;
	}
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
	.parse = parse,
	.attach_iface = attach_iface,
	.detach_iface = detach_iface,
	.detach = detach,
};
