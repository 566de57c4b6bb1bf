/* SPDX-License-Identifier: MIT */
/*
 * compile.c - the public functions: checks the classic program, reads it into a graph, runs the
 * passes, and has it written for the caller's frame.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "../err.h"
#include "emit.h"
#include "pass.h"
#include "read.h"

#define STACK_LEN 256 /* of the programs made here */

/* ---- Classic BPF to graph ----------------------------------------------------------------- */

/* Does the program look for VLAN tags beside the packet itself? Then it is shown none inside. */
static bool asks_for_tags(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++) {
		uint32_t ad = p->insns[i].k - CBPF_AD_OFF;

		if (cbpf_code(p->insns[i].code)->form == CBPF_FORM_ABS &&
		    (ad == CBPF_AD_VLAN_TAG || ad == CBPF_AD_VLAN_TAG_PRESENT ||
		     ad == CBPF_AD_VLAN_TPID))
			return true;
	}
	return false;
}

static ir_node read_view(struct ir *ir, const struct cbpf_prog *p, enum ir_meeting how,
			 uint32_t *meeting, struct ir_view view)
{
	c2e_ir_read(ir, p, &view, how, meeting);
	return ir->root;
}

/* if (no tag) plain; else if (tag of 802.1ad) view with 0x88a8; else view with 0x8100 */
static void read_tagged(struct ir *ir, const struct cbpf_prog *p, enum ir_meeting how)
{
	uint32_t meeting = 1;
	ir_node plain = read_view(ir, p, how, &meeting, (struct ir_view){0});
	ir_node q = read_view(ir, p, how, &meeting, (struct ir_view){true, 0x8100});
	ir_node ad = read_view(ir, p, how, &meeting, (struct ir_view){true, 0x88a8});
	ir_val present = c2e_ir_ad(ir, CBPF_AD_VLAN_TAG_PRESENT, 0);
	ir_val tpid = c2e_ir_ad(ir, CBPF_AD_VLAN_TPID, 0);
	ir_node which = c2e_ir_add(
		ir,
		(struct ir_insn){
			.kind = IR_IN, .a = tpid, .lo = 0x88a8, .hi = 0x88a8, .yes = ad, .no = q});

	ir->root = c2e_ir_add(
		ir, (struct ir_insn){.kind = IR_IN, .a = present, .yes = plain, .no = which});
}

static int read_filter(struct ir *ir, const struct cbpf_prog *p, bool vlan_tag, bool network_order,
		       enum ir_meeting how, ir_pass_hook hook, void *user)
{
	uint32_t meeting = 1;

	c2e_ir_init(ir);
	if (vlan_tag && !asks_for_tags(p))
		read_tagged(ir, p, how);
	else
		(void)read_view(ir, p, how, &meeting, (struct ir_view){0});
	c2e_ir_passes(ir, network_order, hook, user);
	return ir->failed;
}

static int explain(int rc, struct err *e)
{
	switch (rc) {
	case -ENOMEM:
		return err_run(e, rc, "filter", "no memory to compile the filter");
	case -E2BIG:
		return err_input(e, rc, "filter", "the filter is too large");
	case -ENOSPC:
		return err_run(e, rc, "filter", "the stack given for the filter is too small");
	case -ENOTSUP:
		return err_input(e, rc, "filter",
				 "the filter reads bytes relative to the network header "
				 "(SKF_NET_OFF), which this hook does not know");
	default:
		return rc;
	}
}

/* ---- What is known about a graph ---------------------------------------------------------- */

static uint32_t window(const struct ir *ir)
{
	uint64_t end = 0;

	for (ir_node i = 0; i < ir->node_cnt; i++) {
		const struct ir_insn *n = &ir->nodes[i];
		uint64_t reach;

		if (!c2e_ir_is_guard(ir, n))
			continue;
		reach = (uint64_t)c2e_ir_at(ir, c2e_ir_at(ir, n->a)->a)->hi + n->lo;
		if (reach > end)
			end = reach;
	}
	return end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
}

static void inform(const struct ir *ir, struct cbpf2ebpf_info *info)
{
	const struct ir_insn *root = &ir->nodes[ir->root];
	bool constant = root->kind == IR_RET && c2e_ir_is_const(ir, root->a);

	*info = (struct cbpf2ebpf_info){
		.window_len = window(ir),
		.matches_all = constant && c2e_ir_at(ir, root->a)->k != 0,
		.matches_none = constant && c2e_ir_at(ir, root->a)->k == 0,
	};
}

/* ---- Public ------------------------------------------------------------------------------- */

static int emit_filter(struct ebpf_builder *b, const struct cbpf_prog *filter,
		       const struct cbpf2ebpf_frame *frame, bool exits, struct cbpf2ebpf_info *info,
		       struct err *e)
{
	struct ir ir;
	int rc = cbpf_check(filter, e);

	if (rc < 0)
		return rc;
	for (enum ir_meeting how = IR_FEW; how < IR_MEETING_CNT; how++) {
		rc = read_filter(&ir, filter, frame->vlan_tag, frame->access != CBPF2EBPF_LD_ABS,
				 how, NULL, NULL);
		if (rc == 0) {
			inform(&ir, info);
			rc = c2e_emit_graph(b, &ir, frame, exits, e);
		}
		c2e_ir_free(&ir);
		if (rc != -ENOSPC)
			break;
	}
	return rc < 0 ? explain(rc, e) : rc;
}

int cbpf2ebpf_emit(struct ebpf_builder *b, const struct cbpf_prog *filter,
		   const struct cbpf2ebpf_frame *frame, struct cbpf2ebpf_info *info, struct err *e)
{
	return emit_filter(b, filter, frame, false, info, e);
}

int cbpf2ebpf_analyze(const struct cbpf_prog *filter, struct cbpf2ebpf_info *info, struct err *e)
{
	struct ir ir;
	int rc = cbpf_check(filter, e);

	if (rc < 0)
		return rc;
	rc = read_filter(&ir, filter, false, false, IR_FEW, NULL, NULL);
	if (rc == 0)
		inform(&ir, info);
	c2e_ir_free(&ir);
	return rc < 0 ? explain(rc, e) : 0;
}

/* What a program does before its filter: the frame's registers. In: R1 = context. */
static void prologue(struct ebpf_builder *b, enum ebpf_prog_type type,
		     const struct cbpf2ebpf_frame *f)
{
	EMIT(b, MOV(f->ctx, R1));
	if (f->access != CBPF2EBPF_DIRECT)
		return;
	if (type == EBPF_PROG_XDP)
		EMIT(b, LDX(W, f->data, CTX(R1, xdp_md, data)),
		     LDX(W, f->data_end, CTX(R1, xdp_md, data_end)));
	else
		EMIT(b, LDX(W, f->data, CTX(R1, __sk_buff, data)),
		     LDX(W, f->data_end, CTX(R1, __sk_buff, data_end)));
}

static int check_access(enum ebpf_prog_type type, enum cbpf2ebpf_access access, struct err *e)
{
	bool skb = type == EBPF_PROG_SOCKET_FILTER || type == EBPF_PROG_SCHED_CLS;
	bool direct = type == EBPF_PROG_SCHED_CLS || type == EBPF_PROG_XDP;

	if (access == CBPF2EBPF_DIRECT
		    ? direct
		    : skb && (access == CBPF2EBPF_LD_ABS || access == CBPF2EBPF_LOAD_BYTES))
		return 0;
	return err_input(e, -EINVAL, "filter", "programs of type %d cannot read packets that way",
			 (int)type);
}

int cbpf2ebpf_program(const struct cbpf_prog *filter, const struct ebpf_target *t,
		      enum ebpf_prog_type type, enum cbpf2ebpf_access access, int linktype,
		      struct ebpf_prog *out, struct err *e)
{
	bool direct = access == CBPF2EBPF_DIRECT;
	const struct cbpf2ebpf_frame frame = {
		.access = access,
		.ctx = R6,
		.data = R7,
		.data_end = R8,
		.scratch = direct ? 1 << 9 : 1 << 7 | 1 << 8 | 1 << 9,
		.stack_len = STACK_LEN,
		.vlan_tag = type != EBPF_PROG_XDP && linktype == CBPF_LINKTYPE_ETHERNET,
	};
	struct cbpf2ebpf_info info;
	struct ebpf_builder *b;
	int rc = check_access(type, access, e);

	*out = (struct ebpf_prog){0};
	if (rc < 0)
		return rc;
	b = ebpf_new(t, type);
	prologue(b, type, &frame);
	rc = emit_filter(b, filter, &frame, true, &info, e);
	if (rc == 0)
		rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}

static void print(void *out, const struct ir *ir, const char *pass)
{
	c2e_ir_print(ir, pass, out);
}

int cbpf2ebpf_dump_ir(const struct cbpf_prog *filter, FILE *out, struct err *e)
{
	struct ir ir;
	int rc = cbpf_check(filter, e);

	if (rc < 0)
		return rc;
	rc = read_filter(&ir, filter, false, true, IR_FEW, print, out);
	c2e_ir_free(&ir);
	return rc < 0 ? explain(rc, e) : 0;
}
