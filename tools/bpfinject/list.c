/* SPDX-License-Identifier: MIT */
/* list.c - lists the functions of an object and how each can be used. */
#include "list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/inject.h"

#include "../common/fail.h"
#include "../common/text.h"
#include "names.h"

static bool is_program(const struct kbpf_elf_func *f)
{
	return strcmp(f->section_name, ".text") != 0;
}

static const char *kind_of(const struct kbpf_elf_func *f)
{
	if (cbpf2ebpf_stub_check(f->insns, f->insn_cnt, f->name, NULL) == 0)
		return "stub";
	return is_program(f) ? "program" : "function";
}

/* " called by A, B" */
static void put_callers(struct text *t, const struct kbpf_elf_func *funcs, size_t cnt, size_t i,
			const bool *reaches)
{
	const char *before = ", called by ";

	for (size_t j = 0; j < cnt; j++) {
		if (!reaches[j] || j == i || !is_program(&funcs[j]))
			continue;
		text_put(t, before);
		text_name(t, funcs[j].name);
		before = ", ";
	}
}

static void put_function(struct text *t, const struct kbpf_elf_func *funcs, size_t cnt, size_t i,
			 const bool *reaches)
{
	const struct kbpf_elf_func *f = &funcs[i];

	text_printf(t, "%-8s ", kind_of(f));
	text_name(t, f->name);
	text_put(t, " in ");
	text_name(t, f->section_name);
	text_printf(t, ", %zu instructions", f->insn_cnt);
	if (is_program(f))
		text_printf(t, ", type %s", type_name(cbpf2ebpf_section_type(f->section_name)));
	put_callers(t, funcs, cnt, i, reaches);
	text_put(t, "\n");
}

static int put_all(struct text *t, const struct kbpf_elf *k, const struct kbpf_elf_func *funcs,
		   size_t cnt, struct err *e)
{
	bool *reaches = calloc(cnt + 1, sizeof(*reaches));
	int rc = reaches ? 0 : err_run(e, -ENOMEM, "list", "out of memory");

	for (size_t i = 0; !rc && i < cnt; i++) {
		rc = kbpf_elf_func_callers(k, funcs, cnt, i, reaches, e);
		if (!rc)
			put_function(t, funcs, cnt, i, reaches);
	}
	free(reaches);
	return rc;
}

int list_functions(const struct kbpf_elf *k, struct err *e)
{
	struct kbpf_elf_func *funcs;
	struct text t = {0};
	int cnt = kbpf_elf_funcs(k, &funcs, e);
	int rc;

	if (cnt < 0)
		return cnt;
	rc = put_all(&t, k, funcs, (size_t)cnt, e);
	if (!rc)
		fputs(text_str(&t), stdout);
	text_free(&t);
	free(funcs);
	return rc;
}
