/* SPDX-License-Identifier: MIT */
/*
 * pcapng.c - reads pcapng (draft-ietf-opsawg-pcapng): takes bytes, gives packets and other blocks
 * in host byte order. Fails with one sentence that names the file, the position and the fault.
 * Memory is bounded: a block by BLOCK_LEN_MAX, the interfaces of a section by their number and
 * length.
 */
#include "pcapng.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"
#include "../../common/fail.h"
#include "iface.h"
#include "packet.h"
#include "swap.h"

enum {
	BLOCK_LEN_MIN = 12,
	BLOCK_LEN_MAX = 16 << 20, /* as in Wireshark */
	SECTION_LEN_MIN = 28,
	IFACE_MAX = 1 << 16,
	IFACE_LEN_MAX = 64 << 20,
};

static int malformed(const struct pcapng_reader *r, struct err *e, const char *what)
{
	return err_input(e, -EINVAL, "file", "%s: the block at byte %" PRIu64 " %s", r->path,
			 r->in.taken, what);
}

static int cannot_read(const struct pcapng_reader *r, int rc, struct err *e)
{
	if (rc == -ENODATA)
		return err_run(e, -EINVAL, "file",
			       "%s: the file breaks off in the block at byte %" PRIu64, r->path,
			       r->in.taken);
	return err_run(e, rc, "file", "%s: %s", r->path, strerror(-rc));
}

/* ---- Sections ----------------------------------------------------------------------------- */

static void end_section(struct pcapng_reader *r)
{
	for (uint32_t i = 0; i < r->iface_cnt; i++)
		iface_free(r->ifaces[i]);
	r->iface_cnt = 0;
	r->iface_len = 0;
	free(r->hooks);
	r->hooks = NULL;
}

static int begin_section(struct pcapng_reader *r, struct input_item *it, struct err *e)
{
	struct ng_options options = {it->block + 24, it->block_len - SECTION_LEN_MIN};
	struct ng_option o;
	struct ng_text text;

	end_section(r);
	r->in_section = true;
	if (ng_u16(it->block + 12) != 1)
		return malformed(r, e, "begins a section of an unknown version of pcapng");
	r->by_bpfcap = false;
	while (ng_option_next(&options, &o)) {
		if (o.code == NG_OPT_SHB_APPLICATION)
			r->by_bpfcap = o.len >= 6 && memcmp(o.value, "bpfcap", 6) == 0;
		if (ng_is_ours(&o, &text))
			r->hooks = ng_line(&text, "hooks");
	}
	it->kind = INPUT_SECTION;
	return 1;
}

/* ---- Interfaces --------------------------------------------------------------------------- */

static int add_iface(struct pcapng_reader *r, struct input_item *it, struct err *e)
{
	struct input_iface **all;

	if (it->block_len < 20)
		return malformed(r, e, "is too short for an interface");
	r->iface_len += it->block_len;
	if (r->iface_cnt == IFACE_MAX || r->iface_len > IFACE_LEN_MAX)
		return malformed(r, e, "describes one interface too many");
	all = grow(r->ifaces, &r->iface_cap, (size_t)r->iface_cnt + 1,
		   sizeof(struct input_iface *));
	if (!all)
		return cannot_read(r, -ENOMEM, e);
	r->ifaces = all;
	all[r->iface_cnt] = iface_read(it->block, it->block_len);
	if (!all[r->iface_cnt])
		return cannot_read(r, -ENOMEM, e);
	all[r->iface_cnt]->id = (*r->next_id)++;
	all[r->iface_cnt]->swapped = r->swapped;
	it->kind = INPUT_IFACE;
	it->iface = all[r->iface_cnt++];
	return 1;
}

/* Sets the interface that the number at `at` names. */
static int set_iface(struct pcapng_reader *r, struct input_item *it, uint32_t number, struct err *e)
{
	if (number >= r->iface_cnt)
		return malformed(r, e, "belongs to an interface that the file does not describe");
	it->iface = r->ifaces[number];
	return 1;
}

/* ---- Packets ------------------------------------------------------------------------------ */

/* An obsolete packet block differs only in its first word; it becomes a packet block. */
static void renew_packet(uint8_t *block)
{
	const uint32_t type = NG_PACKET, number = ng_u16(block + 8);

	memcpy(block, &type, sizeof(type));
	memcpy(block + 8, &number, sizeof(number));
}

/* A simple packet block has neither time nor interface; it becomes a packet block. */
static int renew_simple(struct pcapng_reader *r, struct input_item *it, struct err *e)
{
	uint32_t len, cap_len = it->block_len - 16, whole = it->block_len + 16;
	uint32_t head[7] = {NG_PACKET, whole};
	uint8_t *to;

	if (it->block_len < 16)
		return malformed(r, e, "is too short for a packet");
	if (!r->iface_cnt)
		return malformed(r, e, "is a packet before any interface");
	len = ng_u32(it->block + 8);
	if (len < cap_len)
		cap_len = len;
	if (r->ifaces[0]->snap_len && cap_len > r->ifaces[0]->snap_len)
		cap_len = r->ifaces[0]->snap_len;
	to = grow(r->simple, &r->simple_cap, whole, 1);
	if (!to)
		return cannot_read(r, -ENOMEM, e);
	r->simple = to;
	head[5] = cap_len;
	head[6] = len;
	memcpy(to, head, sizeof(head));
	memcpy(to + sizeof(head), it->block + 12, it->block_len - 16);
	memcpy(to + whole - 4, &whole, sizeof(whole));
	it->block = to;
	it->block_len = whole;
	return 1;
}

static int read_packet(struct pcapng_reader *r, struct input_item *it, struct err *e)
{
	int rc;

	if (it->block_len < 32)
		return malformed(r, e, "is too short for a packet");
	if (ng_u32(it->block + 20) > it->block_len - 32)
		return malformed(r, e, "is shorter than its packet");
	rc = set_iface(r, it, ng_u32(it->block + 8), e);
	if (rc > 0)
		packet_read(it);
	return rc;
}

/* ---- Blocks ------------------------------------------------------------------------------- */

static int read_block(struct pcapng_reader *r, uint8_t *block, struct input_item *it, struct err *e)
{
	int rc;

	switch (ng_u32(block)) {
	case NG_SECTION:
		return begin_section(r, it, e);
	case NG_INTERFACE:
		return add_iface(r, it, e);
	case NG_SIMPLE_PACKET:
		rc = renew_simple(r, it, e);
		return rc < 0 ? rc : read_packet(r, it, e);
	case NG_OLD_PACKET:
		if (it->block_len >= 32)
			renew_packet(block);
		return read_packet(r, it, e);
	case NG_PACKET:
		return read_packet(r, it, e);
	case NG_STATISTICS:
		if (it->block_len < 24)
			return malformed(r, e, "is too short for statistics");
		it->kind = INPUT_STATISTICS;
		return set_iface(r, it, ng_u32(block + 8), e);
	default:
		it->kind = INPUT_OTHER;
		return 1;
	}
}

/* Detects the byte order of a section from its first 12 bytes. */
static int find_order(struct pcapng_reader *r, const uint8_t *head, struct err *e)
{
	uint32_t magic = ng_u32(head + 8);

	if (magic != NG_MAGIC && magic != __builtin_bswap32(NG_MAGIC))
		return malformed(r, e, "begins a section without a byte-order magic");
	r->swapped = magic != NG_MAGIC;
	return 0;
}

/* The length of the block that begins at `head`, or -EINVAL. */
static int64_t find_len(struct pcapng_reader *r, const uint8_t *head, struct err *e)
{
	bool section = ng_u32(head) == NG_SECTION;
	uint32_t len = ng_u32(head + 4);

	if (section && find_order(r, head, e) != 0)
		return -EINVAL;
	if (!section && !r->in_section)
		return malformed(r, e, "precedes the first section");
	if (r->swapped)
		len = __builtin_bswap32(len);
	if (len < (section ? (uint32_t)SECTION_LEN_MIN : (uint32_t)BLOCK_LEN_MIN) || len & 3)
		return malformed(r, e, "has an impossible length");
	if (len > BLOCK_LEN_MAX)
		return malformed(r, e, "is longer than 16 MiB");
	return len;
}

int pcapng_next(struct pcapng_reader *r, struct input_item *it, struct err *e)
{
	uint8_t *block;
	int64_t len;
	int rc = bytes_peek(&r->in, BLOCK_LEN_MIN, &block);

	if (rc <= 0)
		return rc < 0 ? cannot_read(r, rc, e) : 0;
	len = find_len(r, block, e);
	if (len < 0)
		return (int)len;
	rc = bytes_peek(&r->in, (size_t)len, &block);
	if (rc <= 0)
		return cannot_read(r, rc, e);
	if (r->swapped)
		swap_block(block, (uint32_t)len);
	if (ng_u32(block + len - 4) != len)
		return malformed(r, e, "has two different lengths");
	input_item_clear(it);
	it->block = block;
	it->block_len = (uint32_t)len;
	rc = read_block(r, block, it, e);
	bytes_skip(&r->in, (size_t)len);
	return rc;
}

void pcapng_free(struct pcapng_reader *r)
{
	end_section(r);
	free(r->ifaces);
	free(r->simple);
	bytes_free(&r->in);
}
