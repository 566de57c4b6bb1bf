/* SPDX-License-Identifier: MIT */
/*
 * main.c - bpfinject IN.o -o OUT.o --at FUNCTION -e EXPR: inserts pcap filters into a compiled BPF
 * program. Exits with 0, 1 (something failed) or 2 (the command line, the expression or the object
 * is wrong); the output is written completely or not at all.
 */
#include <stdio.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kelf.h"

#include "../common/fail.h"
#include "list.h"
#include "options.h"
#include "place.h"

static int fill_places(struct kbpf_elf *k, const struct inject_options *o, struct err *e)
{
	struct ebpf_target target;
	int rc = ebpf_target_by_version(&target, o->kernel, e);

	for (size_t i = 0; !rc && i < o->place_cnt; i++)
		rc = place_fill(k, &o->places[i], &target, e);
	return rc ? rc : kbpf_elf_write(k, o->out, e);
}

static int run(const struct inject_options *o, struct err *e)
{
	struct kbpf_elf *k;
	int rc;

	if (o->help)
		options_help();
	if (o->version)
		puts("bpfinject " BPFCAP_VERSION);
	if (o->help || o->version)
		return 0;
	rc = kbpf_elf_read(&k, o->in, e);
	if (rc)
		return rc;
	rc = o->list ? list_functions(k, e) : fill_places(k, o, e);
	kbpf_elf_free(k);
	return rc;
}

int main(int argc, char **argv)
{
	struct inject_options o;
	struct err e = {0};
	int rc = options_parse(&o, argc, argv, &e);

	if (!rc)
		rc = run(&o, &e);
	if (!rc && (fflush(stdout) || ferror(stdout)))
		rc = err_run(&e, -1, "output", "cannot write to standard output");
	options_free(&o);
	return rc ? fail_report("bpfinject", &e) : 0;
}
