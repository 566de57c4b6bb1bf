/* SPDX-License-Identifier: MIT */
/*
 * filter.c - the session's filter, compiled for each link type of a hook.
 *
 * Takes an expression; fills eth, raw, tables and window_len of struct capture. Fails with
 * libpcap's reason when the expression is wrong. An expression that libpcap refuses for raw IP
 * alone ("ether host") matches no raw packet.
 */
#include <errno.h>
#include <linux/filter.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../tally.h"
#include "capture.h"

#define WINDOW_STEP 8 /* windows are rounded up, so that similar filters give similar programs */

/*
 * Makes a filter from *classic. Extends the window by what the filter reads, and the tables by
 * its long lists.
 */
static int add_filter(struct capture *c, const struct cbpf_prog *classic, int linktype,
		      struct cbpf2ebpf_filter **out, struct err *e)
{
	struct cbpf2ebpf_info info;
	int rc = cbpf2ebpf_filter_new(out, classic, linktype, c->tables, e);

	for (size_t i = 0; i < classic->cnt; i++)
		c->asks_iface |= classic->insns[i].k == (uint32_t)SKF_AD_OFF + SKF_AD_IFINDEX;

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

	if (c->sockets && cbpf_is_about_tags(expr))
		return 0; /* "ip and vlan" matches where the tag is kept beside the frame */
	if (cbpf2ebpf_analyze(c->eth, &info, NULL) != 0 || !info.matches_none)
		return 0;
	return err_input(e, -EINVAL, "filter", "expression rejects all packets (in '%.60s%s')",
			 expr, strlen(expr) > 60 ? "..." : "");
}

/* The programs that the kernel runs for packet sockets. */
static int compile_for_sockets(struct capture *c, const char *expr, int eth, int raw, struct err *e)
{
	int rc = cbpf_compile_live(expr, eth, c->netmask, c->snap_len, &c->classic_eth, e);

	if (rc == 0 &&
	    cbpf_compile_live(expr, raw, c->netmask, c->snap_len, &c->classic_raw, NULL) < 0)
		c->classic_raw = (struct cbpf_prog){0};
	if (rc == 0 && cbpf_is_about_tags(expr))
		rc = add_filter(c, &c->classic_eth, eth, &c->live, e);
	return rc;
}

static int compile(struct capture *c, const char *expr, int eth, int raw, struct err *e)
{
	struct cbpf_prog classic;
	int rc = cbpf_compile_on(expr, eth, c->netmask, c->snap_len, &classic, e);

	if (rc < 0)
		return rc;
	rc = add_filter(c, &classic, eth, &c->eth, e);
	cbpf_prog_free(&classic);
	if (rc == 0)
		rc = check_never(c, expr, e);
	if (rc < 0 || cbpf_compile_on(expr, raw, c->netmask, c->snap_len, &classic, NULL) < 0)
		return rc;
	rc = add_filter(c, &classic, raw, &c->raw, e);
	cbpf_prog_free(&classic);
	return rc;
}

static uint32_t window_min(const struct capture *c)
{
	if (c->tally)
		return TALLY_WINDOW;
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
	int eth = forced ? c->linktype : CBPF_LINKTYPE_ETHERNET;
	int raw = forced ? c->linktype : CBPF_LINKTYPE_RAW, rc;

	c->window_len = window_min(c);
	c->tables = cbpf2ebpf_tables_new(0);
	rc = compile(c, expr, eth, raw, e);
	if (rc == 0 && c->sockets)
		rc = compile_for_sockets(c, expr, eth, raw, e);
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
	cbpf2ebpf_filter_free(c->live);
	cbpf2ebpf_tables_free(c->tables);
	cbpf_prog_free(&c->classic_eth);
	cbpf_prog_free(&c->classic_raw);
	c->eth = c->raw = c->live = NULL;
	c->tables = NULL;
}
