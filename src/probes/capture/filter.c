/* SPDX-License-Identifier: MIT */
/*
 * filter.c - the session's filter, compiled for each link type of a hook.
 *
 * Takes an expression; fills eth, raw, tables and window_len of struct capture. Fails with
 * libpcap's reason when the expression is wrong. An expression that libpcap refuses for raw IP
 * alone ("ether host") matches no raw packet.
 */
#include <errno.h>
#include <string.h>

#include "bpfcap/err.h"
#include "capture.h"

#define WINDOW_STEP 8 /* windows are rounded up, so that similar filters give similar programs */

/*
 * Makes a filter from *classic, which is freed. Extends the window by what the filter reads, and
 * the tables by its long lists.
 */
static int add_filter(struct capture *c, struct cbpf_prog *classic, int linktype,
		      struct cbpf2ebpf_filter **out, struct err *e)
{
	struct cbpf2ebpf_info info;
	int rc = cbpf2ebpf_filter_new(out, classic, linktype, c->tables, e);

	cbpf_prog_free(classic);
	if (rc == 0)
		rc = cbpf2ebpf_analyze(*out, &info, e);
	if (rc == 0 && info.window_len > c->window_len)
		c->window_len = info.window_len;
	return rc;
}

/* Such a filter is a mistake. libpcap's optimizer also finds them, but is wrong about some. */
static int check_never(const struct capture *c, const char *expr, struct err *e)
{
	struct cbpf2ebpf_info info;

	if (cbpf2ebpf_analyze(c->eth, &info, NULL) != 0 || !info.matches_none)
		return 0;
	return err_input(e, -EINVAL, "filter", "expression rejects all packets (in '%.60s%s')",
			 expr, strlen(expr) > 60 ? "..." : "");
}

static int compile(struct capture *c, const char *expr, int eth, int raw, struct err *e)
{
	struct cbpf_prog classic;
	int rc = cbpf_compile_on(expr, eth, c->netmask, c->snap_len, &classic, e);

	if (rc == 0)
		rc = add_filter(c, &classic, eth, &c->eth, e);
	if (rc == 0)
		rc = check_never(c, expr, e);
	if (rc < 0)
		return rc;
	if (cbpf_compile_on(expr, raw, c->netmask, c->snap_len, &classic, NULL) < 0)
		return 0;
	return add_filter(c, &classic, raw, &c->raw, e);
}

static uint32_t window_min(const struct capture *c)
{
	return c->fake_headers ? CAPTURE_MADE_MAX : CAPTURE_WINDOW_MIN;
}

/*
 * The window and the buffer, from what the filter looks at. Only captured bytes decide; a short
 * snap length may still be below the minimum. Inner packets begin up to CBPF2EBPF_INNER_MAX bytes
 * later, wherever that is.
 */
static void find_window(struct capture *c)
{
	if (looks_inside(c)) {
		if (c->window_len < CBPF2EBPF_INNER_READ)
			c->window_len = CBPF2EBPF_INNER_READ;
		if (c->window_len > c->snap_len)
			c->window_len = c->snap_len;
		c->window_len += CBPF2EBPF_INNER_BUFFER;
	}
	c->buffer_len = (c->window_len + WINDOW_STEP - 1) / WINDOW_STEP * WINDOW_STEP;
	if (c->window_len > c->snap_len)
		c->window_len = c->snap_len > window_min(c) ? c->snap_len : window_min(c);
	else
		c->window_len = c->buffer_len;
	if (!looks_inside(c))
		c->buffer_len = c->window_len;
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
	find_window(c);
	return 0;
}

void probe_capture_filter_free(struct capture *c)
{
	cbpf2ebpf_filter_free(c->eth);
	cbpf2ebpf_filter_free(c->raw);
	cbpf2ebpf_tables_free(c->tables);
	c->eth = c->raw = NULL;
	c->tables = NULL;
}
