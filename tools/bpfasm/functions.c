/* SPDX-License-Identifier: MIT */
/*
 * functions.c - the functions of a program: those that it calls or passes on, and those that the
 * object it comes from names. Names are the object's, or the labels of the source; a function
 * without a name, or with one that another has, is numbered.
 */
#include "functions.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"

enum { LDDW = 0x18, CALL = 0x85 };

bool functions_is_ref(const struct ebpf_insn *insn)
{
	return (insn->code == CALL && insn->src == EBPF_PSEUDO_CALL_LOCAL) ||
	       (insn->code == LDDW && insn->src == EBPF_PSEUDO_FUNC);
}

size_t functions_target(const struct ebpf_insn *insns, size_t i)
{
	return (size_t)((int64_t)i + 1 + insns[i].imm);
}

/* Marks where functions start; returns the slots before the first that is referred to. */
static size_t mark(const struct asm_input *in, bool *starts)
{
	const struct ebpf_prog *p = &in->source.prog;
	size_t len = p->cnt;

	for (size_t i = 0; i < p->cnt; i += p->insns[i].code == LDDW ? 2 : 1) {
		size_t to;

		if (!functions_is_ref(&p->insns[i]))
			continue;
		to = functions_target(p->insns, i);
		starts[to] = true;
		if (to < len)
			len = to;
	}
	for (size_t i = 0; i < in->linked.func_cnt; i++)
		starts[in->linked.funcs[i].slot] = true;
	starts[0] = true;
	return len;
}

static int list(const struct asm_input *in, struct functions *f, const bool *starts)
{
	const size_t cnt = in->source.prog.cnt;
	size_t end = cnt, n = 0;

	for (size_t i = 0; i < cnt; i++)
		n += starts[i];
	f->all = calloc(n, sizeof(*f->all));
	if (!f->all)
		return -ENOMEM;
	f->cnt = n;
	for (size_t i = cnt; i-- > 0;) {
		if (!starts[i])
			continue;
		if (i < f->main_len && end > f->main_len)
			end = f->main_len;
		f->all[--n].slot = i;
		f->all[n].cnt = end - i;
		end = i;
	}
	return 0;
}

static struct asm_function *at(const struct functions *f, size_t slot)
{
	size_t low = 0, high = f->cnt;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (f->all[mid].slot == slot)
			return &f->all[mid];
		if (f->all[mid].slot < slot)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* `names`: a tree of those given. */
static void set_name(const struct functions *f, void **names, size_t slot, const char *name)
{
	struct asm_function *const fn = at(f, slot);
	char *const *found;

	if (!fn || fn->name[0] || strlen(name) >= sizeof(fn->name))
		return;
	strcpy(fn->name, name);
	found = tsearch(fn->name, names, by_text);
	if (found && *found != fn->name)
		fn->name[0] = '\0';
}

static void name_all(const struct asm_input *in, const struct functions *f)
{
	unsigned number = 0;
	void *names = NULL;

	for (size_t i = 0; i < in->linked.func_cnt; i++)
		set_name(f, &names, in->linked.funcs[i].slot, in->linked.funcs[i].name);
	for (size_t i = 0; i < in->source.label_cnt; i++)
		set_name(f, &names, in->source.labels[i].slot, in->source.labels[i].name);
	set_name(f, &names, 0, "program");
	for (size_t i = 0; i < f->cnt;) {
		char name[24];

		(void)snprintf(name, sizeof(name), "function%u", number++);
		set_name(f, &names, f->all[i].slot, name);
		i += f->all[i].name[0] != '\0';
	}
	for (size_t i = 0; i < f->cnt; i++)
		(void)tdelete(f->all[i].name, &names, by_text);
}

int functions_find(const struct asm_input *in, struct functions *f, struct err *e)
{
	bool *starts = calloc(in->source.prog.cnt, sizeof(*starts));
	int rc = -ENOMEM;

	*f = (struct functions){0};
	if (starts) {
		f->main_len = mark(in, starts);
		rc = list(in, f, starts);
	}
	free(starts);
	if (rc)
		return err_run(e, rc, "output", "out of memory");
	if (f->main_len == 0)
		return err_input(e, -EINVAL, "output", "the program calls its own start");
	name_all(in, f);
	return 0;
}

void functions_free(struct functions *f)
{
	free(f->all);
	f->all = NULL;
	f->cnt = 0;
}

const struct asm_function *functions_at(const struct functions *f, size_t slot)
{
	return at(f, slot);
}
