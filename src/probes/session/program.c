/* SPDX-License-Identifier: MIT */
/*
 * program.c - builds the program of a hook, without loading it and without privileges.
 *
 * Takes a session's configuration, a hook and a target; gives instructions. If the layout of the
 * running kernel is not accessible, that of a usual build of the target's version is used.
 */
#include <errno.h>

#include "bpfcap/err.h"
#include "../capture/capture.h"
#include "../hooks/hook.h"

/* A filter for a link type; *out is NULL where libpcap refuses the expression. */
static int make_filter(const struct probe_config *c, int linktype, struct cbpf2ebpf_filter **out,
		       struct err *e)
{
	uint32_t snap_len = c->snap_len ? c->snap_len : PROBE_SNAP_LEN_MAX;
	struct cbpf_prog classic;
	int rc = cbpf_compile(c->expr, linktype, snap_len, false, &classic, e);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = cbpf2ebpf_filter_new(out, &classic, linktype, NULL, e);
	cbpf_prog_free(&classic);
	return rc;
}

/* The filter alone, for packets inside, too. */
static int inner_program(const struct probe_config *c, struct cbpf2ebpf_filter *eth,
			 const struct cbpf2ebpf_program_spec *spec, struct ebpf_prog *out,
			 struct err *e)
{
	struct cbpf2ebpf_through through;
	struct cbpf2ebpf_inner inner = {&through, eth, NULL};
	int rc = cbpf2ebpf_through_parse(c->through, &through, e);

	if (rc == 0) {
		(void)make_filter(c, CBPF_LINKTYPE_RAW, &inner.raw, NULL);
		rc = cbpf2ebpf_inner_program(&inner, spec, c->inner_only, out, e);
	}
	cbpf2ebpf_filter_free(inner.raw);
	return rc;
}

/* The filter alone, without maps. */
static int filter_program(const struct probe_config *c, const struct hook *h,
			  const struct ebpf_target *t, struct ebpf_prog *out, struct err *e)
{
	int linktype = c->linktype ? cbpf_linktype_by_name(c->linktype, e) : CBPF_LINKTYPE_ETHERNET;
	const struct capture_kind *k = h->kind;
	const bool in_scratch = k->tracing || k->user;
	const struct cbpf2ebpf_program_spec spec = {
		.target = t,
		.type = in_scratch ? EBPF_PROG_SOCKET_FILTER : k->type,
		.access = in_scratch ? CBPF2EBPF_SOCKET : k->ctx.access};
	struct cbpf2ebpf_filter *filter = NULL;
	int rc;

	if (linktype < 0)
		return linktype;
	if (c->through && linktype != CBPF_LINKTYPE_ETHERNET)
		return err_input(e, -EINVAL, "through",
				 "only Ethernet frames are looked into here; "
				 "remove -y");
	rc = make_filter(c, linktype, &filter, e);
	if (rc == 0 && c->through)
		rc = inner_program(c, filter, &spec, out, e);
	else if (rc == 0)
		rc = cbpf2ebpf_program(filter, &spec, out, e);
	cbpf2ebpf_filter_free(filter);
	return rc;
}

static int capture_program(const struct probe_config *c, struct hook *h,
			   const struct ebpf_target *t, struct ebpf_prog *out, struct err *e)
{
	const struct hook_env env = {.target = t};
	struct capture capture = {
		.target = t, .ptr_values = true, .user = h->kind->user, .ifaces_fd = -1};
	struct probe_layout layout;
	struct tp_names names = {0};
	int rc;

	if (h->kind->tracing || c->track) {
		if (probe_layout_fill(&layout, NULL) < 0)
			probe_layout_by_version(&layout, t->version);
		capture.layout = &layout;
	}
	if (c->reasons)
		probe_meta_read_reasons(&names);
	rc = probe_meta_parse(&capture.meta, c, &names, e);
	probe_tp_names_free(&names);
	if (rc < 0)
		return rc;
	rc = h->ops->prepare ? h->ops->prepare(h, &env, e) : 0;
	if (rc == 0)
		rc = probe_capture_configure(&capture, c, e);
	if (rc == 0 && capture.tables)
		cbpf2ebpf_tables_bind(capture.tables, 0);
	if (rc == 0)
		rc = probe_capture_build(&capture, h, out, e);
	probe_capture_filter_free(&capture);
	probe_call_free(&capture.call);
	probe_meta_free(&capture.meta);
	return rc;
}

int probe_program(const struct probe_config *c, const char *hook, bool filter_only,
		  const struct ebpf_target *t, struct ebpf_prog *out, struct err *e)
{
	const char *const specs[] = {hook, NULL};
	struct hook_list list;
	int rc = probe_hooks_parse(&list, specs, e);

	if (rc < 0)
		return rc;
	rc = filter_only ? filter_program(c, &list.hook[0], t, out, e)
			 : capture_program(c, &list.hook[0], t, out, e);
	probe_hooks_free(&list);
	return rc;
}
