/* SPDX-License-Identifier: MIT */
/*
 * filter.c - the compiled filter: keeps a classic program and the graphs made from it, so that each
 * is made once however often the filter is emitted. Takes what cbpf2ebpf.h says; fails with the
 * reasons in explain().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "classic/code.h"
#include "compile.h"
#include "emit/cost.h"
#include "emit/emit.h"
#include "../util.h"

#define ETH_ADDRS_LEN 12

/* A graph before the passes that depend on the access mode. */
struct graph {
	bool wanted; /* by an earlier call */
	bool made;
	struct ir ir;
};

struct cbpf2ebpf_filter {
	struct cbpf_prog classic;
	int linktype;
	struct cbpf2ebpf_tables *tables;
	struct graph graphs[IR_JOIN_CNT][IR_TAGS_CNT]; /* [how][tags] */
};

static int explain(int rc, struct err *e)
{
	switch (rc) {
	case -ENOMEM:
		return err_run(e, rc, "filter", "no memory to compile the filter");
	case -E2BIG:
		return err_input(e, rc, "filter", "the filter is too large");
	case -ENOSPC:
		return err_run(e, rc, "filter", "the filter needs more stack than the frame gives");
	case -ENOBUFS:
		return err_run(e, rc, "filter",
			       "the filter needs more registers than the frame gives");
	case -ENODATA:
		return err_input(e, -ENOTSUP, "filter",
				 "the filter reads bytes relative to the network header "
				 "(SKF_NET_OFF), whose offset is not known for this link type");
	default:
		return rc;
	}
}

/* ---- The object --------------------------------------------------------------------------- */

/*
 * At [x + k] with such a k, which is negative, the kernel's classic filters read bytes before x, or
 * count from the link or network header; libpcap finds nothing there. libpcap makes such loads only
 * for link types whose headers have no fixed length: those mean what libpcap takes them to mean.
 */
static int check_indirect(const struct cbpf_prog *p, int linktype, struct err *e)
{
	static const int fixed[] = {CBPF_LINKTYPE_NULL,	     CBPF_LINKTYPE_ETHERNET,
				    CBPF_LINKTYPE_RAW,	     CBPF_LINKTYPE_LOOP,
				    CBPF_LINKTYPE_IPV4,	     CBPF_LINKTYPE_IPV6,
				    CBPF_LINKTYPE_LINUX_SLL, CBPF_LINKTYPE_LINUX_SLL2};
	bool known = false;

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
		known |= linktype == fixed[i];
	for (size_t i = 0; known && i < p->cnt; i++)
		if (CBPF_CLASS(p->insns[i].code) == CBPF_LD &&
		    CBPF_MODE(p->insns[i].code) == CBPF_IND && p->insns[i].k >= CBPF_LL_OFF)
			return err_input(e, -ENOTSUP, "filter",
					 "instruction %zu of the classic BPF program loads "
					 "[x + k] with k from SKF_LL_OFF on (negative), where the "
					 "kernel reads other bytes than libpcap; compute the "
					 "offset in x instead",
					 i);
	return 0;
}

int cbpf2ebpf_filter_new(struct cbpf2ebpf_filter **out, const struct cbpf_prog *classic,
			 int linktype, struct cbpf2ebpf_tables *tables, struct err *e)
{
	size_t len = classic->cnt * sizeof(*classic->insns);
	struct cbpf2ebpf_filter *f;
	int rc = cbpf_check(classic, e);

	if (rc == 0)
		rc = check_indirect(classic, linktype, e);
	*out = NULL;
	if (rc < 0)
		return rc;
	f = calloc(1, sizeof(*f));
	if (f)
		f->classic = (struct cbpf_prog){malloc(len), classic->cnt};
	if (!f || !f->classic.insns) {
		free(f);
		return explain(-ENOMEM, e);
	}
	memcpy(f->classic.insns, classic->insns, len);
	f->linktype = linktype;
	f->tables = tables;
	*out = f;
	return 0;
}

void cbpf2ebpf_filter_free(struct cbpf2ebpf_filter *f)
{
	if (!f)
		return;
	for (enum ir_join how = IR_JOIN_SPLIT; how < IR_JOIN_CNT; how++)
		for (unsigned tags = 0; tags < IR_TAGS_CNT; tags++)
			c2e_ir_free(&f->graphs[how][tags].ir);
	cbpf_prog_free(&f->classic);
	free(f);
}

/* ---- Graphs ------------------------------------------------------------------------------- */

/* The length of the link layer's header where all packets have the same; else -1. */
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

static struct compile_source source(const struct cbpf2ebpf_filter *f, enum ir_tags tags,
				    struct cbpf2ebpf_tables *tables, enum ir_join how)
{
	return (struct compile_source){.classic = &f->classic,
				       .tags = tags,
				       .net_off = link_len(f->linktype),
				       .tables = tables,
				       .how = how};
}

/* Does the kept graph suit a caller that has these tables? An empty set of tables suits all. */
static bool is_usable(const struct graph *g, const struct cbpf2ebpf_tables *tables)
{
	return g->made && (g->ir.tables == tables || (!tables && g->ir.tables->cnt == 0));
}

/*
 * *out becomes the graph, which the caller frees in any case. Another one is kept for later calls,
 * except at a first call without `keep`: most callers emit a filter once, and a copy costs time.
 */
static int get_graph(struct cbpf2ebpf_filter *f, const struct compile_source *s, bool keep,
		     struct ir *out)
{
	struct graph *g = &f->graphs[s->how][s->tags];
	bool first = !g->wanted;
	int rc = 0;

	*out = (struct ir){0};
	g->wanted = true;
	if (first && !keep)
		return c2e_compile(out, s, NULL, NULL);
	if (!is_usable(g, s->tables)) {
		c2e_ir_free(&g->ir);
		rc = c2e_compile(&g->ir, s, NULL, NULL);
		g->made = rc == 0;
	}
	return rc < 0 ? rc : c2e_ir_copy(out, &g->ir);
}

int c2e_filter_graph(struct cbpf2ebpf_filter *f, struct ir *out)
{
	const struct compile_source s = source(f, IR_TAGS_SEEN, NULL, IR_JOIN_SPLIT);
	int rc = get_graph(f, &s, false, out);

	if (rc == 0)
		c2e_ir_load_passes(out, IR_LOADS_CHEAP, NULL, NULL);
	return rc ? rc : out->failed;
}

/* ---- Analysis ----------------------------------------------------------------------------- */

static uint32_t window_len(const struct ir *ir)
{
	uint64_t end = 0;

	for (ir_node i = 0; i < ir->node_cnt; i++) {
		const struct ir_insn *n = &ir->nodes[i];
		uint64_t reach;

		if (!c2e_ir_is_bounds_check(ir, n))
			continue;
		reach = (uint64_t)c2e_ir_at(ir, c2e_ir_at(ir, n->a)->a)->hi + n->lo;
		if (reach > end)
			end = reach;
	}
	return end > UINT32_MAX ? UINT32_MAX : (uint32_t)end;
}

static bool reads_addresses(const struct ir *ir)
{
	for (ir_val v = 0; v < ir->val_cnt; v++) {
		const struct ir_value *val = c2e_ir_at(ir, v);

		if ((val->op == IR_LOAD || val->op == IR_RAW) &&
		    c2e_ir_at(ir, val->a)->lo + val->k < ETH_ADDRS_LEN)
			return true;
	}
	return false;
}

int cbpf2ebpf_analyze(struct cbpf2ebpf_filter *f, struct cbpf2ebpf_info *info, struct err *e)
{
	const struct compile_source s = source(f, IR_TAGS_SEEN, f->tables, IR_JOIN_SPLIT);
	const struct ir_insn *root;
	struct ir ir;
	bool constant;
	int rc = get_graph(f, &s, true, &ir);

	if (rc == 0) {
		c2e_ir_load_passes(&ir, IR_LOADS_CHEAP, NULL, NULL);
		rc = ir.failed;
	}
	if (rc == 0) {
		root = &ir.nodes[ir.root];
		constant = root->kind == IR_RET && c2e_ir_is_const(&ir, root->a);
		*info = (struct cbpf2ebpf_info){
			.window_len = window_len(&ir),
			.matches_all = constant && c2e_ir_at(&ir, root->a)->k != 0,
			.matches_none = constant && c2e_ir_at(&ir, root->a)->k == 0,
			.reads_addresses = reads_addresses(&ir),
		};
	}
	c2e_ir_free(&ir);
	return rc < 0 ? explain(rc, e) : 0;
}

static void print(void *out, const struct ir *ir, const char *pass)
{
	c2e_ir_print(ir, pass, out);
}

int cbpf2ebpf_dump_ir(struct cbpf2ebpf_filter *f, FILE *out, struct err *e)
{
	const struct compile_source s = source(f, IR_TAGS_SEEN, f->tables, IR_JOIN_SPLIT);
	struct ir ir;
	int rc = c2e_compile(&ir, &s, print, out);

	c2e_ir_load_passes(&ir, IR_LOADS_CHEAP, print, out);
	if (rc == 0)
		rc = ir.failed;
	c2e_ir_free(&ir);
	return rc < 0 ? explain(rc, e) : 0;
}

/* ---- Emitting ----------------------------------------------------------------------------- */

/* Where a filter is emitted. */
struct job {
	struct ebpf_builder *b;
	const struct cbpf2ebpf_frame *frame; /* NULL: a whole program */
	enum cbpf2ebpf_access access;
	enum ir_tags tags;
};

static int emit_graph(const struct job *j, struct ir *ir, struct err *e)
{
	enum cbpf2ebpf_access access = j->access;
	struct cbpf2ebpf_frame frame;

	if (access == CBPF2EBPF_SOCKET)
		access = c2e_cost_cheaper(ir);
	c2e_ir_load_passes(ir, access == CBPF2EBPF_LD_ABS ? IR_LOADS_CALL : IR_LOADS_CHEAP, NULL,
			   NULL);
	if (ir->failed)
		return ir->failed;
	if (!j->frame)
		return c2e_emit_program(j->b, ir, access, e);
	frame = *j->frame;
	frame.access = access;
	return c2e_emit_graph(j->b, ir, &frame, e);
}

static struct cbpf2ebpf_tables *bound_tables(const struct cbpf2ebpf_filter *f)
{
	return f->tables && f->tables->bound && f->tables->fd >= 0 ? f->tables : NULL;
}

/* Graphs that need less stack are tried in turn; with -ENOSPC nothing was written. */
static int emit(struct cbpf2ebpf_filter *f, const struct job *j, struct err *e)
{
	int rc = -ENOSPC;

	for (enum ir_join how = IR_JOIN_SPLIT; how < IR_JOIN_CNT && rc == -ENOSPC; how++) {
		const struct compile_source s = source(f, j->tags, bound_tables(f), how);
		struct ir ir;

		rc = get_graph(f, &s, false, &ir);
		if (rc == 0)
			rc = emit_graph(j, &ir, e);
		c2e_ir_free(&ir);
	}
	return rc < 0 ? explain(rc, e) : rc;
}

int cbpf2ebpf_emit(struct cbpf2ebpf_filter *f, struct ebpf_builder *b,
		   const struct cbpf2ebpf_frame *frame, struct err *e)
{
	const struct job j = {.b = b,
			      .frame = frame,
			      .access = frame->access,
			      .tags = frame->vlan_tag	 ? IR_TAGS_BESIDE
				      : frame->tags_slot ? IR_TAGS_HIDDEN
							 : IR_TAGS_SEEN};

	return emit(f, &j, e);
}

static int check_access(const struct cbpf2ebpf_program_spec *spec, struct err *e)
{
	enum ebpf_prog_type type = spec->type;
	bool skb = type == EBPF_PROG_SOCKET_FILTER || type == EBPF_PROG_SCHED_CLS;
	bool direct = type == EBPF_PROG_SCHED_CLS || type == EBPF_PROG_XDP;
	bool calls = spec->access == CBPF2EBPF_LD_ABS || spec->access == CBPF2EBPF_LOAD_BYTES ||
		     spec->access == CBPF2EBPF_SOCKET;

	if (spec->access == CBPF2EBPF_DIRECT ? direct : skb && calls)
		return 0;
	return err_input(e, -EINVAL, "filter", "programs of type %d cannot read packets that way",
			 (int)type);
}

int cbpf2ebpf_program(struct cbpf2ebpf_filter *f, const struct cbpf2ebpf_program_spec *spec,
		      struct ebpf_prog *out, struct err *e)
{
	bool vlan_tag = spec->type != EBPF_PROG_XDP && f->linktype == CBPF_LINKTYPE_ETHERNET;
	struct job j = {.access = spec->access, .tags = vlan_tag ? IR_TAGS_BESIDE : IR_TAGS_SEEN};
	int rc = check_access(spec, e);

	*out = (struct ebpf_prog){0};
	if (rc < 0)
		return rc;
	j.b = ebpf_new(spec->target, spec->type);
	rc = emit(f, &j, e);
	if (rc == 0)
		rc = ebpf_finish(j.b, out, e);
	ebpf_free(j.b);
	return rc;
}
