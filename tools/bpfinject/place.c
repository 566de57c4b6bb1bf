/* SPDX-License-Identifier: MIT */
/*
 * place.c - one place of the command line: finds the functions that it names, generates the filter
 * code that each needs, and inserts it into the object. Fails if the object has no such function,
 * or one that cannot take a filter.
 */
#include "place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/inject.h"

#include "../common/fail.h"
#include "../common/text.h"
#include "names.h"

#define STUB_PARAM_CNT 5

/* The functions of an object, and the current one. */
struct view {
	const struct kbpf_elf *k;
	struct kbpf_elf_func *funcs;
	size_t cnt, i;
};

/* Is it the function, or a clone of the stub by clang ("F.specialized.1")? */
static bool is_named(const struct kbpf_elf_func *f, const struct inject_place *p)
{
	size_t len = strlen(p->name);

	if (strcmp(f->name, p->name) == 0)
		return true;
	return !p->entry && strncmp(f->name, p->name, len) == 0 && f->name[len] == '.';
}

static int check_stub(const struct view *v, struct err *e)
{
	const struct kbpf_elf_func *f = &v->funcs[v->i];
	int params = kbpf_elf_func_param_cnt(v->k, f->symbol);

	if (params >= 0 && params != STUB_PARAM_CNT)
		return err_input(e, -EINVAL, "inject",
				 "%s is not a stub: it has %d parameters, a stub has %d", f->name,
				 params, STUB_PARAM_CNT);
	if (params >= 0 && f->global)
		return err_input(
			e, -EINVAL, "inject",
			"%s is not static: the verifier would check it separately from the "
			"programs that call it; declare it static "
			"__attribute__((noinline))",
			f->name);
	return cbpf2ebpf_stub_check(f->insns, f->insn_cnt, f->name, e);
}

static int check_program(const struct view *v, struct err *e)
{
	const struct kbpf_elf_func *f = &v->funcs[v->i];

	if (strcmp(f->section_name, ".text") != 0)
		return 0;
	return err_input(
		e, -EINVAL, "inject",
		"%s is not a program: it is in .text, with the functions that programs call",
		f->name);
}

/* A bit for each type of the programs that reach the function, by the names of their sections. */
static int types_of_callers(const struct view *v, unsigned *types, struct err *e)
{
	bool *reaches = calloc(v->cnt + 1, sizeof(*reaches));
	int rc;

	*types = 0;
	if (!reaches)
		return err_run(e, -ENOMEM, "inject", "out of memory");
	rc = kbpf_elf_func_callers(v->k, v->funcs, v->cnt, v->i, reaches, e);
	for (size_t i = 0; !rc && i < v->cnt; i++) {
		enum ebpf_prog_type one = cbpf2ebpf_section_type(v->funcs[i].section_name);

		if (reaches[i] && one != EBPF_PROG_ANY)
			*types |= 1u << one;
	}
	free(reaches);
	return rc;
}

/* "tc, xdp and kprobe" */
static void list_types(struct text *t, unsigned types)
{
	const char *sep = "";

	for (unsigned i = 0, rest = types; rest; i++) {
		if (!(rest >> i & 1))
			continue;
		rest &= ~(1u << i);
		text_printf(t, "%s%s", sep, type_name((enum ebpf_prog_type)i));
		sep = rest & (rest - 1) ? ", " : " and ";
	}
}

/* Tracing programs read the packet of any caller, if the kernel lets the caller use probe_read. */
static int several_types(const char *name, unsigned types, struct err *e)
{
	const bool tracing = types >> EBPF_PROG_KPROBE & 1;
	struct text list = {0};

	list_types(&list, types);
	(void)err_input(e, -EINVAL, "inject", "%s is called by programs of type %s; %s", name,
			text_str(&list),
			tracing ? "use --type kprobe --access probe_read, which suits all of them"
				: "use --type and --access to choose settings that suit them all");
	text_free(&list);
	return e->code;
}

static int type_of_callers(const struct view *v, unsigned types, enum ebpf_prog_type *type,
			   struct err *e)
{
	const char *name = v->funcs[v->i].name;

	if (!types)
		return err_input(e, -EINVAL, "inject",
				 "the section names do not show the type of the programs that "
				 "call %s; use --type tc, xdp, socket or kprobe",
				 name);
	if (types & (types - 1))
		return several_types(name, types, e);
	*type = (enum ebpf_prog_type)__builtin_ctz(types);
	return 0;
}

/* Code for another type may be refused by the verifier; with --access it suits both. */
static void warn_of_others(const struct view *v, const struct settings *set, unsigned types,
			   enum ebpf_prog_type type)
{
	struct text t = {0};

	types &= ~(1u << type);
	if (!types || set->access)
		return;
	text_printf(&t, "--type is %s, but %s is called by programs of type ", type_name(type),
		    v->funcs[v->i].name);
	list_types(&t, types);
	fail_notice("bpfinject", "warning", text_str(&t));
	text_free(&t);
}

static int find_type(const struct view *v, const struct settings *set, enum ebpf_prog_type *type,
		     struct err *e)
{
	unsigned types;
	int rc = set->type ? type_by_name(set->type, type, e) : 0;

	if (!rc)
		rc = types_of_callers(v, &types, e);
	if (!rc && !set->type)
		rc = type_of_callers(v, types, type, e);
	else if (!rc)
		warn_of_others(v, set, types, *type);
	return rc;
}

static int compile(const char *expr, int linktype, struct cbpf2ebpf_filter **filter, struct err *e)
{
	struct cbpf_prog classic;
	int rc = cbpf_compile(expr, linktype, UINT16_MAX, false, &classic, e);

	*filter = NULL;
	if (rc)
		return rc;
	rc = cbpf2ebpf_filter_new(filter, &classic, linktype, NULL, e);
	cbpf_prog_free(&classic);
	return rc;
}

static int make_head_with(const struct settings *set, struct cbpf2ebpf_filter *filter,
			  const struct cbpf2ebpf_inject *how, struct ebpf_prog *head, struct err *e)
{
	struct cbpf2ebpf_through through;
	struct cbpf2ebpf_inner inner = {.through = &through};
	struct cbpf2ebpf_inject with = *how;
	int rc;

	if (!set->through || !filter)
		return cbpf2ebpf_inject_head(filter, how, head, e);
	with.inner = &inner;
	with.inner_only = set->inner_only;
	rc = cbpf2ebpf_through_parse(set->through, &through, e);
	if (rc == 0)
		rc = compile(set->expr, CBPF_LINKTYPE_ETHERNET, &inner.eth, e);
	if (rc == 0)
		(void)compile(set->expr, CBPF_LINKTYPE_RAW, &inner.raw, NULL);
	if (rc == 0)
		rc = cbpf2ebpf_inject_head(filter, &with, head, e);
	cbpf2ebpf_filter_free(inner.eth);
	cbpf2ebpf_filter_free(inner.raw);
	return rc;
}

static int make_head(const struct settings *set, struct cbpf2ebpf_inject *how,
		     struct ebpf_prog *head, struct err *e)
{
	struct cbpf2ebpf_filter *filter = NULL;
	int rc = 0;

	how->linktype =
		set->linktype ? cbpf_linktype_by_name(set->linktype, e) : CBPF_LINKTYPE_ETHERNET;
	if (how->linktype < 0)
		return how->linktype;
	if (!set->reject_all)
		rc = compile(set->expr, how->linktype, &filter, e);
	if (rc == 0)
		rc = make_head_with(set, filter, how, head, e);
	cbpf2ebpf_filter_free(filter);
	return rc;
}

/* Finds the settings of the filter code for the current function. */
static int find_how(const struct view *v, const struct inject_place *p,
		    struct cbpf2ebpf_inject *how, struct err *e)
{
	int rc = p->entry ? check_program(v, e) : check_stub(v, e);

	if (!rc)
		rc = find_type(v, &p->set, &how->type, e);
	if (rc)
		return rc;
	how->entry = p->entry;
	how->vlan_tag = p->set.vlan_tag;
	how->access = cbpf2ebpf_type_access(how->type);
	if (p->set.access)
		rc = access_by_name(p->set.access, &how->access, e);
	if (!rc && p->entry)
		rc = verdict_by_name(p->set.miss, how->type, &how->miss, e);
	return rc;
}

/* Advances to the next function that the place names, from index v->i on; false: none. */
static bool next_named(struct view *v, const struct inject_place *p)
{
	while (v->i < v->cnt && !is_named(&v->funcs[v->i], p))
		v->i++;
	return v->i < v->cnt;
}

static int no_stack(const struct view *v, const struct cbpf2ebpf_inject *how, struct err *e)
{
	return err_input(e, -EINVAL, "inject",
			 "the functions that call %s leave it %u of 512 bytes of stack; this "
			 "filter needs more",
			 v->funcs[v->i].name, how->free_stack_len);
}

/* Finds the stack that is available to the filter; -EINVAL: none. */
static int find_stack(const struct view *v, struct cbpf2ebpf_inject *how, struct err *e)
{
	int free_len = kbpf_elf_func_free_stack_len(v->k, v->funcs, v->cnt, v->i, e);

	how->free_stack_len = (uint16_t)free_len;
	return free_len == 0 ? no_stack(v, how, e) : free_len < 0 ? free_len : 0;
}

static int fill_one(struct kbpf_elf *k, const struct view *v, const struct inject_place *p,
		    const struct ebpf_target *target, struct err *e)
{
	struct cbpf2ebpf_inject how = {.target = target};
	struct ebpf_prog head;
	int rc = find_how(v, p, &how, e);

	if (!rc)
		rc = find_stack(v, &how, e);
	if (!rc)
		rc = make_head(&p->set, &how, &head, e);
	if (rc == -ENOSPC)
		return no_stack(v, &how, e);
	if (rc)
		return rc;
	rc = kbpf_elf_func_insert(k, v->funcs[v->i].symbol, head.insns, head.cnt, e);
	ebpf_prog_free(&head);
	return rc;
}

static int not_found(const struct inject_place *p, struct err *e)
{
	return err_input(e, -ENOENT, "inject",
			 p->entry ? "unknown program %s (--list shows all)"
				  : "unknown function %s (--list shows all); if the source has "
				    "it, clang inlined it: declare it static "
				    "__attribute__((noinline))",
			 p->name);
}

int place_fill(struct kbpf_elf *k, const struct inject_place *p, const struct ebpf_target *target,
	       struct err *e)
{
	size_t from = 0;
	bool found = false;
	int rc = 0;

	while (!rc) {
		struct view v = {.k = k, .i = from};
		/* again, since the last insertion changed them */
		int cnt = kbpf_elf_funcs(k, &v.funcs, e);

		if (cnt < 0)
			return cnt;
		v.cnt = (size_t)cnt;
		if (!next_named(&v, p)) {
			free(v.funcs);
			break;
		}
		rc = fill_one(k, &v, p, target, e);
		free(v.funcs);
		found = true;
		from = v.i + 1;
	}
	return rc || found ? rc : not_found(p, e);
}
