/* SPDX-License-Identifier: MIT */
/*
 * show.c - prints one of the stages between an expression and a loaded program, or the interfaces.
 * Only the verifier's log needs privileges.
 */
#include "show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bpfcap/cbpf2ebpf.h"
#include "bpfcap/ebpf_text.h"
#include "bpfcap/kbpf.h"

#include "../common/fail.h"
#include "../common/text.h"

#include "capture.h"

/* ---- Stages ------------------------------------------------------------------------------- */

static int linktype_of(const struct cap_options *o, struct err *e)
{
	return o->linktype ? cbpf_linktype_by_name(o->linktype, e) : CBPF_LINKTYPE_ETHERNET;
}

/* The classic program: optimized, as tcpdump prints it, or as our compiler reads it. */
static int compile(const struct cap_options *o, bool optimize, struct cbpf_prog *out, struct err *e)
{
	int linktype = linktype_of(o, e);

	if (linktype < 0)
		return linktype;
	return cbpf_compile(o->filter, linktype, UINT32_MAX, optimize, out, e);
}

static int show_cbpf(const struct cap_options *o, struct err *e)
{
	char text[CBPF_TEXT_LEN];
	struct cbpf_prog p = {0};
	int rc = compile(o, true, &p, e);

	for (size_t i = 0; i < p.cnt; i++) {
		cbpf_disasm(&p, i, text);
		puts(text);
	}
	cbpf_prog_free(&p);
	return rc;
}

/* As in a capture: long lists become tables. */
static int dump_ir(const struct cbpf_prog *classic, int linktype, struct err *e)
{
	struct cbpf2ebpf_tables *tables = cbpf2ebpf_tables_new(0);
	struct cbpf2ebpf_filter *filter;
	int rc = cbpf2ebpf_filter_new(&filter, classic, linktype, tables, e);

	if (rc == 0)
		rc = cbpf2ebpf_dump_ir(filter, stdout, e);
	cbpf2ebpf_filter_free(filter);
	cbpf2ebpf_tables_free(tables);
	return rc;
}

static int show_ir(const struct cap_options *o, struct err *e)
{
	struct cbpf_prog p = {0};
	int rc = compile(o, false, &p, e);

	if (rc == 0)
		rc = dump_ir(&p, linktype_of(o, e), e);
	cbpf_prog_free(&p);
	return rc;
}

/* The target of -k, or the running kernel, by its version alone if it cannot be probed. */
static int find_target(const struct cap_options *o, struct ebpf_target *t, struct err *e)
{
	struct utsname name;
	int rc = probe_target(t, o->kernel, e);

	if (rc != -EPERM || (o->kernel && strcmp(o->kernel, "auto") != 0) || uname(&name) != 0)
		return rc;
	name.release[strspn(name.release, "0123456789.")] = '\0';
	return ebpf_target_by_version(t, name.release, e);
}

static int show_hook(const struct cap_options *o, const char *hook, bool filter_only,
		     enum ebpf_format format, struct err *e)
{
	struct probe_config config = capture_config(o);
	struct ebpf_target target;
	struct ebpf_prog p = {0};
	int rc = find_target(o, &target, e);

	if (rc == 0)
		rc = probe_program(&config, hook, filter_only, &target, &p, e);
	if (rc == 0) {
		rc = ebpf_write(stdout, &p, format);
		if (rc)
			(void)err_run(e, rc, "output", "standard output: %s", strerror(-rc));
	}
	ebpf_prog_free(&p);
	return rc;
}

static int one_hook(const struct cap_options *o, const char **hook, struct err *e)
{
	*hook = o->hooks.cnt ? o->hooks.words[0] : "socket";
	if (o->hooks.cnt > 1)
		return err_input(e, -EINVAL, "options",
				 "a program is printed for one hook; specify one with -f");
	return 0;
}

static int show_ebpf_as(const struct cap_options *o, bool filter_only, enum ebpf_format format,
			struct err *e)
{
	const char *hook;
	int rc = one_hook(o, &hook, e);

	return rc ? rc : show_hook(o, hook, filter_only, format, e);
}

static int show_ebpf(const struct cap_options *o, struct err *e)
{
	return show_ebpf_as(o, true, EBPF_FORMAT_LISTING, e);
}

static int show_whole(const struct cap_options *o, struct err *e)
{
	return show_ebpf_as(o, false, EBPF_FORMAT_LISTING, e);
}

/* Loads and attaches the programs to get the log, and detaches them at once. */
static int show_log(const struct cap_options *o, struct err *e)
{
	struct probe_config config = capture_config(o);
	struct probe *p = NULL;
	char *log = NULL;
	int rc;

	config.log = &log;
	rc = probe_open(&p, &config, e);
	if (log)
		fputs(log, stdout);
	free(log);
	probe_close(p);
	return rc;
}

static int show_stage(const struct cap_options *o, struct err *e)
{
	static const struct {
		const char *name;
		int (*show)(const struct cap_options *o, struct err *e);
	} stages[] = {
		{"cbpf", show_cbpf},	 {"ir", show_ir},   {"ebpf", show_ebpf},
		{"program", show_whole}, {"log", show_log},
	};

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (strcmp(stages[i].name, o->dump_stage) == 0 && i < 2 && o->through)
			return err_input(e, -EINVAL, "options",
					 "--dump=%s prints the filter of one link type; remove "
					 "--through",
					 o->dump_stage);
		else if (strcmp(stages[i].name, o->dump_stage) == 0)
			return stages[i].show(o, e);
	return err_input(e, -EINVAL, "options",
			 "unknown stage '%s'; use cbpf, ir, ebpf, program or log", o->dump_stage);
}

int show_program(const struct cap_options *o, struct err *e)
{
	static const enum ebpf_format forms[] = {EBPF_FORMAT_LISTING, EBPF_FORMAT_C,
						 EBPF_FORMAT_DECIMAL};
	int rc;

	if (o->dump_stage)
		rc = show_stage(o, e);
	else
		rc = show_ebpf_as(o, true, forms[o->dump_cnt > 3 ? 2 : o->dump_cnt - 1], e);
	if (rc == 0 && fflush(stdout) != 0)
		return err_run(e, -errno, "output", "standard output: %s", strerror(errno));
	return rc;
}

/* ---- -D ----------------------------------------------------------------------------------- */

int show_ifaces(struct err *e)
{
	enum { FLAG_UP = 0x1, FLAG_LOOPBACK = 0x8, FLAG_RUNNING = 0x40 }; /* IFF_* */
	struct kbpf_iface *list = NULL;
	struct text name = {0};
	int cnt = kbpf_iface_list(&list, e);

	for (int i = 0; i < cnt; i++) {
		uint32_t f = list[i].flags;

		text_clear(&name);
		text_name(&name, list[i].name);
		printf("%d.%s [%s%s%s]\n", list[i].index, text_str(&name),
		       f & FLAG_UP ? "Up" : "Down", f & FLAG_RUNNING ? ", Running" : "",
		       f & FLAG_LOOPBACK ? ", Loopback" : "");
	}
	text_free(&name);
	free(list);
	return cnt < 0 ? cnt : 0;
}
