/* SPDX-License-Identifier: MIT */
/*
 * compile.c - the public functions: checks the classic program, reads it into a graph, runs the
 * passes, and has it written for the caller's frame.
 */
#include <errno.h>

#include "bpfcap/err.h"
#include "emit/cost.h"
#include "emit/emit.h"
#include "passes/pass.h"
#include "read/read.h"

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

/* A test whose ways are not known yet. */
static ir_node is_zero(struct ir *ir, ir_val v)
{
	return c2e_ir_add(ir, (struct ir_insn){.kind = IR_IN, .a = v});
}

static ir_node read_view(struct ir *ir, const struct ir_source *p, enum ir_meeting how,
			 uint32_t *meeting, struct ir_view view)
{
	c2e_ir_read(ir, p, &view, how, meeting);
	return ir->root;
}

/*
 *	if (!vlan_proto || !vlan_present) plain
 *	else tagged
 *
 * A packet with a tag has a vlan_proto. The first test is the cheaper one, and enough for most.
 */
static void read_tagged(struct ir *ir, const struct ir_source *p, int net_off, enum ir_meeting how)
{
	uint32_t meeting = 1;
	ir_node proto = is_zero(ir, c2e_ir_ad(ir, IR_AD_VLAN_PROTO, 0));
	ir_node present = is_zero(ir, c2e_ir_ad(ir, CBPF_AD_VLAN_TAG_PRESENT, 0));
	ir_node plain = read_view(ir, p, how, &meeting, (struct ir_view){false, net_off});
	ir_node tagged = read_view(ir, p, how, &meeting, (struct ir_view){true, net_off});

	if (ir->failed)
		return;
	ir->nodes[proto].yes = ir->nodes[present].yes = plain;
	ir->nodes[proto].no = present;
	ir->nodes[present].no = tagged;
	ir->root = proto;
}

/* What is known of the packets. */
struct packet_form {
	bool vlan_tag; /* a tag may lie beside them */
	int net_off;   /* where the network header begins; -1: not known */
};

static const struct packet_form no_form = {.net_off = -1};

/* All that does not depend on how packets are reached. */
static int read_filter(struct ir *ir, const struct cbpf_prog *p, const struct packet_form *form,
		       struct cbpf2ebpf_tables *tables, enum ir_meeting how, ir_pass_hook hook,
		       void *user)
{
	struct ir_source source;
	uint32_t meeting = 1;

	c2e_ir_init(ir, tables);
	if (c2e_ir_source_init(&source, p) < 0)
		ir->failed = -ENOMEM;
	else if (form->vlan_tag && !asks_for_tags(p))
		read_tagged(ir, &source, form->net_off, how);
	else
		(void)read_view(ir, &source, how, &meeting, (struct ir_view){false, form->net_off});
	c2e_ir_source_free(&source);
	c2e_ir_passes(ir, hook, user);
	return ir->failed;
}

/* The graph of a filter whose loads cost little. */
static int read_cheap(struct ir *ir, const struct cbpf_prog *p, struct cbpf2ebpf_tables *tables,
		      ir_pass_hook hook, void *user)
{
	(void)read_filter(ir, p, &no_form, tables, IR_FEW, hook, user);
	c2e_ir_load_passes(ir, IR_LOADS_CHEAP, hook, user);
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
	case -ENOBUFS:
		return err_run(e, rc, "filter", "the filter wants more registers than there are");
	case -ENODATA:
		return err_input(e, -ENOTSUP, "filter",
				 "the filter reads bytes relative to the network header "
				 "(SKF_NET_OFF), whose place is not known here");
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

struct job {
	struct ebpf_builder *b;
	const struct cbpf2ebpf_frame *frame; /* NULL: a whole program */
	enum cbpf2ebpf_access access;
	struct packet_form form;
	struct cbpf2ebpf_tables *tables;
};

static int write_frame(const struct job *j, struct ir *ir, enum cbpf2ebpf_access access,
		       struct err *e)
{
	struct cbpf2ebpf_frame frame = *j->frame;

	frame.access = access;
	return c2e_emit_graph(j->b, ir, &frame, e);
}

static int write(const struct job *j, struct ir *ir, struct cbpf2ebpf_info *info, struct err *e)
{
	enum cbpf2ebpf_access access = j->access;

	if (access == CBPF2EBPF_SOCKET)
		access = c2e_cost_cheaper(ir);
	c2e_ir_load_passes(ir, access == CBPF2EBPF_LD_ABS ? IR_LOADS_CALL : IR_LOADS_CHEAP, NULL,
			   NULL);
	if (ir->failed)
		return ir->failed;
	inform(ir, info);
	return j->frame ? write_frame(j, ir, access, e) : c2e_emit_program(j->b, ir, access, e);
}

static int compile(const struct job *j, const struct cbpf_prog *filter, struct cbpf2ebpf_info *info,
		   struct err *e)
{
	struct ir ir;
	int rc = cbpf_check(filter, e);

	if (rc < 0)
		return rc;
	for (enum ir_meeting how = IR_FEW; how < IR_MEETING_CNT; how++) {
		rc = read_filter(&ir, filter, &j->form, j->tables, how, NULL, NULL);
		if (rc == 0)
			rc = write(j, &ir, info, e);
		c2e_ir_free(&ir);
		if (rc != -ENOSPC)
			break;
	}
	return rc < 0 ? explain(rc, e) : rc;
}

int cbpf2ebpf_emit(struct ebpf_builder *b, const struct cbpf_prog *filter,
		   const struct cbpf2ebpf_frame *frame, struct cbpf2ebpf_info *info, struct err *e)
{
	const struct job j = {.b = b,
			      .frame = frame,
			      .access = frame->access,
			      .form = {.vlan_tag = frame->vlan_tag, .net_off = -1},
			      .tables = frame->tables};

	return compile(&j, filter, info, e);
}

int cbpf2ebpf_analyze(const struct cbpf_prog *filter, struct cbpf2ebpf_tables *tables,
		      struct cbpf2ebpf_info *info, struct err *e)
{
	struct ir ir;
	int rc = cbpf_check(filter, e);

	if (rc < 0)
		return rc;
	rc = read_cheap(&ir, filter, tables, NULL, NULL);
	if (rc == 0)
		inform(&ir, info);
	c2e_ir_free(&ir);
	return rc < 0 ? explain(rc, e) : 0;
}

static int check_access(enum ebpf_prog_type type, enum cbpf2ebpf_access access, struct err *e)
{
	bool skb = type == EBPF_PROG_SOCKET_FILTER || type == EBPF_PROG_SCHED_CLS;
	bool direct = type == EBPF_PROG_SCHED_CLS || type == EBPF_PROG_XDP;

	bool calls = access == CBPF2EBPF_LD_ABS || access == CBPF2EBPF_LOAD_BYTES ||
		     access == CBPF2EBPF_SOCKET;

	if (access == CBPF2EBPF_DIRECT ? direct : skb && calls)
		return 0;
	return err_input(e, -EINVAL, "filter", "programs of type %d cannot read packets that way",
			 (int)type);
}

/* Bytes of the link layer's header, where all have one length; else -1. */
static int link_len(int linktype)
{
	switch (linktype) {
	case CBPF_LINKTYPE_RAW:
	case CBPF_LINKTYPE_IPV4:
	case CBPF_LINKTYPE_IPV6:
		return 0;
	case CBPF_LINKTYPE_NULL:
	case CBPF_LINKTYPE_LOOP:
		return 4;
	case CBPF_LINKTYPE_ETHERNET:
		return 14;
	case CBPF_LINKTYPE_LINUX_SLL:
		return 16;
	case CBPF_LINKTYPE_LINUX_SLL2:
		return 20;
	default:
		return -1;
	}
}

int cbpf2ebpf_program(const struct cbpf_prog *filter, const struct ebpf_target *t,
		      enum ebpf_prog_type type, enum cbpf2ebpf_access access, int linktype,
		      struct cbpf2ebpf_tables *tables, struct ebpf_prog *out, struct err *e)
{
	struct job j = {
		.access = access,
		.form = {.vlan_tag = type != EBPF_PROG_XDP && linktype == CBPF_LINKTYPE_ETHERNET,
			 .net_off = link_len(linktype)},
		.tables = tables};
	struct cbpf2ebpf_info info;
	int rc = check_access(type, access, e);

	*out = (struct ebpf_prog){0};
	if (rc < 0)
		return rc;
	j.b = ebpf_new(t, type);
	rc = compile(&j, filter, &info, e);
	if (rc == 0)
		rc = ebpf_finish(j.b, out, e);
	ebpf_free(j.b);
	return rc;
}

static void print(void *out, const struct ir *ir, const char *pass)
{
	c2e_ir_print(ir, pass, out);
}

int cbpf2ebpf_dump_ir(const struct cbpf_prog *filter, FILE *out, struct err *e)
{
	struct cbpf2ebpf_tables *tables;
	struct ir ir;
	int rc = cbpf_check(filter, e);

	if (rc < 0)
		return rc;
	tables = cbpf2ebpf_tables_new(0);
	if (!tables)
		return explain(-ENOMEM, e);
	rc = read_cheap(&ir, filter, tables, print, out);
	c2e_ir_free(&ir);
	cbpf2ebpf_tables_free(tables);
	return rc < 0 ? explain(rc, e) : 0;
}
