/* SPDX-License-Identifier: MIT */
/*
 * inside.c - piece of programs: the filter, for the packet and for those inside it (--through).
 * Emits into m->b; fails with the filter compiler's error.
 */
#include "bpfcap/dsl.h"
#include "pieces.h"

/* if (filter()) goto found; R1 = link type. The filter may be NULL. Clobbers R0..R5, R9. */
static int emit_outer(struct emit *m, struct cbpf2ebpf_filter *filter,
		      const struct cbpf2ebpf_frame *frame, int linktype, ebpf_label found,
		      struct err *e)
{
	int rc;

	if (filter && !m->c->inner_only) {
		rc = cbpf2ebpf_emit(filter, m->b, frame, e);
		if (rc < 0)
			return rc;
		EMIT(m->b, JNE(R0, 0, found));
	}
	EMIT(m->b, MOV(R1, linktype));
	return 0;
}

/*
 * In: R1 = link type, Ethernet or raw, and the frames' registers. Goes to `none` where nothing
 * matches; else on, with R1 = layer that matched, R2 = where it begins, R3 = its link type, all 0
 * for the packet itself. `found` is placed where the packet itself matches. Clobbers R0..R5, R9.
 *
 *	if (filter() || inner_filters()) ...
 */
int probe_emit_inside(struct emit *m, const struct cbpf2ebpf_frame *eth,
		      const struct cbpf2ebpf_frame *raw, const struct inside_labels *l,
		      struct err *e)
{
	const struct cbpf2ebpf_inner inner = {&m->c->through, m->c->eth, m->c->raw};
	ebpf_label is_raw = ebpf_label_new(m->b), inside = ebpf_label_new(m->b);
	ebpf_label done = ebpf_label_new(m->b);
	bool reaches_found = !m->c->inner_only || m->c->track;
	int rc;

	EMIT(m->b, JNE(R1, CBPF_LINKTYPE_ETHERNET, is_raw));
	rc = emit_outer(m, m->c->eth, eth, CBPF_LINKTYPE_ETHERNET, l->found, e);
	EMIT(m->b, JA(inside), LABEL(is_raw));
	if (rc == 0)
		rc = emit_outer(m, m->c->raw, raw, CBPF_LINKTYPE_RAW, l->found, e);
	EMIT(m->b, LABEL(inside));
	if (rc == 0)
		rc = cbpf2ebpf_emit_inner(&inner, m->b, eth, e);
	EMIT(m->b, JEQ(R0, 0, l->none));
	if (reaches_found)
		EMIT(m->b, JA(done), LABEL(l->found), MOV(R1, 0), MOV(R2, 0), MOV(R3, 0));
	EMIT(m->b, LABEL(done));
	return rc;
}
