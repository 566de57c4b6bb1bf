/* SPDX-License-Identifier: MIT */
/*
 * run_interp.c - `bpfasm run -n`: runs the program in the library's interpreter, with a context for
 * its type. Fails with the instruction that did something invalid.
 */
#include "run_interp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/ebpf_run.h"

#include "../common/fail.h"
#include "packets.h"
#include "run_maps.h"

/* Packets and contexts have addresses below 4 GiB, since 32-bit fields hold them. */
enum { CTX_ADDR = 0x1000, PACKET_ADDR = 0x100000, CTX_LEN = 192, ETHERNET_LEN = 14 };

/* Byte offsets in struct __sk_buff and struct xdp_md of linux/bpf.h. */
enum { SKB_LEN = 0, SKB_PROTOCOL = 16, SKB_DATA = 76, SKB_DATA_END = 80 };
enum { XDP_DATA = 0, XDP_DATA_END = 4, XDP_DATA_META = 8 };

enum { LDDW = 0x18 };

struct session {
	const struct asm_options *options;
	const struct ebpf_prog *prog;
	struct run_maps *maps;
	size_t map_cnt;
	uint64_t regs[11]; /* the values before the last step */
	bool stepped;
};

static void put32(uint8_t *ctx, unsigned off, uint32_t v)
{
	memcpy(ctx + off, &v, sizeof(v));
}

static void fill_skb(uint8_t *ctx, const struct input_packet *p, uint32_t start)
{
	uint16_t protocol = 0;

	if (p->len >= ETHERNET_LEN)
		memcpy(&protocol, p->data + ETHERNET_LEN - 2, sizeof(protocol));
	put32(ctx, SKB_LEN, p->len - start);
	put32(ctx, SKB_PROTOCOL, protocol);
	put32(ctx, SKB_DATA, PACKET_ADDR);
	put32(ctx, SKB_DATA_END, PACKET_ADDR + p->len - start);
}

static void fill_xdp(uint8_t *ctx, const struct input_packet *p)
{
	put32(ctx, XDP_DATA, PACKET_ADDR);
	put32(ctx, XDP_DATA_END, PACKET_ADDR + p->len);
	put32(ctx, XDP_DATA_META, PACKET_ADDR);
}

/* Prints a step, with the registers that the previous step changed. */
static void show_step(struct ebpf_machine *m, size_t slot, const uint64_t regs[11])
{
	struct session *s = m->user;
	char text[EBPF_TEXT_LEN];

	for (unsigned r = 0; r < 11 && s->stepped; r++)
		if (regs[r] != s->regs[r])
			printf("        r%u = 0x%" PRIx64 "\n", r, regs[r]);
	(void)ebpf_disasm(s->prog->insns, s->prog->cnt, slot, text);
	printf("%4zu: %s\n", slot, text);
	memcpy(s->regs, regs, sizeof(s->regs));
	s->stepped = true;
}

static int call_helper(struct ebpf_machine *m, int helper, const uint64_t args[5], uint64_t *r0)
{
	const struct session *s = m->user;

	return run_maps_helper(s->maps, m, helper, args, r0);
}

static int interpret(struct session *s, const struct input_packet *p, uint8_t *data, struct err *e)
{
	const enum ebpf_prog_type type = s->options->type;
	const bool is_socket = type == EBPF_PROG_SOCKET_FILTER || type == EBPF_PROG_ANY;
	const bool is_skb = is_socket || type == EBPF_PROG_SCHED_CLS;
	const uint32_t start = is_socket && p->len >= ETHERNET_LEN ? ETHERNET_LEN : 0;
	uint8_t ctx[CTX_LEN] = {0};
	struct ebpf_region regions[2 + RUN_MAPS_MAX] = {
		{CTX_ADDR, ctx, sizeof(ctx), is_skb},
		{PACKET_ADDR, data + start, p->len - start, !is_socket},
	};
	struct ebpf_machine m = {.regions = regions,
				 .region_cnt = 2 + s->map_cnt,
				 .helper = call_helper,
				 .ctx = CTX_ADDR,
				 .trace = s->options->trace ? show_step : NULL,
				 .user = s};
	uint64_t r0;
	int rc;

	if (is_skb) {
		fill_skb(ctx, p, start);
		m.packet = data + start;
		m.packet_len = p->len - start;
		m.packet_net_off = is_socket ? 0 : ETHERNET_LEN;
	} else if (type == EBPF_PROG_XDP) {
		fill_xdp(ctx, p);
	} else { /* tracing: the bytes are the context */
		regions[0] = (struct ebpf_region){CTX_ADDR, data, p->len, false};
		regions[1].len = 0;
	}
	run_maps_regions(s->maps, regions + 2);
	s->stepped = false;
	rc = ebpf_run(s->prog, &m, &r0, e);
	if (!rc)
		printf("packet %u: r0 = 0x%" PRIx64 " (%" PRId64 "), %" PRIu64 " instructions\n",
		       p->number, r0, (int64_t)r0, m.step_cnt);
	return rc;
}

static int run_packet(void *user, const struct input_packet *p, struct err *e)
{
	uint8_t *copy = malloc(p->len + 1); /* a copy, as the program may write to it */
	int rc;

	if (!copy)
		return err_run(e, -ENOMEM, "run", "out of memory");
	memcpy(copy, p->data, p->len);
	rc = interpret(user, p, copy, e);
	free(copy);
	return rc;
}

/* Replaces map values by their addresses in the interpreter. */
static int place_values(const struct run_maps *maps, struct ebpf_prog *p, struct err *e)
{
	for (size_t i = 0; i + 1 < p->cnt; i += p->insns[i].code == LDDW ? 2 : 1) {
		struct ebpf_insn *insn = &p->insns[i];
		uint64_t addr;

		if (insn->code != LDDW || insn->src != EBPF_PSEUDO_MAP_VALUE)
			continue;
		addr = run_maps_value(maps, insn->imm, (uint32_t)insn[1].imm);
		if (!addr)
			return err_input(e, -EINVAL, "run", "instruction %zu: unknown map", i);
		insn->src = 0;
		insn->imm = (int32_t)(uint32_t)addr;
		insn[1].imm = (int32_t)(addr >> 32);
	}
	return 0;
}

int run_interpreted(const struct asm_options *o, struct ebpf_source *s, struct err *e)
{
	struct session session = {.options = o, .prog = &s->prog, .map_cnt = s->map_cnt};
	int rc = run_maps_make(&session.maps, s, e);

	if (!rc)
		rc = place_values(session.maps, &s->prog, e);
	if (!rc)
		rc = packets_each(o, run_packet, &session, e);
	run_maps_free(session.maps);
	return rc;
}
