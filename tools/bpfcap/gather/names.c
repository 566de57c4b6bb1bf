/* SPDX-License-Identifier: MIT */
/*
 * names.c - what --gather reads from the command line: how packets are recognized, and the hooks
 * that every packet should pass. Fails for an unknown --gather-by.
 */
#include "names.h"

#include <errno.h>
#include <string.h>

int gather_by(const char *what, bool *by_skb, struct err *e)
{
	*by_skb = what && strcmp(what, "skb") == 0;
	if (!what || *by_skb || strcmp(what, "content") == 0)
		return 0;
	return err_input(e, -EINVAL, "options", "unknown --gather-by '%s'; use content or skb",
			 what);
}

static bool any_glob(const struct word_list *hooks)
{
	for (size_t i = 0; i < hooks->cnt; i++)
		if (strpbrk(hooks->words[i], "*?["))
			return true;
	return false;
}

bool gather_is_awaited(const char *name, const struct word_list *hooks)
{
	return !any_glob(hooks) && strcmp(name, "drop") != 0 && strcmp(name, "kfree_skb") != 0;
}
