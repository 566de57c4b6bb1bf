/* SPDX-License-Identifier: MIT */
/*
 * compile.c - classic BPF to graph: reads a checked program, once or, where packets may carry a
 * hardware VLAN tag, once for packets with a tag and once for those without; runs the passes. Fails
 * with -ENOMEM, -E2BIG, -ENODATA (the place of the network header is not known).
 */
#include "compile.h"

#include <errno.h>

/* Does the program ask for the hardware VLAN tag itself? Then the packet is shown without it. */
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

/* A test whose branches are not known yet. */
static ir_node is_zero(struct ir *ir, ir_val v)
{
	return c2e_ir_add(ir, (struct ir_insn){.kind = IR_IN, .a = v});
}

/* Reads the program as it sees packets with a tag, or those without. Returns the first node. */
static ir_node read_view(struct ir *ir, const struct ir_source *source,
			 const struct compile_source *s, enum ir_tags tags, uint32_t *join)
{
	const struct ir_view view = {.tags = tags, .net_off = s->net_off};

	c2e_ir_read(ir, source, &view, s->how, join);
	return ir->root;
}

/*
 *	if (!vlan_proto || !vlan_present) plain
 *	else tagged
 *
 * A packet with a tag has a vlan_proto. The first test is the cheaper one, and it decides for most
 * packets.
 */
static void read_tagged(struct ir *ir, const struct ir_source *source,
			const struct compile_source *s)
{
	uint32_t join = 1;
	ir_node proto = is_zero(ir, c2e_ir_ad(ir, IR_AD_VLAN_PROTO, 0));
	ir_node present = is_zero(ir, c2e_ir_ad(ir, CBPF_AD_VLAN_TAG_PRESENT, 0));
	ir_node plain = read_view(ir, source, s, IR_TAGS_SEEN, &join);
	ir_node tagged = read_view(ir, source, s, IR_TAGS_BESIDE, &join);

	if (ir->failed)
		return;
	ir->nodes[proto].yes = ir->nodes[present].yes = plain;
	ir->nodes[proto].no = present;
	ir->nodes[present].no = tagged;
	ir->root = proto;
}

int c2e_compile(struct ir *ir, const struct compile_source *s, ir_pass_hook hook, void *user)
{
	struct ir_source source;
	uint32_t join = 1;

	c2e_ir_init(ir, s->tables);
	if (c2e_ir_source_init(&source, s->classic) < 0)
		ir->failed = -ENOMEM;
	else if (s->tags == IR_TAGS_BESIDE && !asks_for_tags(s->classic))
		read_tagged(ir, &source, s);
	else
		(void)read_view(ir, &source, s,
				s->tags == IR_TAGS_HIDDEN ? IR_TAGS_HIDDEN : IR_TAGS_SEEN, &join);
	c2e_ir_source_free(&source);
	c2e_ir_passes(ir, hook, user);
	return ir->failed;
}
