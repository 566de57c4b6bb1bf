/* SPDX-License-Identifier: MIT */
/*
 * link.c - ebpf_finish(): turns labels into items, items into slots (bridge.c), slots into the
 * program. Fails with the builder's first mistake, -EINVAL for a label that is not placed, -E2BIG
 * (also for a call that is too far), or -ENOMEM, and then gives no program.
 */
#include "link.h"

#include <errno.h>
#include <stdlib.h>

#include "bpfcap/err.h"
#include "bridge.h"

/* The item at `slot` of the program without bridges; -1: no item starts there. */
static int64_t item_at(const uint32_t *starts, size_t cnt, int64_t slot)
{
	size_t low = 0, high = cnt;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (starts[mid] < slot)
			low = mid + 1;
		else
			high = mid;
	}
	return low < cnt && starts[low] == slot ? (int64_t)low : -1;
}

uint32_t *ebpf_item_starts(const struct ebpf_builder *b)
{
	uint32_t *starts = malloc((b->item_cnt + 1) * sizeof(*starts));
	uint32_t slot = 0;

	for (size_t i = 0; starts && i < b->item_cnt; i++) {
		starts[i] = slot;
		slot += item_slots(&b->items[i]);
	}
	return starts;
}

static int misplaced(const struct label *l, int32_t id, size_t item, struct err *e)
{
	if (l->place == PLACE_SLOT)
		return err_run(e, -EINVAL, "assemble",
			       "instruction %zu jumps to slot %lld, where no instruction starts",
			       item, (long long)l->at);
	return err_run(e, -EINVAL, "assemble", "%s:%d: label %d is used but %s", l->file, l->line,
		       id, l->place == PLACE_NONE ? "never placed" : "no instruction follows it");
}

int64_t ebpf_label_item(const struct ebpf_builder *b, const uint32_t *starts, int32_t label)
{
	const struct label *l = &b->labels[label];
	int64_t item = -1;

	if (l->place == PLACE_ITEM)
		item = l->at;
	else if (l->place == PLACE_SLOT)
		item = item_at(starts, b->item_cnt, l->at);
	return item < (int64_t)b->item_cnt ? item : -1;
}

/* Finds the item of every label that is used. */
static int find_labels(const struct ebpf_builder *b, const uint32_t *starts, size_t *label_item,
		       struct err *e)
{
	for (size_t i = 0; i < b->item_cnt; i++) {
		const int32_t id = b->items[i].label;
		int64_t item;

		if (!id)
			continue;
		item = ebpf_label_item(b, starts, id);
		if (item < 0)
			return misplaced(&b->labels[id], id, i, e);
		label_item[id] = (size_t)item;
	}
	return 0;
}

static struct ebpf_insn jump_by(int64_t distance)
{
	if (distance >= INT16_MIN && distance <= INT16_MAX)
		return (struct ebpf_insn){.code = ISA_JA, .off = (int16_t)distance};
	return (struct ebpf_insn){.code = ISA_GOTOL, .imm = (int32_t)distance};
}

static void write_bridges(const struct layout *l, struct ebpf_insn *out)
{
	for (size_t p = 0; p < l->pool_cnt; p++)
		if (l->pools[p].cnt && l->pools[p].skip)
			out[l->pools[p].start - 1] = jump_by(l->pools[p].cnt);
	for (size_t k = 0; k < l->bridge_cnt; k++)
		if (l->bridges[k].used)
			out[l->pools[l->bridges[k].pool].start + l->bridges[k].slot] =
				jump_by(ebpf_layout_bridge_distance(l, k));
}

static void write_item(const struct layout *l, size_t i, struct ebpf_insn *out)
{
	const struct builder_item *it = &l->b->items[i];

	out[0] = it->insn;
	if (item_slots(it) == 2)
		out[1] = (struct ebpf_insn){.imm = it->imm2};
	if (!it->label)
		return;
	if (it->insn.code == ISA_JA)
		out[0] = jump_by(ebpf_layout_distance(l, i));
	else if (ebpf_isa_jumps(it->insn.code))
		out[0].off = (int16_t)ebpf_layout_distance(l, i);
	else
		out[0].imm = (int32_t)ebpf_layout_distance(l, i);
}

/*
 * Kernels that interpret a program keep the distance of a call in 16 bits. Those around 5.4
 * truncate a longer one silently: the call would run into other memory.
 */
static int check_calls(const struct layout *l, struct err *e)
{
	for (size_t i = 0; i < l->b->item_cnt; i++) {
		const struct builder_item *it = &l->b->items[i];
		int64_t distance;

		if (!it->label || it->insn.code != ISA_CALL)
			continue;
		distance = ebpf_layout_distance(l, i);
		if (distance < INT16_MIN || distance > INT16_MAX)
			return err_run(e, -E2BIG, "assemble",
				       "instruction %zu calls a function that is %lld slots away; "
				       "calls reach %d",
				       i, (long long)distance, INT16_MAX);
	}
	return 0;
}

static int write_program(const struct layout *l, struct ebpf_prog *out, struct err *e)
{
	const size_t cnt = (size_t)l->item_slot[l->b->item_cnt];
	struct ebpf_insn *insns;
	int rc = check_calls(l, e);

	if (rc < 0)
		return rc;
	insns = calloc(cnt, sizeof(*insns));
	if (!insns)
		return err_run(e, -ENOMEM, "assemble", "out of memory for %zu instructions", cnt);
	write_bridges(l, insns);
	for (size_t i = 0; i < l->b->item_cnt; i++)
		write_item(l, i, &insns[l->item_slot[i]]);
	*out = (struct ebpf_prog){.insns = insns, .cnt = cnt};
	return 0;
}

static int link_program(const struct ebpf_builder *b, size_t *label_item, const uint32_t *starts,
			struct ebpf_prog *out, struct err *e)
{
	struct layout l = {0};
	int rc = find_labels(b, starts, label_item, e);

	if (!rc)
		rc = ebpf_layout(&l, b, label_item, e);
	if (!rc)
		rc = write_program(&l, out, e);
	ebpf_layout_free(&l);
	return rc;
}

int ebpf_finish(struct ebpf_builder *b, struct ebpf_prog *out, struct err *e)
{
	size_t *label_item;
	uint32_t *starts;
	int rc;

	*out = (struct ebpf_prog){0};
	if (b->error.code)
		return err_run(e, b->error.code, b->error.stage, "%s", b->error.text);
	if (b->item_cnt == 0)
		return err_run(e, -EINVAL, "assemble", "the program is empty");
	if (b->open)
		return err_run(e, -EINVAL, "assemble",
			       "the second slot of the last 64-bit immediate is missing");
	label_item = calloc(b->label_cnt + 1, sizeof(*label_item));
	starts = ebpf_item_starts(b);
	if (label_item && starts)
		rc = link_program(b, label_item, starts, out, e);
	else
		rc = err_run(e, -ENOMEM, "assemble", "out of memory for labels");
	free(label_item);
	free(starts);
	return rc;
}
