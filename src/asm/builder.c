/* SPDX-License-Identifier: MIT */
/*
 * builder.c - collects operations into items and checks each of them. The builder keeps the first
 * mistake and ignores later operations; ebpf_finish() (link.c) reports it.
 */
#include "builder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../util.h"
#include "check.h"

#define STAGE "assemble"

/* Returned if memory is short; never changed nor freed. */
static struct ebpf_builder no_memory = {
	.error = {.code = -ENOMEM, .stage = STAGE, .text = "out of memory"},
};

/* For builders without a target: the features of every kernel together. */
static void target_any(struct ebpf_target *t)
{
	memset(t, 0xff, sizeof(*t));
	t->version = 0;
	(void)snprintf(t->name, sizeof(t->name), "any kernel");
}

struct ebpf_builder *ebpf_new(const struct ebpf_target *t, enum ebpf_prog_type type)
{
	struct ebpf_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return &no_memory;
	if (t)
		b->target = *t;
	else
		target_any(&b->target);
	b->type = type;
	return b;
}

void ebpf_free(struct ebpf_builder *b)
{
	if (!b || b == &no_memory)
		return;
	free(b->items);
	free(b->labels);
	free(b);
}

void ebpf_prog_free(struct ebpf_prog *p)
{
	if (!p)
		return;
	free(p->insns);
	p->insns = NULL;
	p->cnt = 0;
}

const struct ebpf_target *ebpf_builder_target(const struct ebpf_builder *b)
{
	return &b->target;
}

enum ebpf_prog_type ebpf_builder_type(const struct ebpf_builder *b)
{
	return b->type;
}

size_t ebpf_builder_slots(const struct ebpf_builder *b)
{
	return b->slot_cnt;
}

int ebpf_error(const struct ebpf_builder *b)
{
	return b->error.code;
}

void ebpf_fail(struct ebpf_builder *b, int code, const char *fmt, ...)
{
	char text[ERR_TEXT_LEN];
	va_list ap;

	if (b->error.code)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)err_run(&b->error, code, STAGE, "%s", text);
}

/* Extends an array by one element of `size` bytes. If memory is short, the builder fails. */
static bool reserve(struct ebpf_builder *b, void *array, size_t cnt, size_t *cap, size_t size)
{
	void **p = array, *more;

	if (cnt < *cap)
		return true;
	more = grow(*p, cap, cnt + 1, size);
	if (!more) {
		ebpf_fail(b, -ENOMEM, "out of memory for %zu instructions", cnt);
		return false;
	}
	*p = more;
	return true;
}

static int32_t new_label(struct ebpf_builder *b, enum place place, int64_t at)
{
	if (b->error.code)
		return 0;
	if (b->label_cnt == 0)
		b->label_cnt = 1;
	if (b->label_cnt > 4 * (size_t)EBPF_SLOTS_MAX) {
		ebpf_fail(b, -E2BIG, "too many labels");
		return 0;
	}
	if (!reserve(b, &b->labels, b->label_cnt, &b->label_cap, sizeof(*b->labels)))
		return 0;
	b->labels[b->label_cnt] = (struct label){.place = place, .at = at};
	return (int32_t)b->label_cnt++;
}

ebpf_label ebpf_label_new(struct ebpf_builder *b)
{
	return (ebpf_label){new_label(b, PLACE_NONE, 0)};
}

/* ---- One operation ------------------------------------------------------------------------ */

struct source {
	const char *file;
	int line;
};

__attribute__((format(printf, 3, 4))) static void refuse(struct ebpf_builder *b, struct source src,
							 const char *fmt, ...)
{
	va_list ap;

	if (b->error.code)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(b->why, sizeof(b->why), fmt, ap);
	va_end(ap);
	ebpf_fail(b, -EINVAL, "%s:%d: instruction %zu: %s", src.file, src.line, b->item_cnt,
		  b->why);
}

/* Converts the operation to an instruction. False, with a message, if a number does not fit. */
static bool narrow(struct ebpf_builder *b, const struct ebpf_op *op, struct source src,
		   struct ebpf_insn *out)
{
	if (op->dst > 15 || op->src > 15) {
		refuse(b, src, "register r%u does not exist", op->dst > 15 ? op->dst : op->src);
		return false;
	}
	if (op->off < INT16_MIN || op->off > INT16_MAX) {
		refuse(b, src, "offset %d does not fit 16 bits", op->off);
		return false;
	}
	if (op->imm < INT32_MIN || op->imm > UINT32_MAX ||
	    (op->imm > INT32_MAX && ebpf_isa_width(op->code) != 32)) {
		refuse(b, src, "immediate %lld does not fit 32 bits%s", (long long)op->imm,
		       op->imm > 0 && op->imm <= UINT32_MAX
			       ? " once sign-extended; load it with LDDW or use the 32-bit form"
			       : "");
		return false;
	}
	*out = (struct ebpf_insn){.code = op->code,
				  .dst = op->dst & 15u,
				  .src = op->src & 15u,
				  .off = (int16_t)op->off,
				  .imm = (int32_t)(uint32_t)op->imm};
	return true;
}

static bool label_known(struct ebpf_builder *b, ebpf_label l, struct source src)
{
	if (l.id > 0 && (size_t)l.id < b->label_cnt)
		return true;
	refuse(b, src, "label %d belongs to another builder", l.id);
	return false;
}

static void place_label(struct ebpf_builder *b, ebpf_label l, struct source src)
{
	if (!label_known(b, l, src))
		return;
	if (b->labels[l.id].place != PLACE_NONE) {
		refuse(b, src, "label %d is placed twice", l.id);
		return;
	}
	b->labels[l.id].place = PLACE_ITEM;
	b->labels[l.id].at = (int64_t)b->item_cnt;
}

/* Accepts the second slot of an lddw that was given as two raw instructions. */
static void close_lddw(struct ebpf_builder *b, const struct ebpf_insn *second, struct source src)
{
	struct builder_item *it = &b->items[b->item_cnt - 1];
	char why[EBPF_FAULT_LEN];

	b->open = false;
	if (ebpf_insn_fault(ebpf_isa_find(&it->insn), &it->insn, second, &b->target, b->type, why))
		refuse(b, src, "%s", why);
	it->imm2 = second->imm;
	b->slot_cnt++;
}

/* Turns a raw jump into one to a label at its slot, so that bridging may move code. */
static int32_t raw_target(struct ebpf_builder *b, const struct isa_row *row, struct ebpf_insn *insn)
{
	const struct isa_fields *f = ebpf_isa_fields(row);
	int64_t distance;

	if (f->off == ISA_OFF_JUMP) {
		distance = insn->off;
		insn->off = 0;
	} else if (f->imm == ISA_IMM_SLOTS) {
		distance = insn->imm;
		insn->imm = 0;
	} else {
		return 0;
	}
	return new_label(b, PLACE_SLOT, (int64_t)b->slot_cnt + 1 + distance);
}

static void append(struct ebpf_builder *b, const struct builder_item *it, bool wide)
{
	if (!reserve(b, &b->items, b->item_cnt, &b->item_cap, sizeof(*b->items)))
		return;
	b->items[b->item_cnt++] = *it;
	b->slot_cnt += wide ? 2 : 1;
	if (b->slot_cnt > EBPF_SLOTS_MAX)
		ebpf_fail(b, -E2BIG, "the program is longer than %u instructions", EBPF_SLOTS_MAX);
}

static void emit_insn(struct ebpf_builder *b, const struct ebpf_op *op, struct source src)
{
	const bool wide = op->kind == EBPF_OP_LDDW || op->kind == EBPF_OP_ADDR;
	struct ebpf_insn second = {.imm = (int32_t)(uint32_t)op->imm_high};
	struct builder_item it = {.imm2 = second.imm};
	const struct isa_row *row;
	char why[EBPF_FAULT_LEN];

	if (!narrow(b, op, src, &it.insn))
		return;
	if (b->open) {
		close_lddw(b, &it.insn, src);
		return;
	}
	if (op->imm_high > UINT32_MAX) {
		refuse(b, src, "the high half of a 64-bit immediate does not fit 32 bits");
		return;
	}
	b->open = it.insn.code == ISA_LDDW && !wide;
	row = ebpf_isa_find(&it.insn);
	if (!b->open &&
	    ebpf_insn_fault(row, &it.insn, wide ? &second : NULL, &b->target, b->type, why)) {
		refuse(b, src, "%s", why);
		return;
	}
	it.label = op->label.id ? op->label.id : row ? raw_target(b, row, &it.insn) : 0;
	append(b, &it, wide);
}

static void emit_to_label(struct ebpf_builder *b, const struct ebpf_op *op, struct source src)
{
	struct label *l;

	if (!label_known(b, op->label, src))
		return;
	l = &b->labels[op->label.id];
	if (!l->file) {
		l->file = src.file;
		l->line = src.line;
	}
	emit_insn(b, op, src);
}

static void emit_op(struct ebpf_builder *b, const struct ebpf_op *op, struct source src)
{
	if (b->open && op->kind != EBPF_OP_INSN) {
		refuse(b, src, "the second slot of a 64-bit immediate is missing");
		return;
	}
	switch (op->kind) {
	case EBPF_OP_LABEL:
		place_label(b, op->label, src);
		break;
	case EBPF_OP_JUMP:
	case EBPF_OP_CALL:
	case EBPF_OP_ADDR:
		emit_to_label(b, op, src);
		break;
	case EBPF_OP_INSN:
	case EBPF_OP_LDDW:
	case EBPF_OP_HELPER:
		emit_insn(b, op, src);
		break;
	}
}

void ebpf_emit(struct ebpf_builder *b, const struct ebpf_op *ops, size_t cnt, const char *file,
	       int line)
{
	const struct source src = {file, line};

	for (size_t i = 0; i < cnt && !b->error.code; i++)
		emit_op(b, &ops[i], src);
}
