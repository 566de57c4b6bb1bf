/* SPDX-License-Identifier: MIT */
/*
 * list.c - the hooks of a session: appended, resolved, replaced, detached, freed.
 *
 * Fails with -EINVAL (input) for a repeated hook or a glob that matches too many functions, and
 * with -ENOMEM.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "hook.h"

int probe_hooks_append(struct hook_list *list, const struct hook *h, struct err *e)
{
	struct hook *all;

	for (unsigned i = 0; i < list->cnt; i++)
		if (strcmp(list->hook[i].spec, h->spec) == 0)
			return err_input(e, -EINVAL, "hook", "hook '%s' is given twice", h->spec);
	all = grow(list->hook, &list->cap, list->cnt + 1, sizeof(*all));
	if (!all)
		return err_run(e, -ENOMEM, "hook", "no memory for another hook");
	list->hook = all;
	list->hook[list->cnt] = *h;
	list->hook[list->cnt].index = (uint16_t)list->cnt;
	list->cnt++;
	return 0;
}

/* True if hook `at` is the first of its kind. Some steps run once for each kind. */
static bool is_first(const struct hook_list *list, unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (list->hook[i].ops == list->hook[at].ops)
			return false;
	return true;
}

int probe_hooks_resolve(struct hook_list *list, const struct hook_env *env, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < list->cnt; i++)
		if (list->hook[i].ops->resolve && is_first(list, i))
			rc = list->hook[i].ops->resolve(list, i, env, e);
	return rc;
}

void probe_hooks_sweep(const struct hook_list *list)
{
	for (unsigned i = 0; i < list->cnt; i++)
		if (list->hook[i].ops->sweep && is_first(list, i))
			list->hook[i].ops->sweep();
}

int probe_hooks_replace(struct hook_list *list, unsigned at, const struct hook *hooks, unsigned cnt,
			struct err *e)
{
	unsigned all = list->cnt - 1 + cnt;
	struct hook *mem;

	if (all > HOOK_CNT_MAX)
		return err_input(
			e, -EINVAL, "hook",
			"%s matches %u functions; that is more than the %d hooks a session can "
			"have, so narrow it down",
			list->hook[at].spec, cnt, HOOK_CNT_MAX);
	mem = malloc(all * sizeof(*mem));
	if (!mem)
		return err_run(e, -ENOMEM, "hook", "no memory for another hook");
	memcpy(mem, list->hook, at * sizeof(*mem));
	memcpy(mem + at, hooks, cnt * sizeof(*mem));
	memcpy(mem + at + cnt, list->hook + at + 1, (list->cnt - at - 1) * sizeof(*mem));
	free(list->hook);
	list->hook = mem;
	list->cap = 0;
	list->cnt = all;
	for (unsigned i = 0; i < all; i++)
		mem[i].index = (uint16_t)i;
	return 0;
}

bool probe_hooks_have(const struct hook_list *list, bool tracing)
{
	for (unsigned i = 0; i < list->cnt; i++)
		if (list->hook[i].kind->tracing == tracing)
			return true;
	return false;
}

void probe_hook_detach(struct hook *h)
{
	if (h->state)
		h->ops->detach(h);
}

void probe_hook_release(struct hook *h)
{
	probe_hook_detach(h);
	if (h->state && h->ops->release)
		h->ops->release(h);
	free(h->state);
	h->state = NULL;
}

void probe_hooks_free(struct hook_list *list)
{
	for (unsigned i = 0; i < list->cnt; i++)
		probe_hook_release(&list->hook[i]);
	free(list->hook);
	*list = (struct hook_list){0};
}
