/* SPDX-License-Identifier: MIT */
/*
 * select.c - selects matched packets by direction (-Q). A packet that is not selected counts as
 * matched, but not as captured. Fails for an unknown direction.
 */
#include "select.h"

#include <errno.h>
#include <string.h>

#include "../common/fail.h"

int select_init(struct selection *s, const struct cap_options *o, struct err *e)
{
	static const struct {
		const char *name;
		enum probe_dir dir;
	} dirs[] = {{"in", PROBE_DIR_IN}, {"out", PROBE_DIR_OUT}, {"inout", PROBE_DIR_UNKNOWN}};

	*s = (struct selection){0};
	if (!o->direction)
		return 0;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		s->dir = dirs[i].dir;
		if (strcmp(dirs[i].name, o->direction) == 0)
			return 0;
	}
	return err_input(e, -EINVAL, "options", "unknown direction '%s'; use in, out or inout",
			 o->direction);
}

bool select_takes(const struct selection *s, const struct probe_event *ev)
{
	return s->dir == PROBE_DIR_UNKNOWN || s->dir == ev->dir;
}
