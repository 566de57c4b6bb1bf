/* SPDX-License-Identifier: MIT */
/*
 * classic.c - reads the packets of a classic pcap file without copying them: takes the bytes behind
 * the file's header, which libpcap has read, gives packets. Fails as classic.h says.
 *
 * libpcap's own reader takes longer for a packet than the filter and the writer together.
 */
#include "classic.h"

#include <errno.h>
#include <string.h>

#include "bpfcap/probe.h"

#include "../../../src/util.h"

enum { RECORD_HEAD_LEN = 16, NS_PER_US = 1000 };

#define MAGIC_US 0xa1b2c3d4u
#define MAGIC_NS 0xa1b23c4du

/* Link types whose lengths libpcap corrects, or whose packets may be longer than others. */
static bool is_special(uint32_t linktype)
{
	static const uint16_t special[] = {189, 220, 231, 249, 279}; /* USB, D-Bus, EBHSCR */

	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if ((linktype & 0xffff) == special[i])
			return true;
	return false;
}

static uint32_t word(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

uint32_t classic_time_unit(const uint8_t head[CLASSIC_HEAD_LEN])
{
	const uint16_t version[] = {2, 4};

	if (memcmp(head + 4, version, sizeof(version)) != 0 || is_special(word(head + 20)))
		return 0;
	return word(head) == MAGIC_NS ? 1 : word(head) == MAGIC_US ? NS_PER_US : 0;
}

int classic_next(struct bytes *in, uint32_t time_unit, uint32_t snap_len, struct probe_event *out)
{
	uint32_t cap_len, fraction;
	uint64_t fraction_ns, seconds = 0;
	uint8_t *at;
	int rc = bytes_peek(in, RECORD_HEAD_LEN, &at);

	if (rc <= 0)
		return rc;
	cap_len = word(at + 8);
	if (cap_len > CLASSIC_CAP_LEN_MAX)
		return -EMSGSIZE;
	rc = bytes_peek(in, RECORD_HEAD_LEN + (size_t)cap_len, &at);
	if (rc <= 0)
		return rc;
	fraction = word(at + 4);
	fraction_ns = fraction > INT32_MAX ? 0 : (uint64_t)fraction * time_unit; /* as libpcap */
	if (fraction_ns >= NS_PER_S) { /* a division takes longer than the rest */
		seconds = fraction_ns / NS_PER_S;
		fraction_ns %= NS_PER_S;
	}
	out->time = (struct probe_time){word(at) + seconds, (uint32_t)fraction_ns};
	out->len = word(at + 12);
	out->cap_len = cap_len < snap_len ? cap_len : snap_len;
	out->data = at + RECORD_HEAD_LEN;
	bytes_skip(in, RECORD_HEAD_LEN + (size_t)cap_len);
	return 1;
}
