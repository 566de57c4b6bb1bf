/* SPDX-License-Identifier: MIT */
/*
 * config.c - reads the packet options of a configuration.
 *
 * Takes struct probe_config, fills struct capture; the filter is compiled last. Fails with -EINVAL
 * (input) for malformed text.
 */
#include <errno.h>
#include <stdlib.h>

#include "bpfcap/err.h"
#include "capture.h"

/* "14", "-14", "0x20": an sk_buff holds at most 64 KiB before or after it. */
static int parse_skb_data(struct capture *c, const char *text, struct err *e)
{
	char *end = NULL;
	long off;

	if (!text)
		return 0;
	off = strtol(text, &end, 0);
	if (end == text || *end || off < INT16_MIN || off > INT16_MAX)
		return err_input(e, -EINVAL, "skb-data",
				 "'%s' is not an offset from skb->data (-32768 to 32767)", text);
	c->has_skb_data = true;
	c->skb_data = (int32_t)off;
	return 0;
}

static int configure_through(struct capture *c, const struct probe_config *config, struct err *e)
{
	if (!config->through)
		return 0;
	if (config->linktype)
		return err_input(e, -EINVAL, "through",
				 "packets inside have link types of their own, so all cannot be "
				 "treated as %s; remove -y or --through",
				 config->linktype);
	c->inner_only = config->inner_only;
	return cbpf2ebpf_through_parse(config->through, &c->through, e);
}

int probe_capture_configure(struct capture *c, const struct probe_config *config, struct err *e)
{
	uint32_t snap_len = config->snap_len;
	int rc = parse_skb_data(c, config->skb_data, e);

	if (rc < 0)
		return rc;
	if (config->call && (config->track || config->tally))
		return err_input(e, -EINVAL, "call",
				 "packets that are followed (--track) or only counted do not go "
				 "with a function that decides about each (--call)");
	if (config->call)
		rc = probe_call_read(&c->call, config->call, e);
	if (rc < 0)
		return rc;
	c->stack = config->stack;
	c->track = config->track;
	c->tally = config->tally;
	c->fake_headers = config->fake_headers;
	c->snap_len = snap_len && snap_len < PROBE_SNAP_LEN_MAX ? snap_len : PROBE_SNAP_LEN_MAX;
	c->linktype = config->linktype ? cbpf_linktype_by_name(config->linktype, e) : -1;
	if (config->linktype && c->linktype < 0)
		return c->linktype;
	rc = configure_through(c, config, e);
	return rc < 0 ? rc : probe_capture_filter(c, config->expr, e);
}
