/* SPDX-License-Identifier: MIT */
/*
 * ng.h - the numbers of the pcapng format (draft-ietf-opsawg-pcapng), and its options.
 *
 * docs/pcapng.md describes what bpfcap writes.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_NG_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_NG_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	NG_SECTION = 0x0a0d0d0a,
	NG_INTERFACE = 1,
	NG_OLD_PACKET = 2, /* obsolete; still read */
	NG_SIMPLE_PACKET = 3,
	NG_NAMES = 4,
	NG_STATISTICS = 5,
	NG_PACKET = 6,
	NG_SECRETS = 10,
	NG_CUSTOM = 0x0bad,
	NG_CUSTOM_NO_COPY = 0x40000bad,

	NG_MAGIC = 0x1a2b3c4d, /* in the byte order of the section */

	NG_OPT_END = 0,
	NG_OPT_COMMENT = 1,
	NG_OPT_CUSTOM_TEXT = 2988, /* a private enterprise number, then UTF-8; may be copied */
	NG_OPT_SHB_APPLICATION = 4,
	NG_OPT_IF_NAME = 2,
	NG_OPT_IF_DESCRIPTION = 3,
	NG_OPT_IF_TSRESOL = 9,
	NG_OPT_IF_FILTER = 11,
	NG_OPT_IF_FCSLEN = 13,
	NG_OPT_IF_TSOFFSET = 14,
	NG_OPT_EPB_FLAGS = 2,
	NG_OPT_EPB_PACKETID = 5,
	NG_OPT_EPB_VERDICT = 7,
	NG_OPT_ISB_START = 2,
	NG_OPT_ISB_END = 3,
	NG_OPT_ISB_RECEIVED = 4,
	NG_OPT_ISB_DROPPED = 5,
	NG_OPT_ISB_DELIVERED = 8,

	NG_DIRECTION = 3, /* the bits of epb_flags: 1 inbound, 2 outbound */
	NG_INBOUND = 1,
	NG_OUTBOUND = 2,
};

/*
 * The project has no private enterprise number of its own. This one is IANA's for examples (RFC
 * 5612), so the text begins with a word that distinguishes it from other text.
 */
#define NG_PEN	   32473u
#define NG_PEN_TAG "bpfcap\n"

static inline uint16_t ng_u16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t ng_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t ng_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* A list of options, in host byte order. */
struct ng_options {
	const uint8_t *p;
	uint32_t len;
};

struct ng_option {
	uint16_t code, len;
	const uint8_t *value;
};

/* Removes the first option of the list; false at its end and if it is malformed. */
static inline bool ng_option_next(struct ng_options *o, struct ng_option *out)
{
	uint32_t whole;

	if (o->len < 4)
		return false;
	*out = (struct ng_option){ng_u16(o->p), ng_u16(o->p + 2), o->p + 4};
	whole = 4 + ((out->len + 3u) & ~3u);
	if (out->code == NG_OPT_END || whole > o->len)
		return false;
	o->p += whole;
	o->len -= whole;
	return true;
}

#endif
