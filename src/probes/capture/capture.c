/* SPDX-License-Identifier: MIT */
/*
 * capture.c - builds the program of a hook.
 *
 * Takes the session's choices and a hook; gives instructions. Fails with the builder's or the
 * filter compiler's error.
 */
#include "capture.h"
#include "pieces.h"

static void start(struct emit *m, struct ebpf_builder *b, const struct capture *c,
		  const struct hook *h)
{
	*m = (struct emit){
		.b = b,
		.c = c,
		.h = h,
		.out = ebpf_label_new(b),
		.release = ebpf_label_new(b),
		.no_packet = ebpf_label_new(b),
		.unreadable = ebpf_label_new(b),
		.memory = ebpf_label_new(b),
		.call = ebpf_label_new(b),
		.done = ebpf_label_new(b),
		.read = EBPF_FN_probe_read,
		.ptr = c->layout && c->layout->ptr_len == 4 ? EBPF_W : EBPF_DW,
		.has_head = h->kind->tracing,
	};
	if (ebpf_target_has_helper(c->target, h->kind->type, EBPF_FN_probe_read_kernel)) {
		m->read = EBPF_FN_probe_read_kernel;
		m->has_head = true;
	}
	if (h->kind->user)
		m->read = probe_emit_user_reader(c->target, h->kind->type);
}

int probe_capture_build(const struct capture *c, const struct hook *h, struct ebpf_prog *out,
			struct err *e)
{
	struct ebpf_builder *b = ebpf_new(c->target, h->kind->type);
	struct emit m;
	int rc;

	start(&m, b, c, h);
	rc = h->kind->emit(&m, e);
	if (rc == 0 && calls_function(c))
		probe_emit_call_function(&m);
	if (rc == 0)
		rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}
