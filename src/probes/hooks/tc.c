/* SPDX-License-Identifier: MIT */
/*
 * tc.c - tc:ingress and tc:egress of an interface.
 *
 * By tcx link where the target has it, else as a filter of the clsact qdisc (bpfcap/kbpf.h). The
 * program gives no verdict, so that others' filters still run.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../hook.h"

static int parse(struct hook *h, const char *rest, struct err *e)
{
	if (strcmp(rest, "ingress") == 0)
		h->dir = PROBE_DIR_IN;
	else if (strcmp(rest, "egress") == 0)
		h->dir = PROBE_DIR_OUT;
	else
		return err_input(e, -EINVAL, "hook",
				 "'%s' is not a hook: tc is given as tc, tc:ingress or tc:egress",
				 h->spec);
	(void)snprintf(h->name, sizeof(h->name), "tc:%s", rest);
	return 0;
}

static int attach_iface(struct hook *h, const struct hook_env *env, int prog_fd, int ifindex,
			struct err *e)
{
	enum kbpf_tc_dir dir = h->dir == PROBE_DIR_IN ? KBPF_TC_INGRESS : KBPF_TC_EGRESS;
	bool tcx = ebpf_target_has(env->target, EBPF_FEATURE_LINK_TCX);
	struct kbpf_tc *mem = realloc(h->tc, (h->tc_cnt + 1) * sizeof(*mem));
	int rc;

	if (!mem)
		return err_run(e, -ENOMEM, "hook", "no memory for the tc hook");
	h->tc = mem;
	rc = kbpf_tc_attach(&mem[h->tc_cnt], prog_fd, ifindex, dir, tcx, e);
	if (rc == 0)
		h->tc_cnt++;
	return rc;
}

static void detach_iface(struct hook *h, int ifindex)
{
	for (unsigned i = 0; i < h->tc_cnt; i++) {
		if (h->tc[i].ifindex != ifindex)
			continue;
		(void)kbpf_tc_detach(&h->tc[i], NULL);
		h->tc[i] = h->tc[--h->tc_cnt];
		return;
	}
}

static void detach(struct hook *h)
{
	while (h->tc_cnt > 0)
		(void)kbpf_tc_detach(&h->tc[--h->tc_cnt], NULL);
	free(h->tc);
	h->tc = NULL;
}

const struct hook_ops probe_hook_tc = {
	.type = EBPF_PROG_SCHED_CLS,
	.parse = parse,
	.attach_iface = attach_iface,
	.detach_iface = detach_iface,
	.detach = detach,
};
