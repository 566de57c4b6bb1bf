/* SPDX-License-Identifier: MIT */
/*
 * pcap.c - the pcap format with nanoseconds (draft-ietf-opsawg-pcap), in host byte order. A file
 * holds one link type, that of its first packet; packets of another, and those
 * after 2106, are omitted and counted.
 */
#include "sink.h"

#include <string.h>

#include "bpfcap/cbpf.h"

struct pcap_state {
	bool begun; /* the header is written */
	int linktype;
};

struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snap_len, linktype;
};

struct pcap_record {
	uint32_t time_s, time_ns, cap_len, len;
};

static void write_header(struct sink *s, int linktype)
{
	struct pcap_state *state = s->state;
	struct pcap_header head = {
		.magic = 0xa1b23c4d,
		.major = 2,
		.minor = 4,
		.snap_len = s->conf->snap_len,
		.linktype = (uint32_t)linktype | s->conf->upper_bits,
	};

	text_clear(&s->record);
	text_bytes(&s->record, &head, sizeof(head));
	out_record(s->out, &s->record);
	state->begun = true;
	state->linktype = linktype;
}

static void begin(struct sink *s)
{
	struct pcap_state *state = s->state;

	state->begun = false; /* the header waits for the first packet's link type */
}

static void packet(struct sink *s, const struct packet *pk)
{
	struct pcap_state *state = s->state;
	const struct probe_event *ev = pk->ev;
	struct pcap_record head = {
		.time_s = (uint32_t)ev->time.s,
		.time_ns = ev->time.ns,
		.cap_len = ev->cap_len,
		.len = ev->len,
	};
	uint8_t *to;

	if (!state->begun)
		write_header(s, ev->linktype);
	if (ev->linktype != state->linktype || ev->time.s > UINT32_MAX) {
		s->left_out++;
		return;
	}
	to = out_room(s->out, sizeof(head) + ev->cap_len);
	if (!to)
		return;
	memcpy(to, &head, sizeof(head));
	memcpy(to + sizeof(head), ev->data, ev->cap_len);
	out_put(s->out, sizeof(head) + ev->cap_len);
}

static void end(struct sink *s, const struct probe_counts *c)
{
	struct pcap_state *state = s->state;

	(void)c;
	if (!state->begun)
		write_header(s, CBPF_LINKTYPE_ETHERNET);
}

const struct sink_ops sink_pcap = {
	.name = "pcap",
	.state_len = sizeof(struct pcap_state),
	.begin = begin,
	.packet = packet,
	.end = end,
};
