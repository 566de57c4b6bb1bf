/* SPDX-License-Identifier: MIT */
/*
 * output.c - opens the writers that the options select, and passes each packet to all of them until
 * -c is reached. Fails as the writers do.
 */
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../common/fail.h"
#include "../decode/decode.h"
#include "../dissect/tcp_flow.h"
#include "netns.h"

static const struct sink_ops *file_format(const struct cap_options *o)
{
	return o->format ? sink_by_name(o->format) : sink_by_path(o->write_path);
}

static bool wants_text(const struct cap_options *o)
{
	bool instead = o->write_path || (o->report_path && o->reads.cnt);

	return !o->top_s && (!instead || o->print || o->json);
}

bool output_needs_names(const struct cap_options *o)
{
	const struct sink_ops *ops = o->write_path ? file_format(o) : NULL;

	return wants_text(o) || o->top_s || o->report_path || (ops && ops->shows_names);
}

static bool wants_color(const struct cap_options *o)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	if (o->color && strcmp(o->color, "auto") != 0)
		return strcmp(o->color, "always") == 0;
	return isatty(STDOUT_FILENO) && !(none && none[0]) && term && strcmp(term, "dumb") != 0;
}

static int check_color(const struct cap_options *o, struct err *e)
{
	const char *when = o->color;

	if (!when || strcmp(when, "auto") == 0 || strcmp(when, "always") == 0 ||
	    strcmp(when, "never") == 0)
		return 0;
	return err_input(e, -EINVAL, "options", "--color must be auto, always or never, not '%s'",
			 when);
}

/* The program's lines are part of the text on standard output. */
static int check_decode(const struct cap_options *o, struct err *e)
{
	if (!o->decode)
		return 0;
	if (o->json || !wants_text(o) || (o->format && strcmp(o->format, "text") == 0))
		return err_input(
			e, -EINVAL, "options",
			"--decode changes the text on standard output, which this command "
			"does not write; omit --json and --format text, and add --print to -w");
	return decode_check(o->decode, e);
}

static int check_report(const struct cap_options *o, struct err *e)
{
	if (!o->report_path)
		return 0;
	if (!o->reads.cnt && !o->gather && !o->gather_by && !o->top_s)
		return err_input(
			e, -EINVAL, "options",
			"--report shows what --gather or --top has found; add one of them, "
			"or read a file with -r");
	return out_check(o->report_path, e);
}

int output_check(const struct cap_options *o, struct err *e)
{
	if (check_color(o, e) != 0 || check_decode(o, e) != 0 || check_report(o, e) != 0)
		return e->code;
	if (o->format && !sink_by_name(o->format))
		return err_input(e, -EINVAL, "options",
				 "unknown format '%s'; use pcapng, pcap, json or text", o->format);
	if (!o->write_path) {
		if (o->format || o->rotate_mb || o->rotate_s || o->file_cnt)
			return err_input(e, -EINVAL, "options",
					 "--format, -C, -G and -W require a file; add -w");
		return 0;
	}
	if (o->finished_command && !o->rotate_mb && !o->rotate_s)
		return err_input(e, -EINVAL, "options",
				 "-z runs a command on the files of -C or -G; specify one of them");
	if (strcmp(o->write_path, "-") == 0 && (wants_text(o) || o->rotate_mb || o->rotate_s))
		return err_input(e, -EINVAL, "options",
				 "-w - writes the capture to standard output, which excludes "
				 "--print, --json, -C and -G; write to a file");
	return out_check(o->write_path, e);
}

static int add_writer(struct output *out, const struct sink_ops *ops, const char *path,
		      bool rotates, const struct cap_options *o, struct err *e)
{
	return writer_open(&out->writers[out->writer_cnt++], ops, path, rotates ? o : NULL,
			   &out->conf, e);
}

int output_open(struct output *out, const struct cap_options *o, const struct output_source *from,
		struct err *e)
{
	struct err ignored;
	int rc = 0;

	*out = (struct output){
		.conf =
			{
				.snap_len = from->snap_len,
				.hooks = from->hooks,
				.upper_bits = from->upper_bits,
				.copies_pcapng = from->copies_pcapng,
				.filter = o->filter,
				.time_form = o->time_form,
				.verbose = o->verbose,
				.quick = o->quick,
				.hex = o->hex,
				.hex_ascii = o->hex_ascii,
				.color = wants_color(o),
				.link = o->link,
				.ascii = o->ascii,
				.nano = o->nano,
				.json_keys = o->tls_keys && o->tls_keys[0],
				.number = o->number,
				.gather = o->gather || o->gather_by,
				.flows = o->absolute ? NULL : tcp_flows_new(),
			},
		.each_packet = o->packet_buffered,
		.packet_max = o->packet_cnt,
	};
	if (from->hooks)
		out->conf.netns = netns_names_new();
	if (o->decode)
		rc = decode_open(&out->conf.decode, o->decode, e);
	if (rc == 0 && o->write_path)
		rc = add_writer(out, file_format(o), o->write_path, o->rotate_mb || o->rotate_s, o,
				e);
	if (rc == 0 && wants_text(o))
		rc = add_writer(out, o->json ? &sink_json : &sink_text, "-", false, o, e);
	if (rc != 0)
		(void)output_close(out, NULL, &ignored);
	return rc;
}

int output_packet(struct output *out, const struct packet *pk, struct err *e)
{
	for (unsigned i = 0; i < out->writer_cnt; i++) {
		int rc = writer_packet(&out->writers[i], pk, e);

		out->done |= rc > 0;
		if (rc != 0)
			return rc;
	}
	out->done = ++out->packet_cnt == out->packet_max;
	if (out->done)
		return 1;
	return out->each_packet ? output_flush(out, e) : 0;
}

struct writer_counts output_counts(const struct output *out)
{
	return writer_counts(&out->writers[0]);
}

int output_tick(struct output *out, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; i < out->writer_cnt && rc == 0; i++)
		rc = writer_tick(&out->writers[i], e);
	out->done |= rc > 0;
	return rc;
}

int output_wait_ms(const struct output *out)
{
	int ms = -1;

	for (unsigned i = 0; i < out->writer_cnt; i++) {
		int one = writer_wait_ms(&out->writers[i]);

		if (ms < 0 || (one >= 0 && one < ms))
			ms = one;
	}
	return ms;
}

void output_block(struct output *out, const struct input_item *it)
{
	for (unsigned i = 0; i < out->writer_cnt; i++) {
		struct sink *s = &out->writers[i].sink;

		if (s->ops->block)
			s->ops->block(s, it);
	}
}

void output_missing(struct output *out, const struct packet *first, const char *hook, bool lost)
{
	for (unsigned i = 0; i < out->writer_cnt; i++) {
		struct sink *s = &out->writers[i].sink;

		if (s->ops->missing)
			s->ops->missing(s, first, hook, lost);
	}
}

void output_settled(struct output *out, uint64_t packet)
{
	for (unsigned i = 0; i < out->writer_cnt; i++) {
		struct sink *s = &out->writers[i].sink;

		if (s->ops->settled)
			s->ops->settled(s, packet);
	}
}

void output_secrets(struct output *out, const struct text *lines)
{
	for (unsigned i = 0; i < out->writer_cnt; i++) {
		struct sink *s = &out->writers[i].sink;

		if (s->ops->secrets)
			s->ops->secrets(s, lines);
	}
}

int output_flush(struct output *out, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; i < out->writer_cnt && rc == 0; i++)
		rc = writer_flush(&out->writers[i], e);
	return rc;
}

static void report_left_out(const struct writer *w)
{
	if (w->sink.left_out)
		fprintf(stderr,
			"bpfcap: output: %" PRIu64 " packet%s omitted: a pcap file holds one link "
			"type, and times until 2106; use pcapng\n",
			w->sink.left_out, w->sink.left_out == 1 ? "" : "s");
}

int output_close(struct output *out, const struct probe_counts *c, struct err *e)
{
	struct err ignored;
	int rc = 0;

	for (unsigned i = 0; i < out->writer_cnt; i++) {
		int one = writer_close(&out->writers[i], c, rc ? &ignored : e);

		report_left_out(&out->writers[i]);
		if (rc == 0)
			rc = one;
	}
	out->writer_cnt = 0;
	netns_names_free(out->conf.netns);
	out->conf.netns = NULL;
	decode_close(out->conf.decode);
	out->conf.decode = NULL;
	tcp_flows_free(out->conf.flows);
	out->conf.flows = NULL;
	return rc;
}
