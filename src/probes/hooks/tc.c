/* SPDX-License-Identifier: MIT */
/*
 * tc.c - tc:ingress and tc:egress of an interface.
 *
 * Attaches by tcx link if the target has it, else as a filter of the clsact qdisc (bpfcap/kbpf.h).
 * For more than a few interfaces also as a filter: attaching or detaching a link waits for a grace
 * period, 15 to 30 ms, and a filter does not. The program gives no verdict, so that other filters
 * still run.
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

enum {
	TC_UNSPEC = -1, /* no verdict: others decide */
	LINK_CNT_MAX = 4,
};

struct tc_filters {
	struct kbpf_tc *one;
	size_t cnt, cap;
};

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

static bool by_link(const struct hook_env *env)
{
	return ebpf_target_has(env->target, EBPF_FEATURE_LINK_TCX) &&
	       env->iface_cnt <= LINK_CNT_MAX;
}

static int attach_iface(struct hook *h, const struct hook_env *env, int prog_fd, int ifindex,
			struct err *e)
{
	enum kbpf_tc_dir dir = h->dir == PROBE_DIR_IN ? KBPF_TC_INGRESS : KBPF_TC_EGRESS;
	struct tc_filters *s = h->state;
	struct kbpf_tc *more = grow(s->one, &s->cap, s->cnt + 1, sizeof(*more));
	int rc;

	if (!more)
		return err_run(e, -ENOMEM, "hook", "no memory for the tc hook");
	s->one = more;
	rc = kbpf_tc_attach(&more[s->cnt], prog_fd, ifindex, dir, by_link(env), e);
	/* a kernel that has links may lack sch_ingress and cls_bpf */
	if (rc == -ENOTSUP && ebpf_target_has(env->target, EBPF_FEATURE_LINK_TCX))
		rc = kbpf_tc_attach(&more[s->cnt], prog_fd, ifindex, dir, true, e);
	if (rc == 0)
		s->cnt++;
	return rc;
}

static void detach_iface(struct hook *h, int ifindex)
{
	struct tc_filters *s = h->state;

	for (size_t i = 0; i < s->cnt; i++) {
		if (s->one[i].ifindex != ifindex)
			continue;
		(void)kbpf_tc_detach(&s->one[i], NULL);
		s->one[i] = s->one[--s->cnt];
		return;
	}
}

static void detach(struct hook *h)
{
	struct tc_filters *s = h->state;

	while (s->cnt > 0)
		(void)kbpf_tc_detach(&s->one[--s->cnt], NULL);
}

static void release(struct hook *h)
{
	free(((struct tc_filters *)h->state)->one);
}

static void sweep(void)
{
	(void)kbpf_tc_sweep(NULL);
}

static bool outlives(const struct hook *h, const struct hook_env *env)
{
	(void)h;
	return !by_link(env);
}

const struct hook_ops probe_hook_tc = {
	.kind = {.type = EBPF_PROG_SCHED_CLS,
		 .emit = probe_emit_ctx_program,
		 .ctx = {.access = CBPF2EBPF_DIRECT,
			 .is_skb = true,
			 .ifindex = offsetof(struct __sk_buff, ifindex),
			 .data = offsetof(struct __sk_buff, data),
			 .data_end = offsetof(struct __sk_buff, data_end),
			 .verdict = TC_UNSPEC}},
	.state_len = sizeof(struct tc_filters),
	.parse = parse,
	.sweep = sweep,
	.outlives = outlives,
	.attach_iface = attach_iface,
	.detach_iface = detach_iface,
	.detach = detach,
	.release = release,
};
