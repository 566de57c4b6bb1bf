/* SPDX-License-Identifier: MIT */
/*
 * doctor.c - writes what this kernel offers, as text or JSON.
 *
 * Takes what examine.c found. Fails with -EIO if the output cannot be written.
 */
#include "findings.h"

#include <errno.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/through.h"

#include "../../util.h"

static const enum ebpf_feature features[] = DOCTOR_FEATURES;
#define FEATURE_CNT (ARRAY_LEN(features))

/* ---- Text --------------------------------------------------------------------------------- */

static void print_layout(FILE *out, const struct doctor *d)
{
	if (!d->has_layout) {
		fprintf(out, "layout of sk_buff: %s\n", d->layout_err.text);
		return;
	}
	fprintf(out, "layout, found without BTF and checked with a packet of known fields\n");
	for (int i = 0; i < LAYOUT_FIELD_CNT; i++)
		if (d->layout.field[i].off >= 0)
			fprintf(out, "  %s.%-20s %d\n", d->layout.field[i].object,
				d->layout.field[i].name, d->layout.field[i].off);
	if (d->layout.pages.missing)
		fprintf(out,
			"paged data: tracing hooks capture the linear part of packets alone: %s\n",
			d->layout.pages.missing);
	else
		fprintf(out, "paged data: tracing hooks capture it, too\n");
	fprintf(out,
		"--through: tracing hooks copy %d more bytes of each packet before the filter\n",
		CBPF2EBPF_INNER_BUFFER);
}

static void print_text(FILE *out, const struct doctor *d)
{
	fprintf(out, "kernel %s %s\nhooks\n", d->release, d->machine);
	for (int i = 0; i < DOCTOR_HOOK_CNT; i++) {
		fprintf(out, "  %-18s %s: %s\n", d->hook[i].spec,
			d->hook[i].works ? "works" : "missing", d->hook[i].how);
		if (d->hook[i].fix)
			fprintf(out, "  %-18s fix: %s\n", "", d->hook[i].fix);
	}
	fprintf(out, "features beyond 5.4\n");
	for (size_t i = 0; i < FEATURE_CNT; i++)
		if (ebpf_target_has(&d->target, features[i]))
			fprintf(out, "  %s\n", ebpf_feature_text(features[i]));
	fprintf(out, "settings\n");
	for (int i = 0; i < DOCTOR_SETTING_CNT; i++)
		if (d->setting[i].value[0])
			fprintf(out, "  %s = %s%s%s\n", d->setting[i].name, d->setting[i].value,
				probe_doctor_is_bad(&d->setting[i]) ? "; " : "",
				probe_doctor_is_bad(&d->setting[i]) ? d->setting[i].cost : "");
	print_layout(out, d);
}

/* ---- JSON --------------------------------------------------------------------------------- */

static void put_string(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20)
			fprintf(out, "\\u%04x", (unsigned)*s);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else
			fputc(*s, out);
	}
	fputc('"', out);
}

/* ,"name":"value" */
static void put_member(FILE *out, const char *before, const char *name, const char *value)
{
	fprintf(out, "%s\"%s\":", before, name);
	put_string(out, value);
}

static void put_hooks(FILE *out, const struct doctor *d)
{
	fprintf(out, ",\"hooks\":{");
	for (int i = 0; i < DOCTOR_HOOK_CNT; i++) {
		fprintf(out, "%s\"%s\":{\"works\":%s", i ? "," : "", d->hook[i].spec,
			d->hook[i].works ? "true" : "false");
		put_member(out, ",", "how", d->hook[i].how);
		if (d->hook[i].fix)
			put_member(out, ",", "fix", d->hook[i].fix);
		fputc('}', out);
	}
	fputc('}', out);
}

static void put_features(FILE *out, const struct doctor *d)
{
	fprintf(out, ",\"features\":{");
	for (size_t i = 0; i < FEATURE_CNT; i++)
		fprintf(out, "%s\"%s\":%s", i ? "," : "", ebpf_feature_name(features[i]),
			ebpf_target_has(&d->target, features[i]) ? "true" : "false");
	fputc('}', out);
}

static void put_settings(FILE *out, const struct doctor *d)
{
	const char *before = "";

	fprintf(out, ",\"settings\":{");
	for (int i = 0; i < DOCTOR_SETTING_CNT; i++) {
		if (!d->setting[i].value[0])
			continue;
		put_member(out, before, d->setting[i].name, d->setting[i].value);
		before = ",";
	}
	fprintf(out, "},\"costs\":{");
	before = "";
	for (int i = 0; i < DOCTOR_SETTING_CNT; i++) {
		if (!probe_doctor_is_bad(&d->setting[i]))
			continue;
		put_member(out, before, d->setting[i].name, d->setting[i].cost);
		before = ",";
	}
	fputc('}', out);
}

/* One JSON object for each struct; the fields of a struct are adjacent. */
static void put_layout(FILE *out, const struct doctor *d)
{
	const char *object = NULL;

	if (!d->has_layout) {
		put_member(out, ",", "layout_error", d->layout_err.text);
		return;
	}
	for (int i = 0; i < LAYOUT_FIELD_CNT; i++) {
		const struct probe_field *f = &d->layout.field[i];

		if (f->off < 0)
			continue;
		if (object && strcmp(object, f->object) == 0)
			fputc(',', out);
		else
			fprintf(out, "%s,\"%s\":{", object ? "}" : "", f->object);
		fprintf(out, "\"%s\":%d", f->name, f->off);
		object = f->object;
	}
	fprintf(out, "},\"paged_data\":%s", d->layout.pages.missing ? "false" : "true");
	if (d->layout.pages.missing)
		put_member(out, ",", "paged_data_missing", d->layout.pages.missing);
}

static void print_json(FILE *out, const struct doctor *d)
{
	put_member(out, "{", "kernel", d->release);
	put_member(out, ",", "machine", d->machine);
	put_hooks(out, d);
	put_features(out, d);
	put_settings(out, d);
	put_layout(out, d);
	fprintf(out, "}\n");
}

int probe_doctor(FILE *out, bool json, struct err *e)
{
	struct doctor d;
	int rc = probe_doctor_examine(&d, e);

	if (rc < 0)
		return rc;
	if (json)
		print_json(out, &d);
	else
		print_text(out, &d);
	if (fflush(out) != 0 || ferror(out))
		return err_run(e, -EIO, "doctor", "the findings cannot be written");
	return 0;
}
