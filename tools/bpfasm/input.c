/* SPDX-License-Identifier: MIT */
/*
 * tools/bpfasm/input.c - reads a program: source, listing, numbers, bytes, classic BPF or an ELF
 * section; checks it against the target. Fails with what the library says.
 */
#include "input.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/kelf.h"

#include "../common/fail.h"

#define FILE_MAX       (256u << 20)
#define MISTAKES_SHOWN 20

static int no_memory(struct err *e)
{
	return fail_run(e, -ENOMEM, "input", "out of memory");
}

static int read_stream(FILE *f, const char *name, char **data, size_t *len, struct err *e)
{
	size_t max = 0;

	*data = NULL;
	*len = 0;
	do {
		char *bigger;

		if (*len == FILE_MAX)
			return fail_input(e, -EFBIG, "input", "%s is longer than 256 MiB", name);
		max = max ? max * 2 : 4096;
		bigger = realloc(*data, max + 1);
		if (!bigger)
			return no_memory(e);
		*data = bigger;
		*len += fread(*data + *len, 1, max - *len, f);
	} while (*len == max);
	(*data)[*len] = '\0';
	if (ferror(f))
		return fail_run(e, -errno, "input", "%s: %s", name, strerror(errno));
	return 0;
}

int input_bytes(const char *path, char **data, size_t *len, struct err *e)
{
	FILE *f = path ? fopen(path, "re") : stdin;
	int rc;

	*data = NULL;
	if (!f)
		return fail_input(e, -errno, "input", "%s: %s", path, strerror(errno));
	rc = read_stream(f, path ? path : "standard input", data, len, e);
	if (path)
		fclose(f);
	if (rc) {
		free(*data);
		*data = NULL;
	}
	return rc;
}

/* ---- ELF ---------------------------------------------------------------------------------- */

static bool is_code(const struct kbpf_elf_section *s)
{
	return s->type == SHT_PROGBITS && (s->flags & SHF_EXECINSTR) && s->len;
}

/* The only section with code, functions (.text) counting where there is nothing else; 0: none. */
static size_t guess_section(const struct kbpf_elf *k, size_t *candidates)
{
	const size_t cnt = kbpf_elf_section_cnt(k);
	size_t found = 0, text = 0;
	struct kbpf_elf_section s;

	*candidates = 0;
	for (size_t i = 1; i < cnt; i++) {
		kbpf_elf_section(k, i, &s);
		if (!is_code(&s))
			continue;
		if (strcmp(s.name, ".text") == 0) {
			text = i;
			continue;
		}
		found = i;
		++*candidates;
	}
	return found ? found : text;
}

/* The section asked for, or the one that can only be meant. 0: there is none, said. */
static size_t choose_section(const struct kbpf_elf *k, const char *name, struct err *e)
{
	struct kbpf_elf_section s;
	size_t candidates = 0;
	size_t found = name ? kbpf_elf_section_by_name(k, name) : guess_section(k, &candidates);

	kbpf_elf_section(k, found, &s);
	if (candidates > 1) {
		(void)fail_input(e, -EINVAL, "input",
				 "the object has %zu sections of programs, such as %s; "
				 "choose one with --section",
				 candidates, s.name);
		return 0;
	}
	if (found && is_code(&s))
		return found;
	(void)fail_input(e, -EINVAL, "input", "the object has no section %s%s", name ? name : "",
			 name ? " with code" : "with code");
	return 0;
}

static int read_elf(const struct options *o, const char *data, size_t len, struct ebpf_prog *out,
		    struct err *e)
{
	struct kbpf_elf_section s;
	struct kbpf_elf *k;
	size_t section;
	int rc = kbpf_elf_parse(&k, data, len, e);

	if (rc)
		return rc;
	section = choose_section(k, o->section, e);
	if (section) {
		kbpf_elf_section(k, section, &s);
		rc = ebpf_read(s.data, s.len, s.name, EBPF_FORMAT_RAW, out, e);
	} else {
		rc = -EINVAL;
	}
	kbpf_elf_free(k);
	return rc;
}

/* ---- Classic BPF -------------------------------------------------------------------------- */

static int convert(const struct options *o, const struct cbpf_prog *filter, int linktype,
		   struct ebpf_prog *out, struct err *e)
{
	const enum ebpf_prog_type type = o->type ? o->type : EBPF_PROG_SOCKET_FILTER;
	struct ebpf_target t = o->target;
	int rc = o->has_target ? 0 : ebpf_target_by_version(&t, "5.4", e);

	if (rc)
		return rc;
	return cbpf2ebpf_program(filter, &t, type,
				 type == EBPF_PROG_SOCKET_FILTER ? CBPF2EBPF_LD_ABS
								 : CBPF2EBPF_DIRECT,
				 linktype, out, e);
}

static int read_cbpf(const struct options *o, const char *text, struct ebpf_prog *out,
		     struct err *e)
{
	struct cbpf_prog filter;
	int linktype = cbpf_linktype_by_name(o->linktype, e);
	int rc = linktype < 0 ? linktype : cbpf_parse(text, &filter, e);

	if (rc)
		return rc;
	rc = convert(o, &filter, linktype, out, e);
	cbpf_prog_free(&filter);
	return rc;
}

/* ---- Text --------------------------------------------------------------------------------- */

/* Tells of a mistake as main() does of the last one; so many of them are enough. */
static bool report(void *user, const struct err *e)
{
	unsigned *cnt = user;

	(void)fail_report("bpfasm", e);
	return ++*cnt < MISTAKES_SHOWN;
}

static int read_text(const struct options *o, const char *data, size_t len, struct ebpf_source *out,
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

	return ebpf_parse_source(&text, out, e);
}

/* ---- The whole ---------------------------------------------------------------------------- */

static bool is_elf(const char *data, size_t len)
{
	return len >= SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

static int read_as(const struct options *o, const char *data, size_t len, struct ebpf_source *out,
		   struct err *e)
{
	const struct ebpf_target *t = o->has_target ? &o->target : NULL;
	const char *name = o->file ? o->file : "standard input";
	int form = o->input, rc;

	if (form < 0)
		form = is_elf(data, len) ? FORM_ELF : FORM_TEXT;
	if (form == FORM_TEXT)
		return read_text(o, data, len, out, e);
	if (form == FORM_CBPF)
		return read_cbpf(o, data, &out->prog, e);
	if (form == FORM_ELF)
		rc = read_elf(o, data, len, &out->prog, e);
	else
		rc = ebpf_read(data, len, name, (enum ebpf_format)form, &out->prog, e);
	if (!rc && t)
		rc = ebpf_check(out->prog.insns, out->prog.cnt, t, o->type, e);
	return rc;
}

int input_read(const struct options *o, struct ebpf_source *out, struct err *e)
{
	size_t len;
	char *data;
	int rc;

	*out = (struct ebpf_source){0};
	rc = input_bytes(o->file, &data, &len, e);
	if (rc)
		return rc;
	rc = read_as(o, data, len, out, e);
	free(data);
	if (rc)
		ebpf_source_free(out);
	return rc;
}
