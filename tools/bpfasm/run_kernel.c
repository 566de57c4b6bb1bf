/* SPDX-License-Identifier: MIT */
/*
 * run_kernel.c - `bpfasm run` by BPF_PROG_TEST_RUN. Fails with the kernel's errno and the end of
 * the verifier's log.
 */
#include "run_kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/kbpf.h"

#include "../common/fail.h"
#include "packets.h"

enum { LDDW = 0x18 };

struct maps {
	int *fds;
	size_t cnt;
};

static void close_maps(struct maps *m)
{
	for (size_t i = 0; i < m->cnt; i++)
		close(m->fds[i]);
	free(m->fds);
}

static int make_maps(const struct ebpf_source *s, struct maps *m, struct err *e)
{
	m->fds = calloc(s->map_cnt + 1, sizeof(*m->fds));
	if (!m->fds)
		return err_run(e, -ENOMEM, "run", "out of memory");
	for (; m->cnt < s->map_cnt; m->cnt++) {
		const struct ebpf_map_def *d = &s->maps[m->cnt];
		int fd = kbpf_map_create(&(struct kbpf_map_spec){.type = d->type,
								 .key_len = d->key_len,
								 .value_len = d->value_len,
								 .entry_cnt = d->entry_cnt,
								 .flags = d->flags,
								 .name = d->name},
					 e);

		if (fd < 0)
			return fd;
		m->fds[m->cnt] = fd;
	}
	return 0;
}

/* The program refers to maps by number; replaces the numbers by descriptors. */
static void set_maps(struct ebpf_source *s, const struct maps *m)
{
	for (size_t i = 0; i < s->prog.cnt && m->cnt; i += s->prog.insns[i].code == LDDW ? 2 : 1) {
		struct ebpf_insn *insn = &s->prog.insns[i];

		if (insn->code == LDDW &&
		    (insn->src == EBPF_PSEUDO_MAP_FD || insn->src == EBPF_PSEUDO_MAP_VALUE))
			insn->imm = m->fds[insn->imm];
	}
}

struct loaded {
	int fd;
	uint32_t repeat;
};

static int run_packet(void *user, const struct input_packet *p, struct err *e)
{
	const struct loaded *l = user;
	struct kbpf_test_run run = {.data_in = p->data, .data_in_len = p->len, .repeat = l->repeat};
	int rc = kbpf_prog_test_run(l->fd, &run);

	if (rc == -EINVAL && p->len < 14)
		return err_input(e, rc, "run",
				 "packet %u has %u bytes; the kernel requires at least 14",
				 p->number, p->len);
	if (rc)
		return err_run(e, rc, "run", "packet %u: the kernel does not run it: %s", p->number,
			       strerror(-rc));
	printf("packet %u: r0 = 0x%x (%d), %u ns\n", p->number, run.retval, (int)run.retval,
	       run.duration_ns);
	return 0;
}

/* Runs the program and closes it; `fd` may be -errno. */
static int run_loaded(const struct asm_options *o, int fd, struct err *e)
{
	struct loaded l = {.fd = fd, .repeat = (uint32_t)o->repeat};
	int rc;

	if (fd < 0)
		return fd;
	rc = packets_each(o, run_packet, &l, e);
	close(fd);
	return rc;
}

static int run_source(const struct asm_options *o, struct ebpf_source *s, struct err *e)
{
	const struct kbpf_prog_spec spec = {
		.type = (uint32_t)o->type, .insns = s->prog.insns, .insn_cnt = s->prog.cnt};
	struct maps m = {0};
	int rc = make_maps(s, &m, e);

	if (!rc) {
		set_maps(s, &m);
		rc = run_loaded(o, kbpf_prog_load(&spec, e), e);
	}
	close_maps(&m);
	return rc;
}

static int run_object(const struct asm_options *o, const struct kbpf_elf_program *p, struct err *e)
{
	const struct kbpf_prog_spec spec = {.type = (uint32_t)o->type, .license = o->license};
	struct kbpf_elf_maps maps = {0};
	int rc = run_loaded(o, kbpf_elf_load(p, &spec, &maps, e), e);

	kbpf_elf_maps_close(&maps);
	return rc;
}

int run_in_kernel(const struct asm_options *o, struct asm_input *in, struct err *e)
{
	if (o->type == EBPF_PROG_ANY)
		return err_input(e, -EINVAL, "options",
				 "the kernel requires a program type: use --type");
	return in->elf ? run_object(o, &in->linked, e) : run_source(o, &in->source, e);
}
