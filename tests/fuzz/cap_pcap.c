/* SPDX-License-Identifier: MIT */
/*
 * cap_pcap.c - any bytes are a classic capture file: each packet is read, and shown in every format
 * with any link type, length and time that the file claims. No format writes what could control a
 * terminal, and JSON has one line for a packet.
 */
#include "../../tools/bpfcap/input/input.h"
#include "../../tools/bpfcap/output/sink.h"
#include "driver/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FORMAT_CNT = 4, PACKETS_MAX = 200 };

static const struct sink_conf conf = {
	.snap_len = UINT16_MAX, .time_form = 4, .verbose = 1, .hex_ascii = 2};

static void check(const struct sink *s)
{
	const char *text = text_str(&s->record);

	if (s->ops != &sink_text && s->ops != &sink_json)
		return;
	if (strlen(text) != s->record.len)
		abort();
	files_check_text(text);
	if (s->ops == &sink_json && strchr(text, '\n') != text + s->record.len - 1)
		abort();
}

static void show(struct sink *sinks, struct input_item *it)
{
	static const struct saved nothing;

	for (size_t i = 0; i < FORMAT_CNT; i++) {
		struct packet pk = {.ev = &it->ev, .item = it, .saved = &nothing};

		sinks[i].ops->packet(&sinks[i], &pk);
		check(&sinks[i]);
	}
}

static void read_all(struct input *in)
{
	static const struct sink_ops *const formats[FORMAT_CNT] = {&sink_text, &sink_json,
								   &sink_pcapng, &sink_pcap};
	struct sink sinks[FORMAT_CNT];
	static struct out out;
	struct input_item it;
	struct err e;

	if (out_open(&out, "/dev/null", &e) != 0)
		abort();
	for (size_t i = 0; i < FORMAT_CNT; i++) {
		if (sink_init(&sinks[i], formats[i], &conf, &out) != 0)
			abort();
		if (formats[i]->begin)
			formats[i]->begin(&sinks[i]);
	}
	for (int n = 0; n < PACKETS_MAX && input_next(in, &it, &e) > 0; n++)
		if (it.kind == INPUT_PACKET)
			show(sinks, &it);
	for (size_t i = 0; i < FORMAT_CNT; i++) {
		if (formats[i]->end)
			formats[i]->end(&sinks[i], NULL);
		sink_free(&sinks[i]);
	}
	(void)out_close(&out, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint32_t next_id = 0;
	struct input in;
	char path[64];
	struct err e;
	int fd = files_make(data, len, path);

	if (input_open(&in, path, &next_id, &e) == 0) {
		if (in.pcap)
			read_all(&in);
		input_close(&in);
	}
	close(fd);
	return 0;
}
