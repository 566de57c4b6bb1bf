/* SPDX-License-Identifier: MIT */
/*
 * filter.c - the session's filter, compiled for each link type of a hook.
 *
 * Takes an expression; fills eth, raw, tables and window_len of struct capture. Fails with
 * libpcap's reason when the expression is wrong. One that only has no meaning for raw IP ("ether
 * host") matches no raw packet.
 */

#include "bpfcap/err.h"
#include "capture.h"

#define WINDOW_STEP 8 /* windows are rounded up, so that like filters give like programs */

/* Grows the window by what `filter` looks at, and the tables by its long lists. */
static int widen(struct capture *c, const struct cbpf_prog *filter, struct err *e)
{
	struct cbpf2ebpf_info info;
	int rc = cbpf2ebpf_analyze(filter, c->tables, &info, e);

	if (rc == 0 && info.window_len > c->window_len)
		c->window_len = info.window_len;
	return rc;
}

static int compile(struct capture *c, const char *expr, int eth, int raw, struct err *e)
{
	int rc = cbpf_compile(expr, eth, c->snap_len, false, &c->eth, e);

	if (rc == 0)
		rc = widen(c, &c->eth, e);
	if (rc < 0)
		return rc;
	if (cbpf_compile(expr, raw, c->snap_len, false, &c->raw, NULL) < 0)
		return 0;
	return widen(c, &c->raw, e);
}

static uint32_t window_min(const struct capture *c)
{
	return c->fake_headers ? CAPTURE_MADE_MAX : CAPTURE_WINDOW_MIN;
}

int probe_capture_filter(struct capture *c, const char *expr, struct err *e)
{
	bool forced = c->linktype >= 0;
	int rc;

	c->window_len = window_min(c);
	c->tables = cbpf2ebpf_tables_new(0);
	rc = compile(c, expr, forced ? c->linktype : CBPF_LINKTYPE_ETHERNET,
		     forced ? c->linktype : CBPF_LINKTYPE_RAW, e);
	if (rc < 0) {
		probe_capture_filter_free(c);
		return rc;
	}
	/* Only captured bytes decide; a short snap length may still be below the minimum. */
	if (c->window_len > c->snap_len)
		c->window_len = c->snap_len > window_min(c) ? c->snap_len : window_min(c);
	else
		c->window_len = (c->window_len + WINDOW_STEP - 1) / WINDOW_STEP * WINDOW_STEP;
	return 0;
}

void probe_capture_filter_free(struct capture *c)
{
	cbpf_prog_free(&c->eth);
	cbpf_prog_free(&c->raw);
	c->eth = c->raw = (struct cbpf_prog){0};
	cbpf2ebpf_tables_free(c->tables);
	c->tables = NULL;
}
