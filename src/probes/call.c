/* SPDX-License-Identifier: MIT */
/*
 * call.c - a function of the user's own: takes a file of assembly or an object, gives instructions
 * and their lines. Fails with -EINVAL (input), -E2BIG (input) or the error of reading the file.
 * The code is not examined: that is what the verifier does.
 */
#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/ebpf_text.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/kelf.h"

#define STAGE "call"

enum { OP_CALL = 0x85, OP_LDDW = 0x18 };

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, STAGE, "no memory for a function");
}

/* ---- Assembly ------------------------------------------------------------------------------- */

static int read_text(struct call_code *c, const char *text, size_t len, struct err *e)
{
	const struct ebpf_text t = {
		.data = text, .len = len, .name = c->name, .type = EBPF_PROG_ANY};
	struct ebpf_source s;
	int rc = ebpf_parse_source(&t, &s, e);

	if (rc < 0 && e && strncmp(e->text, c->name, strlen(c->name)) != 0)
		return err_input(e, rc, STAGE, "%s: %s", c->name, e->text);
	if (rc < 0)
		return rc;
	c->prog = s.prog;
	c->lines = s.lines;
	s.prog = (struct ebpf_prog){0};
	s.lines = NULL;
	if (s.map_cnt)
		rc = err_input(e, -EINVAL, STAGE,
			       "%s: the function cannot have maps; what it finds out goes to 'out'",
			       c->name);
	ebpf_source_free(&s);
	return rc;
}

/* ---- Objects -------------------------------------------------------------------------------- */

/* The function of that name; without a name, the only one, or the only one that is not static. */
static int choose(const struct kbpf_elf_func *f, int cnt, const char *name, const char *file,
		  const struct kbpf_elf_func **out, struct err *e)
{
	int globals = 0;

	*out = NULL;
	for (int i = 0; i < cnt; i++) {
		globals += f[i].global;
		if (name ? strcmp(f[i].name, name) == 0 : f[i].global || cnt == 1)
			*out = &f[i];
	}
	if (!*out && name)
		return err_input(e, -EINVAL, STAGE, "%s has no function '%s'", file, name);
	if (cnt == 0)
		return err_input(e, -EINVAL, STAGE, "%s has no function", file);
	if (!name && cnt > 1 && globals != 1)
		return err_input(e, -EINVAL, STAGE,
				 "%s has several functions: name one, as in %s:%s", file, file,
				 f[0].name);
	return 0;
}

static int link_function(struct call_code *c, const struct kbpf_elf *k,
			 const struct kbpf_elf_func *f, struct err *e)
{
	struct kbpf_elf_program p;
	int rc = kbpf_elf_link(k, f->section, f->symbol, &p, e);

	if (rc < 0)
		return err_input(e, rc, STAGE, "%s: %s", c->name, e ? e->text : "");
	if (p.ref_cnt)
		rc = err_input(e, -EINVAL, STAGE,
			       "%s:%zu: the function uses '%s', but can have neither maps nor "
			       "variables: what it finds out goes to 'out'",
			       c->name, p.refs[0].slot, p.refs[0].name);
	c->prog = (struct ebpf_prog){p.insns, p.cnt};
	p.insns = NULL;
	kbpf_elf_program_free(&p);
	return rc;
}

static int read_object(struct call_code *c, const char *image, size_t len, const char *func,
		       struct err *e)
{
	const struct kbpf_elf_func *f = NULL;
	struct kbpf_elf_func *funcs = NULL;
	struct kbpf_elf *k;
	char *name;
	int rc = kbpf_elf_parse(&k, image, len, e);

	if (rc < 0)
		return err_input(e, rc, STAGE, "%s: %s", c->name, e ? e->text : "");
	rc = kbpf_elf_funcs(k, &funcs, e);
	if (rc >= 0)
		rc = choose(funcs, rc, func, c->name, &f, e);
	if (rc == 0 && asprintf(&name, "%s:%s", c->name, f->name) < 0)
		rc = no_memory(e);
	else if (rc == 0) {
		free(c->name);
		c->name = name;
		rc = link_function(c, k, f, e);
	}
	free(funcs);
	kbpf_elf_free(k);
	return rc;
}

/* ---- Either --------------------------------------------------------------------------------- */

/* Numbers of maps and other objects would be those of our process. */
static int check(const struct call_code *c, struct err *e)
{
	const struct ebpf_insn *insn = c->prog.insns;

	if (c->prog.cnt > CALL_INSNS_MAX)
		return err_input(e, -E2BIG, STAGE,
				 "%s:%d: the function is longer than %d instructions", c->name,
				 probe_call_line(c, CALL_INSNS_MAX), CALL_INSNS_MAX);
	for (size_t i = 0; i < c->prog.cnt; i += insn[i].code == OP_LDDW ? 2 : 1)
		if (insn[i].code == OP_LDDW && insn[i].src && insn[i].src != EBPF_PSEUDO_FUNC)
			return err_input(e, -EINVAL, STAGE,
					 "%s:%d: the function cannot use objects of the kernel",
					 c->name, probe_call_line(c, i));
	return 0;
}

/* Splits "FILE:FUNCTION", unless a file has that name. */
static int split(const char *spec, char **file, const char **func)
{
	const char *colon = strrchr(spec, ':');

	if (colon && access(spec, F_OK) == 0)
		colon = NULL;
	*func = colon ? colon + 1 : NULL;
	*file = strndup(spec, colon ? (size_t)(colon - spec) : strlen(spec));
	return *file ? 0 : -ENOMEM;
}

static int read_either(struct call_code *c, const char *text, size_t len, const char *func,
		       struct err *e)
{
	static const char elf[] = "\177ELF";
	int rc;

	if (len >= sizeof(elf) - 1 && memcmp(text, elf, sizeof(elf) - 1) == 0)
		rc = read_object(c, text, len, func, e);
	else if (func)
		return err_input(e, -EINVAL, STAGE,
				 "%s is not an object; the function of an assembly text begins "
				 "with its first instruction, so remove ':%s'",
				 c->name, func);
	else
		rc = read_text(c, text, len, e);
	return rc < 0 ? rc : check(c, e);
}

int probe_call_read(struct call_code *c, const char *spec, struct err *e)
{
	const char *func;
	char *text;
	size_t len;
	int rc;

	*c = (struct call_code){0};
	if (split(spec, &c->name, &func) < 0)
		return no_memory(e);
	rc = kbpf_read_file(AT_FDCWD, c->name, &text, &len);
	if (rc < 0) {
		rc = err_input(e, rc, STAGE, "%s cannot be read: %s", c->name, strerror(-rc));
	} else {
		rc = read_either(c, text, len, func, e);
		free(text);
	}
	if (rc < 0)
		probe_call_free(c);
	return rc;
}

void probe_call_free(struct call_code *c)
{
	ebpf_prog_free(&c->prog);
	free(c->name);
	free(c->lines);
	*c = (struct call_code){0};
}

int probe_call_line(const struct call_code *c, size_t slot)
{
	return c->lines ? c->lines[slot] : (int)slot;
}

void probe_call_allow(const struct call_code *c, struct ebpf_target *t, enum ebpf_prog_type type)
{
	for (size_t i = 0; i < c->prog.cnt; i++)
		if (c->prog.insns[i].code == OP_CALL && c->prog.insns[i].src == 0)
			ebpf_target_set_helper(t, type, c->prog.insns[i].imm, true);
}

void probe_call_refused(const struct call_code *c, size_t prog_cnt, int64_t at, struct err *e)
{
	int64_t slot = at - (int64_t)(prog_cnt - c->prog.cnt);

	if (!e)
		return;
	/* Not about an instruction: the stack of the function, and that of the program. */
	if (strstr(e->text, "combined stack size"))
		slot = 0;
	if (slot >= 0 && slot < (int64_t)c->prog.cnt)
		(void)err_input(e, e->code, STAGE, "%s:%d: %s", c->name,
				probe_call_line(c, (size_t)slot), e->text);
}
