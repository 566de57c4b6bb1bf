/* SPDX-License-Identifier: MIT */
/*
 * main.c - the command: reads a program in one format, and writes it in another or runs it. Exits
 * with 0, 1 (failed) or 2 (wrong input or command line).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../common/fail.h"
#include "elf.h"
#include "input.h"
#include "object.h"
#include "options.h"
#include "run_interp.h"
#include "run_kernel.h"

static int write_form(const struct asm_options *o, const struct asm_input *in, struct err *e)
{
	const char *name = o->out_path ? o->out_path : "standard output";
	FILE *f = o->out_path ? fopen(o->out_path, "we") : stdout;
	int rc;

	if (!f)
		return err_input(e, -errno, "output", "%s: %s", name, strerror(errno));
	rc = in->elf && o->output == FORM_TEXT
		     ? object_list(f, in)
		     : ebpf_write(f, &in->source.prog, (enum ebpf_format)o->output);
	if (o->out_path && fclose(f) != 0 && !rc)
		rc = -errno;
	return rc ? err_run(e, rc, "output", "%s: %s", name, strerror(-rc)) : 0;
}

static int act(struct asm_options *o, struct err *e)
{
	struct asm_input in;
	int rc = input_read(o, &in, e);

	if (rc)
		; /* already reported */
	else if (o->run && (o->interpret || o->trace))
		rc = run_interpreted(o, &in.source, e);
	else if (o->run)
		rc = run_in_kernel(o, &in, e);
	else if (o->output == FORM_ELF)
		rc = elf_write(o, &in, e);
	else
		rc = write_form(o, &in, e);
	input_free(&in);
	return rc;
}

int main(int argc, char **argv)
{
	struct asm_options o;
	struct err e = {0};
	int rc = options_parse(&o, argc, argv, &e);

	if (rc == 0 && o.help)
		options_help();
	else if (rc == 0 && o.man)
		options_man();
	else if (rc == 0 && o.version)
		puts("bpfasm " BPFCAP_VERSION);
	else if (rc == 0)
		rc = act(&o, &e);
	if (rc == 0 || rc == -EPIPE) /* the reader has closed the pipe */
		return 0;
	return fail_report("bpfasm", &e);
}
