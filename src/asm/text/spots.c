/* SPDX-License-Identifier: MIT */
/*
 * spots.c - the place in the text of each item of the builder: for a jump without a target, which
 * is known only after the last statement, and for those who load the program. Returns -EINVAL with
 * a message.
 */
#include "spots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../link.h"

int ebpf_parse_note_spot(struct parser *p, size_t first, const char *at)
{
	const size_t cnt = p->builder->item_cnt;
	struct spot *more = grow(p->spots, &p->spot_cap, cnt, sizeof(*more));

	if (!more && cnt)
		return err_run(p->scan.err, -ENOMEM, "assemble", "out of memory");
	p->spots = more;
	for (size_t i = first; i < cnt; i++)
		p->spots[i] = (struct spot){at, p->scan.line_no};
	return 0;
}

static int misplaced(struct parser *p, const struct spot *spot, const struct label *l)
{
	const char *line = spot->at;

	while (line > p->text->data && line[-1] != '\n')
		line--;
	p->scan.line_no = spot->line_no - 1;
	(void)ebpf_scan_line(&p->scan, &line, p->text->data + p->text->len);
	if (l->place == PLACE_SLOT)
		return ebpf_scan_fail(&p->scan, spot->at,
				      "the target is slot %lld, where no instruction starts",
				      (long long)l->at);
	return ebpf_scan_fail(&p->scan, spot->at, "no instruction follows the target label");
}

int ebpf_parse_check_jumps(struct parser *p)
{
	const struct ebpf_builder *b = p->builder;
	uint32_t *starts = ebpf_item_starts(b);
	int rc = 0;

	if (!starts)
		return err_run(p->scan.err, -ENOMEM, "assemble", "out of memory");
	for (size_t i = 0; i < b->item_cnt && !rc; i++) {
		const int32_t label = b->items[i].label;

		if (label && ebpf_label_item(b, starts, label) < 0)
			rc = ebpf_mistake(&p->mistakes,
					  misplaced(p, &p->spots[i], &b->labels[label]));
	}
	free(starts);
	return rc;
}

int *ebpf_parse_lines(const struct parser *p, size_t cnt)
{
	const struct ebpf_builder *b = p->builder;
	int *lines = b->slot_cnt == cnt ? calloc(cnt, sizeof(*lines)) : NULL;
	size_t slot = 0;

	for (size_t i = 0; lines && i < b->item_cnt; i++)
		for (uint32_t n = item_slots(&b->items[i]); n > 0; n--)
			lines[slot++] = p->spots[i].line_no;
	return lines;
}

/* The slot that a label precedes; false: the name is not a label, or no instruction follows. */
static bool label_slot(const struct parser *p, const uint32_t *starts, const struct name *n,
		       size_t *slot)
{
	const int64_t item = n->word.p && n->kind == NAME_LABEL
				     ? ebpf_label_item(p->builder, starts, n->label.id)
				     : -1;

	if (item >= 0)
		*slot = starts[item];
	return item >= 0;
}

struct ebpf_source_label *ebpf_parse_labels(const struct parser *p, size_t cnt, size_t *label_cnt)
{
	const struct ebpf_builder *b = p->builder;
	uint32_t *starts = b->slot_cnt == cnt ? ebpf_item_starts(b) : NULL;
	struct ebpf_source_label *all = starts ? calloc(p->names.cnt + 1, sizeof(*all)) : NULL;
	size_t n = 0;

	for (size_t i = 0; all && i < p->names.max; i++) {
		const struct word w = p->names.slots[i].word;

		if (!label_slot(p, starts, &p->names.slots[i], &all[n].slot))
			continue;
		memcpy(all[n].name, w.p,
		       w.len < sizeof(all[n].name) ? w.len : sizeof(all[n].name) - 1);
		n++;
	}
	free(starts);
	*label_cnt = n;
	return all;
}
