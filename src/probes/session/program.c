/* SPDX-License-Identifier: MIT */
/*
 * program.c - builds the program of a hook, without loading it and without privileges.
 *
 * Takes a session's configuration, a hook and a target; gives instructions. If the layout of the
 * running kernel is not accessible, that of a usual build of the target's version is used.
 */

#include "bpfcap/err.h"
#include "../capture/capture.h"
#include "../hooks/hook.h"

/* The filter alone, without maps. */
static int filter_program(const struct probe_config *c, const struct hook *h,
			  const struct ebpf_target *t, struct ebpf_prog *out, struct err *e)
{
	int linktype = c->linktype ? cbpf_linktype_by_name(c->linktype, e) : CBPF_LINKTYPE_ETHERNET;
	const struct capture_kind *k = h->kind;
	const struct cbpf2ebpf_program_spec spec = {
		.target = t,
		.type = k->tracing ? EBPF_PROG_SOCKET_FILTER : k->type,
		.access = k->tracing ? CBPF2EBPF_SOCKET : k->ctx.access};
	uint32_t snap_len = c->snap_len ? c->snap_len : PROBE_SNAP_LEN_MAX;
	struct cbpf2ebpf_filter *filter = NULL;
	struct cbpf_prog classic = {0};
	int rc;

	if (linktype < 0)
		return linktype;
	rc = cbpf_compile(c->expr, linktype, snap_len, false, &classic, e);
	if (rc == 0)
		rc = cbpf2ebpf_filter_new(&filter, &classic, linktype, NULL, e);
	if (rc == 0)
		rc = cbpf2ebpf_program(filter, &spec, out, e);
	cbpf2ebpf_filter_free(filter);
	cbpf_prog_free(&classic);
	return rc;
}

static int capture_program(const struct probe_config *c, struct hook *h,
			   const struct ebpf_target *t, struct ebpf_prog *out, struct err *e)
{
	const struct hook_env env = {.target = t};
	struct capture capture = {.target = t, .ptr_values = true, .ifaces_fd = -1};
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
