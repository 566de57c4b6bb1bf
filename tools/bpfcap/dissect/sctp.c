/* SPDX-License-Identifier: MIT */
/* sctp.c - SCTP (RFC 9260): ports and chunks. Takes a packet. */
#include "field.h"

enum { SCTP_HEAD_LEN = 12, CHUNK_HEAD_LEN = 4, DATA_HEAD_LEN = 12, INIT_LEN = 16, SACK_LEN = 12 };

/* Prints a chunk's value; false: it is malformed, and nothing more is read. */
typedef bool (*chunk_fn)(struct dissect *d, uint8_t flags, struct slice v);

static bool bogus(struct dissect *d, struct slice v)
{
	say(d, "bogus chunk length %u]", v.len + CHUNK_HEAD_LEN);
	return false;
}

static void print_payload_protocol(struct dissect *d, uint32_t number)
{
	static const struct field_name names[] = {
		{1, "ISDN Q.921"}, {2, "M2UA"},	      {3, "M3UA"},	 {4, "SUA"},
		{5, "M2PA"},	   {6, "V5.2"},	      {7, "H.248"},	 {8, "BICC"},
		{9, "TALI"},	   {10, "DUA"},	      {11, "ASAP"},	 {12, "ENRP"},
		{13, "H.323"},	   {14, "Q.IPC"},     {15, "SIMCO"},	 {16, "DDPSC"},
		{17, "DDPSSC"},	   {18, "S1AP"},      {19, "RUA"},	 {20, "HNBAP"},
		{21, "ForCES HP"}, {22, "ForCES MP"}, {23, "ForCES LP"}, {24, "SBc-AP"},
		{25, "NBAP"},	   {27, "X2AP"},      {0, NULL},
	};
	const char *name = field_name(names, number);

	if (name)
		say(d, "[PPID %s] ", name);
	else
		say(d, "[PPID 0x%x] ", number);
}

static bool chunk_data(struct dissect *d, uint8_t flags, struct slice v)
{
	if (flags & 7)
		say(d, "%s%s%s ", flags & 4 ? "(U)" : "", flags & 2 ? "(B)" : "",
		    flags & 1 ? "(E)" : "");
	if (v.len < DATA_HEAD_LEN)
		return bogus(d, v);
	say(d, "[TSN: %u] [SID: %u] [SSEQ %u] ", field_u32(d, v, 0), field_u16(d, v, 4),
	    field_u16(d, v, 6));
	print_payload_protocol(d, field_u32(d, v, 8));
	return v.len == DATA_HEAD_LEN ? bogus(d, v) : true;
}

static bool chunk_init(struct dissect *d, uint8_t flags, struct slice v)
{
	(void)flags;
	if (v.len < INIT_LEN)
		return bogus(d, v);
	say(d, "[init tag: %u] [rwnd: %u] ", field_u32(d, v, 0), field_u32(d, v, 4));
	say(d, "[OS: %u] [MIS: %u] ", field_u16(d, v, 8), field_u16(d, v, 10));
	say(d, "[init TSN: %u] ", field_u32(d, v, 12));
	return true;
}

static bool chunk_sack(struct dissect *d, uint8_t flags, struct slice v)
{
	uint32_t ack = field_u32(d, v, 0), off = SACK_LEN;
	uint16_t gap_cnt = field_u16(d, v, 8), dup_cnt = field_u16(d, v, 10);

	(void)flags;
	if (v.len < SACK_LEN)
		return bogus(d, v);
	say(d, "[cum ack %u] [a_rwnd %u] ", ack, field_u32(d, v, 4));
	say(d, "[#gap acks %u] [#dup tsns %u] ", gap_cnt, dup_cnt);
	for (unsigned i = 0; i < gap_cnt && off < v.len; i++, off += 4) {
		if (v.len - off < 4)
			return bogus(d, v);
		say(d, "[gap ack block #%u: start = %u, end = %u] ", i + 1,
		    ack + field_u16(d, v, off), ack + field_u16(d, v, off + 2));
	}
	for (unsigned i = 0; i < dup_cnt && off < v.len; i++, off += 4) {
		if (v.len - off < 4)
			return bogus(d, v);
		say(d, "[dup TSN #%u: %u] ", i + 1, field_u32(d, v, off));
	}
	return true;
}

static const struct chunk {
	uint8_t type;
	const char *name;
	chunk_fn print;
} chunks[] = {
	{0, "DATA", chunk_data},    {1, "INIT", chunk_init},   {2, "INIT ACK", chunk_init},
	{3, "SACK", chunk_sack},    {4, "HB REQ", NULL},       {5, "HB ACK", NULL},
	{6, "ABORT", NULL},	    {7, "SHUTDOWN", NULL},     {8, "SHUTDOWN ACK", NULL},
	{9, "OP ERR", NULL},	    {10, "COOKIE ECHO", NULL}, {11, "COOKIE ACK", NULL},
	{12, "ECN ECHO", NULL},	    {13, "ECN CWR", NULL},     {14, "SHUTDOWN COMPLETE", NULL},
	{192, "FOR CUM TSN", NULL}, {193, "REL CTRL", NULL},   {194, "REL CTRL ACK", NULL},
};

static bool print_chunk(struct dissect *d, struct slice s)
{
	uint8_t type = slice_u8(s, 0);

	for (size_t i = 0; i < ARRAY_LEN(chunks); i++) {
		if (chunks[i].type != type)
			continue;
		say(d, "[%s] ", chunks[i].name);
		return !chunks[i].print ||
		       chunks[i].print(d, slice_u8(s, 1), slice_from(s, CHUNK_HEAD_LEN));
	}
	say(d, "[Unknown chunk type: 0x%x] ", type);
	return true;
}

/* The next chunk's length with its padding; 0: malformed or cut off, and that has been said. */
static uint32_t chunk_len(struct dissect *d, struct slice s, const char *sep, unsigned number)
{
	uint32_t len = slice_be16(s, 2), padding = (4 - len % 4) % 4;

	if (s.len < CHUNK_HEAD_LEN) {
		say(d, "%s%u) [chunk descriptor cut off at end of packet]", sep, number);
		return 0;
	}
	if (!field_has(d, s, 0, CHUNK_HEAD_LEN))
		return 0;
	if (len < CHUNK_HEAD_LEN) {
		say(d, "%s%u) [Bad chunk length %u, < size of chunk descriptor]", sep, number, len);
		return 0;
	}
	if (s.len < padding) {
		say(d, "%s%u) [Bad chunk length %u, > remaining data in packet]", sep, number, len);
		return 0;
	}
	return field_has(d, s, 0, len) ? len + padding : 0;
}

/* ForCES (RFC 5811) has a port for each priority. */
static void print_channel(struct dissect *d, uint16_t port)
{
	if (port >= 6704 && port <= 6706)
		say(d, "[ForCES %cP]", "HML"[port - 6704]);
}

void dissect_sctp(struct dissect *d, struct dissect_net *net, struct slice s)
{
	d->proto = "sctp";
	if (s.len < SCTP_HEAD_LEN) {
		say(d, "truncated-sctp - %u bytes missing!", SCTP_HEAD_LEN - s.len);
		return;
	}
	if (!field_has(d, s, 0, SCTP_HEAD_LEN))
		return;
	dissect_ports(d, net, s);
	say(d, "sctp");
	print_channel(d, slice_be16(s, 0));
	print_channel(d, slice_be16(s, 2));
	s = slice_from(s, SCTP_HEAD_LEN);
	for (unsigned number = 1; s.len && !d->cut; number++) {
		const char *sep = number == 1 ? " (" : ", (";
		uint32_t len = chunk_len(d, s, sep, number);

		if (!len)
			return;
		say(d, "%s%u) ", sep, number);
		if (!print_chunk(d, slice_head(s, slice_be16(s, 2))))
			return;
		if (len > s.len) /* the padding of the last chunk is missing */
			return;
		if (!field_has(d, s, 0, len))
			return;
		s = slice_from(s, len);
	}
}
