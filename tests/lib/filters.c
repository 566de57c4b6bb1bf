/* SPDX-License-Identifier: MIT */
/* filters.c - what tests/cases/filter holds, and filters put into whole programs. */
#include "filters.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/dsl.h"

struct expressions expressions_read(const char *path)
{
	struct expressions e = {0};
	FILE *f = fopen(path, "r");
	char line[4096];

	if (!f) {
		perror(path);
		abort();
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || line[0] == '\0')
			continue;
		e.all = realloc(e.all, (e.cnt + 1) * sizeof(*e.all));
		if (!e.all)
			abort();
		e.all[e.cnt++] = strdup(line);
	}
	fclose(f);
	return e;
}

void expressions_free(struct expressions *e)
{
	for (size_t i = 0; i < e->cnt; i++)
		free(e->all[i]);
	free(e->all);
	*e = (struct expressions){0};
}

/* ---- Classic programs --------------------------------------------------------------------- */

static void add_program(struct programs *ps, const char *text)
{
	struct err e;

	ps->all = realloc(ps->all, (ps->cnt + 1) * sizeof(*ps->all));
	if (!ps->all || cbpf_parse(text, &ps->all[ps->cnt++], &e) < 0) {
		fprintf(stderr, "program %zu: %s\n", ps->cnt, ps->all ? e.text : "no memory");
		abort();
	}
}

struct programs programs_read(const char *path)
{
	struct programs ps = {0};
	FILE *f = fopen(path, "r");
	char line[128], text[4096] = "";

	if (!f) {
		perror(path);
		abort();
	}
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '\n' && text[0] != '\0') {
			add_program(&ps, text);
			text[0] = '\0';
		} else if (line[0] >= '0' && line[0] <= '9') {
			strncat(text, line, sizeof(text) - strlen(text) - 1);
		}
	}
	if (text[0] != '\0')
		add_program(&ps, text);
	fclose(f);
	return ps;
}

void programs_free(struct programs *p)
{
	for (size_t i = 0; i < p->cnt; i++)
		cbpf_prog_free(&p->all[i]);
	free(p->all);
	*p = (struct programs){0};
}

/* ---- Programs ----------------------------------------------------------------------------- */

static const struct mode {
	const char *name;
	enum ebpf_prog_type type;
	enum cbpf2ebpf_access access;
} modes[] = {
	[FILTER_CLS_DIRECT] = {"cls direct", EBPF_PROG_SCHED_CLS, CBPF2EBPF_DIRECT},
	[FILTER_XDP_DIRECT] = {"xdp direct", EBPF_PROG_XDP, CBPF2EBPF_DIRECT},
	[FILTER_SOCKET_LD_ABS] = {"socket ld_abs", EBPF_PROG_SOCKET_FILTER, CBPF2EBPF_LD_ABS},
	[FILTER_CLS_LD_ABS] = {"cls ld_abs", EBPF_PROG_SCHED_CLS, CBPF2EBPF_LD_ABS},
	[FILTER_SOCKET_LOAD_BYTES] = {"socket load_bytes", EBPF_PROG_SOCKET_FILTER,
				      CBPF2EBPF_LOAD_BYTES},
	[FILTER_CLS_LOAD_BYTES] = {"cls load_bytes", EBPF_PROG_SCHED_CLS, CBPF2EBPF_LOAD_BYTES},
	[FILTER_BUFFER] = {"buffer", EBPF_PROG_ANY, CBPF2EBPF_BUFFER},
	[FILTER_BUFFER_SMALL] = {"small buffer", EBPF_PROG_ANY, CBPF2EBPF_BUFFER},
	[FILTER_PROBE] = {"probe", EBPF_PROG_ANY, CBPF2EBPF_PROBE},
	[FILTER_XDP_FRAGS] = {"xdp frags", EBPF_PROG_XDP, CBPF2EBPF_DIRECT},
};

const char *filter_mode_name(enum filter_mode mode)
{
	return modes[mode].name;
}

enum ebpf_prog_type filter_mode_type(enum filter_mode mode)
{
	return modes[mode].type;
}

static int analyze(const struct cbpf_prog *classic, struct cbpf2ebpf_tables *tables,
		   struct cbpf2ebpf_info *info)
{
	struct cbpf2ebpf_filter *f;
	int rc = cbpf2ebpf_filter_new(&f, classic, CBPF_LINKTYPE_ETHERNET, tables, NULL);

	if (rc == 0)
		rc = cbpf2ebpf_analyze(f, info, NULL);
	cbpf2ebpf_filter_free(f);
	return rc;
}

uint32_t filter_buffer_len(enum filter_mode mode, const struct cbpf_prog *filter)
{
	struct cbpf2ebpf_info info;

	if (mode != FILTER_BUFFER_SMALL)
		return FILTER_BUFFER_LEN;
	if (analyze(filter, NULL, &info) < 0 || info.window_len > FILTER_BUFFER_LEN)
		return FILTER_BUFFER_LEN;
	return info.window_len < 64 ? 64 : info.window_len;
}

#define INPUT(field) MEM(R7, offsetof(struct filter_input, field))

uint32_t filter_tables_min(const struct cbpf_prog *filter)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < filter->cnt; i++)
		bits ^= filter->insns[i].k;
	return __builtin_parity(bits) ? 2 : 0;
}

struct cbpf2ebpf_tables *filter_tables(const struct cbpf_prog *filter, uint32_t min,
				       const void **bytes, uint32_t *len)
{
	struct cbpf2ebpf_tables *tables = cbpf2ebpf_tables_new(min);
	struct cbpf2ebpf_info info;

	if (!tables)
		abort();
	(void)analyze(filter, tables, &info);
	*bytes = cbpf2ebpf_tables_bytes(tables, len);
	return tables;
}

/* The frame's registers from the input at R7. A result of 0 goes to `miss`. */
static struct cbpf2ebpf_frame load_frame(struct ebpf_builder *b, enum filter_mode mode,
					 uint32_t buffer_len, ebpf_label miss)
{
	struct cbpf2ebpf_frame f = {.access = modes[mode].access,
				    .data = R7,
				    .len = R9,
				    .stack_top = -16,
				    .stack_len = 160,
				    .miss = miss};

	EMIT(b, LDX(DW, R8, INPUT(cap_len)), LDX(DW, R9, INPUT(len)));
	if (mode == FILTER_PROBE) {
		f.data_end = R8;
		EMIT(b, LDX(DW, R7, INPUT(data)), ADD(R8, R7));
	} else {
		f.cap_len = R8;
		f.scratch = 1 << 6;
		f.buffer_len = buffer_len;
		EMIT(b, ADD(R7, offsetof(struct filter_input, packet)));
	}
	return f;
}

static int emit(struct ebpf_builder *b, const struct cbpf_prog *classic,
		const struct cbpf2ebpf_frame *frame, struct cbpf2ebpf_tables *tables, struct err *e)
{
	struct cbpf2ebpf_filter *f;
	int rc = cbpf2ebpf_filter_new(&f, classic, -1, tables, e);

	if (rc == 0)
		rc = cbpf2ebpf_emit(f, b, frame, e);
	cbpf2ebpf_filter_free(f);
	return rc;
}

static int input_program(struct ebpf_builder *b, const struct cbpf_prog *filter,
			 enum filter_mode mode, struct cbpf2ebpf_tables *tables, struct err *e)
{
	ebpf_label miss = ebpf_label_new(b);
	struct cbpf2ebpf_frame f = load_frame(b, mode, filter_buffer_len(mode, filter), miss);
	int rc = emit(b, filter, &f, tables, e);

	EMIT(b, EXIT(), LABEL(miss), MOV(R0, 0), EXIT());
	return rc;
}

static int frags_program(struct ebpf_builder *b, const struct cbpf_prog *filter,
			 struct cbpf2ebpf_tables *tables, struct err *e)
{
	const struct cbpf2ebpf_frame f = {.access = CBPF2EBPF_DIRECT,
					  .ctx = R6,
					  .data = R7,
					  .data_end = R8,
					  .len = R9,
					  .stack_len = 160};
	int rc;

	EMIT(b, MOV(R6, R1), CALL(xdp_get_buff_len), MOV(R9, R0), LDX(W, R7, CTX(R6, xdp_md, data)),
	     LDX(W, R8, CTX(R6, xdp_md, data_end)));
	rc = emit(b, filter, &f, tables, e);
	EMIT(b, EXIT());
	return rc;
}

static int finish(struct ebpf_builder *b, int rc, struct ebpf_prog *out, struct err *e)
{
	if (rc == 0)
		rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}

static int filter_of_frags(const struct cbpf_prog *filter, const struct ebpf_target *t,
			   struct cbpf2ebpf_tables *tables, struct ebpf_prog *out, struct err *e)
{
	struct ebpf_target with = *t;
	struct ebpf_builder *b;

	ebpf_target_set_helper(&with, EBPF_PROG_XDP, EBPF_FN_xdp_get_buff_len, true);
	ebpf_target_set_helper(&with, EBPF_PROG_XDP, EBPF_FN_xdp_load_bytes, true);
	b = ebpf_new(&with, EBPF_PROG_XDP);
	return finish(b, frags_program(b, filter, tables, e), out, e);
}

int filter_whole(const struct cbpf_prog *classic, int linktype, struct cbpf2ebpf_tables *tables,
		 const struct cbpf2ebpf_program_spec *spec, struct ebpf_prog *out, struct err *e)
{
	struct cbpf2ebpf_filter *f;
	int rc = cbpf2ebpf_filter_new(&f, classic, linktype, tables, e);

	if (rc == 0)
		rc = cbpf2ebpf_program(f, spec, out, e);
	cbpf2ebpf_filter_free(f);
	return rc;
}

int filter_program(const struct cbpf_prog *filter, const struct ebpf_target *t,
		   enum filter_mode mode, enum ebpf_prog_type type, struct cbpf2ebpf_tables *tables,
		   void (*wrap)(struct ebpf_builder *b, void *user), void *user,
		   struct ebpf_prog *out, struct err *e)
{
	const struct mode *m = &modes[mode];
	const struct cbpf2ebpf_program_spec spec = {
		.target = t, .type = m->type, .access = m->access};
	struct ebpf_builder *b;

	if (mode == FILTER_XDP_FRAGS)
		return filter_of_frags(filter, t, tables, out, e);
	if (m->type != EBPF_PROG_ANY)
		return filter_whole(filter, CBPF_LINKTYPE_ETHERNET, tables, &spec, out, e);
	b = ebpf_new(t, type);
	if (wrap)
		wrap(b, user);
	else
		EMIT(b, MOV(R7, R1));
	return finish(b, input_program(b, filter, mode, tables, e), out, e);
}
