/* SPDX-License-Identifier: MIT */
/*
 * replay.c - -r: reads packets from capture files in the order of their times, filters them, and
 * passes them to the output. Fails if a file cannot be read, or if a filter or an option needs
 * metadata that a file lacks.
 */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"

#include "choose.h"
#include "input/filter.h"
#include "input/input.h"
#include "moment.h"
#include "output/output.h"
#include "regather.h"
#include "report/report.h"
#include "select.h"
#include "slice.h"
#include "stop.h"
#include "top/top.h"

/* A file, and its next packet. */
struct replay_source {
	struct input input;
	struct input_item item;
	bool open, pending;
};

struct replay {
	const struct cap_options *options;
	struct replay_source *sources;
	size_t cnt;
	uint32_t next_id;
	struct filters filters;
	struct selection selection;
	struct choice choice;
	struct saved saved;
	struct regather regather;
	struct output out;
	struct top *top;       /* NULL without --top */
	struct report *report; /* NULL without --report */
	bool out_open, needs_names;
	uint64_t read_cnt, matched_cnt;
};

/* ---- Reading ------------------------------------------------------------------------------ */

static int take_iface(struct replay *r, const struct replay_source *s, const struct input_iface *f,
		      struct err *e)
{
	int rc = filters_add(&r->filters, f, s->input.path, e);

	return rc ? rc : choose_check(&r->choice, s->input.path, f, e);
}

/* Reads up to the next packet of a file; blocks of other kinds are passed on. 0 or -errno. */
static int advance(struct replay *r, struct replay_source *s, struct err *e)
{
	int rc;

	s->pending = false;
	while ((rc = input_next(&s->input, &s->item, e)) > 0) {
		if (s->item.kind == INPUT_PACKET) {
			s->pending = true;
			return 0;
		}
		if (s->item.kind == INPUT_IFACE)
			rc = take_iface(r, s, s->item.iface, e);
		if (rc < 0)
			return rc;
		if (r->out_open && (s->item.kind != INPUT_SECTION || r->cnt == 1))
			output_block(&r->out, &s->item);
	}
	return rc;
}

static struct replay_source *earliest(struct replay *r)
{
	struct replay_source *first = NULL;

	if (r->cnt == 1)
		return r->sources->pending ? r->sources : NULL;
	for (size_t i = 0; i < r->cnt; i++) {
		struct replay_source *s = &r->sources[i];

		if (s->pending && (!first || moment_before(s->item.ev.time, first->item.ev.time)))
			first = s;
	}
	return first;
}

/* ---- Packets ------------------------------------------------------------------------------ */

/* The header of a cooked capture says where its packets were seen. */
static void read_cooked(struct probe_event *ev)
{
	const struct slice s = {ev->data, ev->cap_len, ev->cap_len};
	bool second = ev->linktype == CBPF_LINKTYPE_LINUX_SLL2;
	uint16_t type = second ? slice_u8(s, 10) : slice_be16(s, 0);

	if (ev->dir == PROBE_DIR_UNKNOWN && slice_has(s, 0, 16))
		ev->dir = type == 4 ? PROBE_DIR_OUT : type < 3 ? PROBE_DIR_IN : PROBE_DIR_UNKNOWN;
	if (second && !ev->ifindex)
		ev->ifindex = slice_be32(s, 4);
}

/* Like tcpdump, which looks up the name of an interface on this machine. */
static void name_cooked(struct saved *s, const struct probe_event *ev, char name[IF_NAMESIZE])
{
	if (!s->iface && ev->linktype == CBPF_LINKTYPE_LINUX_SLL2)
		s->iface = if_indextoname(ev->ifindex, name);
}

static bool is_cooked(const struct probe_event *ev)
{
	return ev->linktype == CBPF_LINKTYPE_LINUX_SLL || ev->linktype == CBPF_LINKTYPE_LINUX_SLL2;
}

/* The note that a live --gather saved with the packet. */
static void set_note(struct packet *pk, struct gather_note *note)
{
	if (!pk->saved->first_hook)
		return;
	*note = (struct gather_note){.later = true, .since_ns = pk->saved->since_ns};
	pk->note = note;
	pk->first_hook = pk->saved->first_hook;
}

static int write_packet(struct replay *r, struct replay_source *s, struct err *e)
{
	struct packet pk = {.ev = &s->item.ev, .item = &s->item};
	struct gather_note note;
	char name[IF_NAMESIZE];

	if (r->needs_names) {
		pk.saved = &r->saved;
		if (saved_read(&r->saved, &s->item, s->input.ng.by_bpfcap, &s->item.ev) != 0)
			return err_run(e, -ENOMEM, "file", "out of memory");
		name_cooked(&r->saved, &s->item.ev, name);
	}
	if (!choose_takes(&r->choice, &pk))
		return 0;
	r->matched_cnt++;
	if (pk.saved)
		set_note(&pk, &note);
	if (r->top)
		top_packet(r->top, &pk);
	if (r->regather.gather)
		regather_packet(&r->regather, &s->item.ev, &pk);
	if (r->report)
		report_packet(r->report, &pk);
	return output_packet(&r->out, &pk, e);
}

/* Filters the packet of a file, and writes it; 1 when the output is done. */
static int take_packet(struct replay *r, struct replay_source *s, struct err *e)
{
	struct probe_event *ev = &s->item.ev;

	r->read_cnt++;
	if (is_cooked(ev))
		read_cooked(ev);
	if (!select_takes(&r->selection, ev) || !filters_match(&r->filters, &s->item))
		return 0;
	return write_packet(r, s, e);
}

/* Reads packets until the end of all files, -c, a signal or an error. */
static int run(struct replay *r, struct err *e)
{
	struct replay_source *s = NULL;
	int rc = 0;

	while (rc == 0 && !stop_requested()) {
		if (s)
			rc = advance(r, s, e);
		s = earliest(r);
		if (rc != 0 || !s)
			break;
		rc = take_packet(r, s, e);
	}
	return rc < 0 ? rc : 0;
}

/* ---- Files -------------------------------------------------------------------------------- */

static int open_source(struct replay *r, struct replay_source *s, const char *path, struct err *e)
{
	int rc = input_open(&s->input, path, &r->next_id, e);

	s->open = rc == 0;
	return rc == 0 && s->input.pcap ? take_iface(r, s, &s->input.pcap_iface, e) : rc;
}

static int open_sources(struct replay *r, struct err *e)
{
	const struct word_list *paths = &r->options->reads;
	int rc = 0;

	r->sources = calloc(paths->cnt, sizeof(*r->sources));
	if (!r->sources)
		return err_run(e, -ENOMEM, "file", "out of memory");
	for (; r->cnt < paths->cnt && rc == 0; r->cnt++)
		rc = open_source(r, &r->sources[r->cnt], paths->words[r->cnt], e);
	return rc;
}

/* The snap length for new interface blocks: the largest of the pcap files'. */
static uint32_t snap_len(const struct replay *r)
{
	uint32_t max = 0;

	for (size_t i = 0; i < r->cnt; i++)
		if (r->sources[i].input.pcap_iface.snap_len > max)
			max = r->sources[i].input.pcap_iface.snap_len;
	return max;
}

static int open_output(struct replay *r, struct err *e)
{
	const struct output_source from = {
		.snap_len = snap_len(r),
		.upper_bits = r->cnt == 1 ? r->sources[0].input.pcap_iface.upper : 0,
		.copies_pcapng = r->cnt == 1 && !r->sources[0].input.pcap,
	};
	int rc = output_open(&r->out, r->options, &from, e);

	r->out_open = rc == 0;
	return rc;
}

/* Reads the head of each file, up to its first packet. */
static int begin(struct replay *r, struct err *e)
{
	const struct input *first = &r->sources[0].input;
	int rc = open_output(r, e);

	for (size_t i = 0; i < r->cnt && rc == 0; i++)
		rc = advance(r, &r->sources[i], e);
	if (rc == 0)
		rc = regather_init(&r->regather, r->options, first->path, first->ng.hooks, &r->out,
				   e);
	return rc;
}

static int run_output(struct replay *r, struct err *e)
{
	struct err ignored;
	int rc = begin(r, e), closed;

	if (rc == 0)
		rc = run(r, e);
	if (rc == 0)
		rc = filters_check(&r->filters, e);
	regather_end(&r->regather);
	if (!r->out_open)
		return rc;
	closed = output_close(&r->out, NULL, rc ? &ignored : e);
	if (rc == 0)
		rc = closed;
	if (rc == 0 && r->top)
		rc = top_print(r->top, r->options->json, e);
	if (rc == 0)
		rc = report_finish(r->report, NULL, e);
	if (rc != -EPIPE && !(rc < 0 && e->kind == ERR_INPUT))
		fprintf(stderr, "%" PRIu64 " packet%s read, %" PRIu64 " matched by the filter\n",
			r->read_cnt, r->read_cnt == 1 ? "" : "s", r->matched_cnt);
	return rc;
}

static int open_report(struct replay *r, struct err *e)
{
	int rc = report_open(&r->report, r->options->report_path, e);

	for (size_t i = 0; rc == 0 && i < r->cnt; i++)
		report_source(r->report, "read from ", r->sources[i].input.path,
			      i + 1 == r->cnt ? r->options->filter : NULL);
	return rc;
}

int replay(const struct cap_options *o, struct err *e)
{
	struct replay r = {
		.options = o,
		.filters = {.expr = o->filter, .through = o->through, .inner_only = o->inner_only}};
	int rc = select_init(&r.selection, o, e);

	if (rc == 0)
		rc = choose_init(&r.choice, o, e);
	if (rc == 0)
		rc = output_check(o, e);
	if (rc == 0)
		rc = open_sources(&r, e);
	r.needs_names = r.choice.needs_names || output_needs_names(o);
	if (rc == 0 && o->report_path)
		rc = open_report(&r, e);
	if (rc == 0 && o->top_s) {
		r.top = calloc(1, sizeof(*r.top));
		rc = r.top ? 0 : err_run(e, -ENOMEM, "top", "out of memory");
	}
	if (rc == 0) {
		stop_on_signals();
		rc = run_output(&r, e);
	}
	for (size_t i = 0; i < r.cnt; i++)
		if (r.sources[i].open)
			input_close(&r.sources[i].input);
	free(r.sources);
	filters_free(&r.filters);
	saved_free(&r.saved);
	report_free(r.report);
	if (r.top)
		top_free(r.top);
	free(r.top);
	return rc;
}
