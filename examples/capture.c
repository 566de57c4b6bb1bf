/* SPDX-License-Identifier: MIT */
/*
 * capture.c - prints packets as the kernel sees them: a capture session in a few lines.
 *
 *	capture EXPRESSION COUNT [HOOK...]
 */
#include <stdio.h>
#include <stdlib.h>

#include "bpfcap/probe.h"

struct session {
	struct probe *probe;
	int left;
};

static int on_event(void *user, const struct probe_event *ev)
{
	struct session *s = user;

	printf("%lld.%09lld %s %u bytes\n", (long long)ev->time.s, (long long)ev->time.ns,
	       probe_hook_name(s->probe, ev->hook), ev->len);
	return --s->left == 0; /* ends the poll */
}

int main(int argc, char **argv)
{
	struct probe_config c = {.expr = argc > 1 ? argv[1] : NULL};
	struct session s = {.left = argc > 2 ? atoi(argv[2]) : 10};
	struct err e;
	int rc;

	if (argc > 3)
		c.hooks = (const char *const *)argv + 3; /* ends with NULL, as argv does */
	rc = probe_open(&s.probe, &c, &e);
	if (rc == 0) {
		while (s.left > 0 && rc >= 0)
			rc = probe_poll(s.probe, 100, on_event, &s, &e);
		probe_close(s.probe);
	}
	if (rc < 0)
		fprintf(stderr, "capture: %s\n", e.text);
	return rc < 0;
}
