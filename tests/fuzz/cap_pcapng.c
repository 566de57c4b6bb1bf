/* SPDX-License-Identifier: MIT */
/*
 * cap_pcapng.c - any bytes are a capture file: every item is read, and what is said of a packet;
 * the strings control no terminal. Memory is bounded by the reader's limits.
 */
#include <unistd.h>

#include "../../tools/bpfcap/input/input.h"
#include "../../tools/bpfcap/input/saved.h"
#include "driver/files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_packet(struct saved *s, struct input_item *it)
{
	volatile uint8_t sum = 0;

	for (uint32_t i = 0; i < it->ev.cap_len; i++)
		sum = (uint8_t)(sum + it->ev.data[i]);
	if (saved_read(s, it, true, &it->ev) != 0)
		return;
	files_check_text(s->iface);
	files_check_text(s->hook);
	files_check_text(s->process);
	files_check_text(s->first_hook);
	for (unsigned i = 0; i < it->ev.stack_cnt; i++)
		files_check_text(s->frames[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct saved saved = {0};
	struct input_item it;
	struct input in;
	uint32_t next_id = 0;
	char path[64];
	struct err e;
	int fd = files_make(data, len, path);

	if (input_open(&in, path, &next_id, &e) == 0) {
		while (input_next(&in, &it, &e) > 0)
			if (it.kind == INPUT_PACKET)
				check_packet(&saved, &it);
		input_close(&in);
	}
	saved_free(&saved);
	close(fd);
	return 0;
}
