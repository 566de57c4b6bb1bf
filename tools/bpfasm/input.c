/* SPDX-License-Identifier: MIT */
/*
 * input.c - reads a program: source, listing, numbers, bytes, classic BPF or an object (object.c),
 * and checks it against the target. Fails with the error of the library.
 */
#include "input.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/err.h"

#include "../common/fail.h"
#include "../common/whole.h"
#include "compiled.h"
#include "object.h"

#define MISTAKES_SHOWN 20

/* ---- Classic BPF -------------------------------------------------------------------------- */

static int convert(const struct asm_options *o, const struct cbpf_prog *classic, int linktype,
		   struct ebpf_prog *out, struct err *e)
{
	const enum ebpf_prog_type type = o->type ? o->type : EBPF_PROG_SOCKET_FILTER;
	struct ebpf_target t = o->target;
	const struct cbpf2ebpf_program_spec spec = {
		.target = &t,
		.type = type,
		.access = type == EBPF_PROG_SOCKET_FILTER ? CBPF2EBPF_SOCKET : CBPF2EBPF_DIRECT};
	struct cbpf2ebpf_filter *filter = NULL;
	int rc = o->has_target ? 0 : ebpf_target_by_version(&t, "5.4", e);

	if (rc == 0)
		rc = cbpf2ebpf_filter_new(&filter, classic, linktype, NULL, e);
	if (rc == 0)
		rc = cbpf2ebpf_program(filter, &spec, out, e);
	cbpf2ebpf_filter_free(filter);
	return rc;
}

static int read_cbpf(const struct asm_options *o, const char *text, struct ebpf_prog *out,
		     struct err *e)
{
	struct cbpf_prog filter;
	int linktype = cbpf_linktype_by_name(o->linktype, e);
	int rc = linktype < 0 ? linktype : cbpf_parse(text, &filter, e);

	if (rc)
		return rc;
	if (cbpf_is_seccomp(&filter))
		rc = err_input(
			e, -EINVAL, "cbpf",
			"this is a seccomp filter: it loads words of struct seccomp_data and "
			"returns SECCOMP_RET_*; bpfasm converts filters of packets");
	else
		rc = convert(o, &filter, linktype, out, e);
	cbpf_prog_free(&filter);
	return rc;
}

/* ---- Text --------------------------------------------------------------------------------- */

/* Reports a mistake as main() reports the last one; false after the maximum. */
static bool report(void *user, const struct err *e)
{
	unsigned *cnt = user;

	(void)fail_report("bpfasm", e);
	return ++*cnt < MISTAKES_SHOWN;
}

static int read_text(struct asm_options *o, const char *data, size_t len, struct asm_input *in,
		     struct err *e)
{
	unsigned mistakes = 0;
	const struct ebpf_text text = {
		.data = data,
		.len = len,
		.name = o->file ? o->file : "standard input",
		.target = o->has_target ? &o->target : NULL,
		.type = o->type,
		.mistake = report,
		.user = &mistakes,
	};

	int rc;

	if (!compiled_is(data, len))
		return ebpf_parse_source(&text, &in->source, e);
	rc = compiled_read(&text, &in->elf, e);
	return rc ? rc : object_take(o, in, e);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool is_elf(const char *data, size_t len)
{
	return len >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

/* Reads the formats that hold instructions only. */
static int read_insns(struct asm_options *o, int form, const char *data, size_t len,
		      struct asm_input *in, struct err *e)
{
	const char *name = o->file ? o->file : "standard input";
	struct ebpf_prog *p = &in->source.prog;
	int rc = form == FORM_ELF ? object_read(o, data, len, in, e)
				  : ebpf_read(data, len, name, (enum ebpf_format)form, p, e);

	return rc || !o->has_target ? rc : ebpf_check(p->insns, p->cnt, &o->target, o->type, e);
}

static int read_as(struct asm_options *o, const char *data, size_t len, struct asm_input *in,
		   struct err *e)
{
	int form = o->input;

	if (form < 0)
		form = is_elf(data, len) ? FORM_ELF : FORM_TEXT;
	if (form == FORM_TEXT)
		return read_text(o, data, len, in, e);
	if (form == FORM_CBPF)
		return read_cbpf(o, data, &in->source.prog, e);
	return read_insns(o, form, data, len, in, e);
}

int input_read(struct asm_options *o, struct asm_input *in, struct err *e)
{
	size_t len;
	char *data;
	int rc;

	*in = (struct asm_input){0};
	rc = read_whole(o->file, "input", &data, &len, e);
	if (!rc)
		rc = read_as(o, data, len, in, e);
	free(data);
	return rc;
}

void input_free(struct asm_input *in)
{
	ebpf_source_free(&in->source);
	kbpf_elf_program_free(&in->linked);
	kbpf_elf_free(in->elf);
}
