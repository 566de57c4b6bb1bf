/* SPDX-License-Identifier: MIT */
/*
 * replay.c - -r: reads packets from a capture file, filters them, and passes them to the output.
 * Fails if the file cannot be read, or if the filter needs metadata that files do not hold.
 */
#include "replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "../common/fail.h"
#include "bpfcap/cbpf.h"

#include "output/output.h"
#include "stop.h"

struct replay {
	struct cbpf_file *file;
	struct cbpf_prog filter;
	int linktype;
	uint64_t read_cnt, matched_cnt;
};

static bool matches(struct replay *r, const struct cbpf_packet *p)
{
	r->read_cnt++;
	if (!cbpf_run(&r->filter, p->data, p->cap_len, p->len))
		return false;
	r->matched_cnt++;
	return true;
}

static int write_packet(struct replay *r, struct output *out, const struct cbpf_packet *p,
			struct err *e)
{
	const struct probe_event ev = {
		.time_ns = p->time_ns,
		.linktype = r->linktype,
		.len = p->len,
		.cap_len = p->cap_len,
		.data = p->data,
	};

	return output_packet(out, &(struct packet){.ev = &ev}, e);
}

/* Reads packets until the end of the file, -c, a signal or an error. */
static int run(struct replay *r, struct output *out, struct err *e)
{
	struct cbpf_packet p;
	int rc = 0;

	while (rc == 0 && !stop_requested()) {
		rc = cbpf_file_next(r->file, &p, e);
		if (rc <= 0)
			break;
		rc = matches(r, &p) ? write_packet(r, out, &p, e) : 0;
	}
	return rc < 0 ? rc : 0;
}

static int run_output(struct replay *r, const struct cap_options *o, struct err *e)
{
	struct output out;
	struct err ignored;
	int rc, closed;

	rc = output_open(&out, o, (uint32_t)cbpf_file_snap_len(r->file), e);
	if (rc != 0)
		return rc;
	rc = run(r, &out, e);
	closed = output_close(&out, NULL, rc ? &ignored : e);
	if (rc == 0)
		rc = closed;
	if (rc != -EPIPE)
		fprintf(stderr, "%" PRIu64 " packets read, %" PRIu64 " matched by the filter\n",
			r->read_cnt, r->matched_cnt);
	return rc;
}

/* Compiles the filter for the link type of the file. */
static int compile(struct replay *r, const char *expr, struct err *e)
{
	int rc = cbpf_compile(expr, r->linktype, UINT32_MAX, true, &r->filter, e);
	const char *what = rc == 0 ? cbpf_asks_for(&r->filter) : NULL;

	if (!what)
		return rc;
	return err_input(e, -ENOTSUP, "filter",
			 "'%s' needs kernel metadata (%s), which is not in the file; remove it "
			 "from the expression",
			 expr, what);
}

int replay(const struct cap_options *o, struct err *e)
{
	struct replay r = {0};
	int rc = output_check(o, e);

	if (rc == 0)
		rc = cbpf_file_open(&r.file, o->read_path, e);
	if (rc != 0)
		return rc;
	r.linktype = cbpf_file_linktype(r.file);
	rc = compile(&r, o->filter, e);
	if (rc == 0) {
		stop_on_signals();
		rc = run_output(&r, o, e);
	}
	cbpf_prog_free(&r.filter);
	cbpf_file_close(r.file);
	return rc;
}
