/* SPDX-License-Identifier: MIT */
/*
 * inside.c - filters what packets of files carry: takes an expression and packets, gives verdicts
 * by the code that runs in the kernel. Fails with libpcap's reason and for an unknown tunnel.
 */
#include "inside.h"

/* Bytes before the IP header, of link types that have no Ethernet header. */
static uint32_t link_len(int linktype)
{
	switch (linktype) {
	case CBPF_LINKTYPE_NULL:
	case CBPF_LINKTYPE_LOOP:
		return 4;
	case CBPF_LINKTYPE_LINUX_SLL:
		return 16;
	case CBPF_LINKTYPE_LINUX_SLL2:
		return 20;
	default:
		return 0;
	}
}

static int make_filter(const char *expr, int linktype, struct cbpf2ebpf_filter **out, struct err *e)
{
	struct cbpf_prog p;
	int rc = cbpf_compile_file(expr, linktype, false, false, &p, e);

	*out = NULL;
	if (rc < 0)
		return rc;
	rc = cbpf2ebpf_filter_new(out, &p, linktype, NULL, e);
	cbpf_prog_free(&p);
	return rc;
}

int inside_open(struct cbpf2ebpf_walk **out, const char *expr, const char *list, struct err *e)
{
	struct cbpf2ebpf_through through;
	struct cbpf2ebpf_inner inner = {.through = &through};
	int rc = cbpf2ebpf_through_parse(list, &through, e);

	*out = NULL;
	if (rc == 0)
		rc = make_filter(expr, CBPF_LINKTYPE_ETHERNET, &inner.eth, e);
	if (rc == 0)
		(void)make_filter(expr, CBPF_LINKTYPE_RAW, &inner.raw, NULL);
	if (rc == 0)
		rc = cbpf2ebpf_walk_new(out, &inner, e);
	cbpf2ebpf_filter_free(inner.eth);
	cbpf2ebpf_filter_free(inner.raw);
	return rc;
}

bool inside_match(struct cbpf2ebpf_walk *w, struct probe_event *ev)
{
	uint32_t skip = link_len(ev->linktype);
	struct cbpf2ebpf_place place;

	if (skip > ev->cap_len ||
	    cbpf2ebpf_walk_run(w, skip ? CBPF_LINKTYPE_RAW : ev->linktype, ev->data + skip,
			       ev->cap_len - skip, ev->len - skip, &place) <= 0)
		return false;
	ev->inner_layer = place.layer;
	ev->inner_off = (uint16_t)(place.off + skip);
	ev->inner_linktype = place.linktype;
	return true;
}
