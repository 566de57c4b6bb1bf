/* SPDX-License-Identifier: MIT */
/*
 * set_insns.c - puts a filter at the start of a compiled tc program while libbpf loads it, and runs
 * the result on a packet.
 *
 *	set_insns OBJECT PROGRAM EXPRESSION FILE
 *
 * The object has to be built without -g, or the program must not call functions: libbpf hands the
 * kernel tables of where functions begin, which a changed program no longer fits. bpfinject has no
 * such limit, since it changes the object before libbpf reads it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <bpf/libbpf.h>

#include "bpfcap/inject.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/kelf.h"

static const char *expr;
static struct err e = {.text = "libbpf failed"};

/* The instructions of a program with the filter's put before them. */
static int put_filter(const struct ebpf_insn *insns, size_t cnt, struct ebpf_prog *out)
{
	struct ebpf_target target;
	struct cbpf2ebpf_inject how = {
		.target = &target,
		.type = EBPF_PROG_SCHED_CLS,
		.access = CBPF2EBPF_DIRECT,
		.entry = true,
		.miss = -1, /* TC_ACT_UNSPEC */
	};
	struct cbpf2ebpf_filter *filter;
	struct cbpf_prog classic;
	struct ebpf_prog head;
	int rc = ebpf_target_by_version(&target, "5.4", &e);

	if (!rc)
		rc = cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, 65535, false, &classic, &e);
	if (rc)
		return rc;
	rc = cbpf2ebpf_filter_new(&filter, &classic, CBPF_LINKTYPE_ETHERNET, NULL, &e);
	cbpf_prog_free(&classic);
	if (rc)
		return rc;
	rc = cbpf2ebpf_inject_head(filter, &how, &head, &e);
	cbpf2ebpf_filter_free(filter);
	if (rc)
		return rc;
	out->cnt = head.cnt + cnt;
	out->insns = calloc(out->cnt, sizeof(*out->insns));
	rc = out->insns ? kbpf_insns_insert(&(struct kbpf_insertion){.insns = insns,
								     .cnt = cnt,
								     .head = head.insns,
								     .head_cnt = head.cnt},
					    out->insns, &e)
			: -ENOMEM;
	ebpf_prog_free(&head);
	return rc;
}

/* libbpf calls this when all is relocated and nothing loaded. */
static int prepare_load(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	const struct ebpf_insn *insns = (const void *)bpf_program__insns(prog);
	struct ebpf_prog changed;
	int rc = put_filter(insns, bpf_program__insn_cnt(prog), &changed);

	(void)opts;
	(void)cookie;
	if (rc)
		return rc;
	rc = bpf_program__set_insns(prog, (struct bpf_insn *)changed.insns, changed.cnt);
	ebpf_prog_free(&changed);
	return rc;
}

static int run(int prog_fd, struct cbpf_file *f)
{
	struct cbpf_packet p;
	int rc;

	while ((rc = cbpf_file_next(f, &p, &e)) == 1) {
		struct kbpf_test_run t = {.data_in = p.data, .data_in_len = p.cap_len};

		rc = kbpf_prog_test_run(prog_fd, &t);
		if (rc)
			return rc;
		printf("%d\n", (int)t.retval);
	}
	return rc;
}

static int load_and_run(const char *object, const char *name, const char *file)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = prepare_load);
	struct bpf_object *o = bpf_object__open(object);
	struct bpf_program *prog = o ? bpf_object__find_program_by_name(o, name) : NULL;
	struct cbpf_file *f;
	int rc;

	if (!prog)
		return -ENOENT;
	rc = libbpf_register_prog_handler(bpf_program__section_name(prog), BPF_PROG_TYPE_SCHED_CLS,
					  0, &opts);
	bpf_object__close(o);
	o = bpf_object__open(object); /* anew, with the handler */
	if (rc < 0 || !o || bpf_object__load(o))
		return -EINVAL;
	prog = bpf_object__find_program_by_name(o, name);
	rc = cbpf_file_open(&f, file, &e);
	if (!rc) {
		rc = run(bpf_program__fd(prog), f);
		cbpf_file_close(f);
	}
	bpf_object__close(o);
	return rc;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: set_insns OBJECT PROGRAM EXPRESSION FILE\n");
		return 2;
	}
	expr = argv[3];
	if (load_and_run(argv[1], argv[2], argv[4])) {
		fprintf(stderr, "set_insns: %s\n", e.text);
		return 1;
	}
	return 0;
}
