/* SPDX-License-Identifier: MIT */
/*
 * mistakes.c - passes every mistake in a text to a callback, except the last one, which the call as
 * a whole returns. So each is reported only when the next is found.
 */
#include "mistakes.h"

#include <errno.h>

int ebpf_mistake(struct mistakes *m, int rc)
{
	if (rc != -EINVAL)
		return rc;
	if (!m->text->mistake)
		return rc;
	if (m->cnt++ > 0 && !m->text->mistake(m->text->user, &m->held))
		return rc;
	m->held = m->last;
	return 0;
}

int ebpf_mistakes_end(const struct mistakes *m, int rc, struct err *e)
{
	if (e && rc)
		*e = m->last;
	else if (e && m->cnt)
		*e = m->held;
	return rc ? rc : m->cnt ? -EINVAL : 0;
}
