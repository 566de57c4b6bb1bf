/* SPDX-License-Identifier: MIT */
/*
 * load.c - loads a linked program into the kernel: creates its maps, fills those of variables, and
 * puts the descriptors into the code. Fails with the kernel's -errno, or with -EINVAL (input) for a
 * program that needs what only libbpf supplies.
 */
#include "elf.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/kbpf.h"

#define NAME_LEN 16 /* of the kernel's names, with the NUL */

/* The kernel allows letters, digits, '_' and '.'. */
static void kernel_name(char out[NAME_LEN], const char *name)
{
	size_t i = 0;

	for (; name[i] && i < NAME_LEN - 1; i++)
		out[i] = isalnum((unsigned char)name[i]) || name[i] == '.' ? name[i] : '_';
	out[i] = '\0';
}

/* ---- Maps --------------------------------------------------------------------------------- */

static int make_map(const struct kbpf_elf_map *m, struct err *e)
{
	char name[NAME_LEN];
	struct kbpf_map_spec spec = {.type = m->type,
				     .key_len = m->key_len,
				     .value_len = m->value_len,
				     .entry_cnt = m->entry_cnt,
				     .flags = m->flags,
				     .name = name};

	kernel_name(name, m->name);
	if (!m->type)
		return BAD(e, "the object does not say the type of map '%s'", m->name);
	if (m->has_addresses)
		return BAD(e,
			   "section %s holds addresses of functions or variables, which no BPF map "
			   "can hold",
			   m->name);
	if (m->constant && m->data)
		return kbpf_map_create_const(m->data, m->value_len, name, e);
	if (m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY && !m->entry_cnt)
		spec.entry_cnt = (uint32_t)kbpf_possible_cpu_cnt();
	return kbpf_map_create(&spec, e);
}

/* The bytes of .data; zeros need no writing. */
static int fill_map(const struct kbpf_elf_map *m, int fd, struct err *e)
{
	const uint32_t key = 0;
	int rc;

	if (!m->data || m->constant)
		return 0;
	rc = kbpf_map_update(fd, &key, m->data, BPF_ANY);
	if (rc)
		return err_run(e, rc, "load", "the kernel refused the %u bytes of section %s: %s",
			       m->value_len, m->name, strerror(-rc));
	return 0;
}

/* The descriptor of a map, which is created if *maps lacks its name. */
static int map_fd(const struct kbpf_elf_map *m, struct kbpf_elf_maps *maps, struct err *e)
{
	int fd = kbpf_elf_maps_find(maps, m->name), rc;

	if (fd >= 0)
		return fd;
	if (maps->cnt == KELF_PROGRAM_MAPS_MAX)
		return BAD(e, "the programs use more than %d maps", KELF_PROGRAM_MAPS_MAX);
	fd = make_map(m, e);
	if (fd < 0)
		return fd;
	rc = fill_map(m, fd, e);
	if (rc) {
		close(fd);
		return rc;
	}
	maps->all[maps->cnt].name = m->name;
	maps->all[maps->cnt++].fd = fd;
	return fd;
}

int kbpf_elf_maps_find(const struct kbpf_elf_maps *maps, const char *name)
{
	for (size_t i = 0; i < maps->cnt; i++)
		if (strcmp(maps->all[i].name, name) == 0)
			return maps->all[i].fd;
	return -ENOENT;
}

void kbpf_elf_maps_close(struct kbpf_elf_maps *maps)
{
	while (maps->cnt)
		close(maps->all[--maps->cnt].fd);
}

/* ---- Code --------------------------------------------------------------------------------- */

static bool uses_map(const struct ebpf_insn *insn)
{
	return insn->code == OP_LDDW &&
	       (insn->src == EBPF_PSEUDO_MAP_FD || insn->src == EBPF_PSEUDO_MAP_VALUE);
}

/* Refuses symbols that the kernel or libbpf would supply: their place would hold a zero. */
static int check_names(const struct kbpf_elf_program *p, struct err *e)
{
	for (size_t i = 0; i < p->ref_cnt; i++)
		if (!uses_map(&p->insns[p->refs[i].slot]))
			return BAD(
				e,
				"instruction %zu uses '%s', which the object does not define; "
				"symbols of the kernel need BTF, which this loader does not read",
				p->refs[i].slot, p->refs[i].name);
	return 0;
}

/* Replaces the numbers of maps by descriptors. */
static int set_maps(const struct kbpf_elf_program *p, struct ebpf_insn *insns,
		    struct kbpf_elf_maps *maps, struct err *e)
{
	for (size_t i = 0; i < p->cnt; i += insns[i].code == OP_LDDW ? 2 : 1) {
		int fd;

		if (!uses_map(&insns[i]))
			continue;
		if (insns[i].imm < 0 || (size_t)insns[i].imm >= p->map_cnt)
			return BAD(e, "instruction %zu uses map %d of %zu", i, insns[i].imm,
				   p->map_cnt);
		fd = map_fd(&p->maps[insns[i].imm], maps, e);
		if (fd < 0)
			return fd;
		insns[i].imm = fd;
	}
	return 0;
}

static int load(const struct kbpf_elf_program *p, const struct kbpf_prog_spec *spec,
		const struct ebpf_insn *insns, struct err *e)
{
	struct kbpf_prog_spec whole = *spec;
	char name[NAME_LEN];

	whole.insns = insns;
	whole.insn_cnt = p->cnt;
	if (!spec->license)
		whole.license = p->license;
	if (!spec->name && p->func_cnt) {
		kernel_name(name, p->funcs[0].name);
		whole.name = name;
	}
	return kbpf_prog_load(&whole, e);
}

int kbpf_elf_load(const struct kbpf_elf_program *p, const struct kbpf_prog_spec *spec,
		  struct kbpf_elf_maps *maps, struct err *e)
{
	struct ebpf_insn *insns;
	int rc = check_names(p, e);

	if (rc)
		return rc;
	insns = malloc(p->cnt * sizeof(*insns));
	if (!insns)
		return err_run(e, -ENOMEM, "load", "no memory for a program");
	memcpy(insns, p->insns, p->cnt * sizeof(*insns));
	rc = set_maps(p, insns, maps, e);
	if (!rc)
		rc = load(p, spec, insns, e);
	free(insns);
	return rc;
}
