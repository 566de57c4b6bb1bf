/* SPDX-License-Identifier: MIT */
/*
 * main.c - the command: parses the options, runs the selected mode, and returns the exit status:
 * 0, 1 (failure), 2 (usage error), or that of the command after "--".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bpfcap/probe.h"

#include "../common/fail.h"

#include "capture.h"
#include "extcap.h"
#include "help.h"
#include "options.h"
#include "remote/remote.h"
#include "replay.h"
#include "show.h"
#include "tls/keys.h"
#include "tls/layouts.h"

static int act(const struct cap_options *o, struct err *e)
{
	if (o->help)
		help_usage();
	else if (o->man)
		help_man();
	else if (o->completion)
		return help_completion(o->completion, e);
	else if (o->version)
		puts("bpfcap " BPFCAP_VERSION);
	else if (o->list_ifaces)
		return show_ifaces(e);
	else if (o->doctor)
		return probe_doctor(stdout, o->json, e);
	else if (o->dump_cnt || o->dump_stage)
		return show_program(o, e);
	else if (o->reads.cnt)
		return replay(o, e);
	else if (o->remotes.cnt)
		return remote(o, e);
	else if (o->tls_layout && layouts_is_library(o->tls_layout))
		return layouts_show(o->tls_layout, e);
	else if (keys_alone(o))
		return keys_run(o, e);
	else
		return capture(o, e);
	return 0;
}

int main(int argc, char **argv)
{
	struct cap_options o;
	struct err e = {0};
	int rc = extcap_is_asked(argv) ? extcap(&argc, &argv, &e) : 0;

	if (rc != 0)
		return rc > 0 ? 0 : fail_report("bpfcap", &e);
	rc = options_parse(&o, argc, argv, &e);
	if (rc == 0)
		rc = options_read_filter(&o, &e);
	if (rc == 0)
		rc = act(&o, &e);
	options_free(&o);
	if (rc >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		rc = err_run(&e, errno ? -errno : -EIO, "output", "standard output: %s",
			     strerror(errno ? errno : EIO));
	if (rc == -EPIPE) /* the reader of the output has closed it */
		return 0;
	if (rc >= 0)
		return rc;
	return fail_report("bpfcap", &e);
}
