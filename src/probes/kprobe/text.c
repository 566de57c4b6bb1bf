/* SPDX-License-Identifier: MIT */
/*
 * text.c - reads the running kernel's memory.
 *
 * Not every kernel has /proc/kcore, and not every user who may load programs may read it. So a
 * program reads: it runs at the raw tracepoint kfree_skb, when the packet of a test run of a second
 * program, which does nothing, is freed. Gives the bytes, or reports that they cannot be read.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"
#include "../../util.h"
#include "../layout/layout.h"
#include "../ours.h"
#include "text.h"

enum { CHUNK_LEN = 256, FRAME_LEN = 64 };

/* The map's value. */
struct chunk {
	uint64_t addr; /* the address to read; 0: none */
	uint64_t done; /* the address that the bytes come from */
	uint8_t bytes[CHUNK_LEN];
};

#define CHUNK(field) offsetof(struct chunk, field)

struct kprobe_text {
	int map_fd, reader_fd, nothing_fd, attached_fd;
	struct ours ours;
};

/*
 *	if (this is not our own thread) return 0;
 *	c = lookup(map, 0);
 *	if (c->addr && !read(c->bytes, CHUNK_LEN, c->addr)) c->done = c->addr;
 *	c->addr = 0;
 */
static int build_reader(const struct ebpf_target *t, const struct kprobe_text *text,
			struct ebpf_prog *out)
{
	struct ebpf_builder *b = ebpf_new(t, EBPF_PROG_RAW_TRACEPOINT);
	ebpf_label done = ebpf_label_new(b), out_of_here = ebpf_label_new(b);
	bool has = ebpf_target_has_helper(t, EBPF_PROG_RAW_TRACEPOINT, EBPF_FN_probe_read_kernel);
	int rc;

	probe_emit_ours(b, &text->ours);
	probe_layout_emit_value(b, text->map_fd, out_of_here);
	EMIT(b, LDX(DW, R8, MEM(R7, CHUNK(addr))), JEQ(R8, 0, out_of_here), MOV(R3, R8));
	probe_layout_emit_read(b, has ? EBPF_FN_probe_read_kernel : EBPF_FN_probe_read,
			       CHUNK(bytes), CHUNK_LEN);
	EMIT(b, JNE(R0, 0, done),
		STX(DW, MEM(R7, CHUNK(done)), R8),
	     LABEL(done),
		ST(DW, MEM(R7, CHUNK(addr)), 0),
	     LABEL(out_of_here),
		MOV(R0, 0),
		EXIT());
	rc = ebpf_finish(b, out, NULL);
	ebpf_free(b);
	return rc;
}

static int build_nothing(const struct ebpf_target *t, struct ebpf_prog *out)
{
	struct ebpf_builder *b = ebpf_new(t, EBPF_PROG_SCHED_CLS);
	int rc;

	EMIT(b, MOV(R0, 0), EXIT());
	rc = ebpf_finish(b, out, NULL);
	ebpf_free(b);
	return rc;
}

static int load(int built, struct ebpf_prog *p, uint32_t type)
{
	const struct kbpf_prog_spec spec = {
		.type = type, .insns = p->insns, .insn_cnt = p->cnt, .name = "bpfcap_text"};
	int fd = built < 0 ? built : kbpf_prog_load(&spec, NULL);

	ebpf_prog_free(p);
	return fd;
}

struct kprobe_text *probe_kprobe_text_open(const struct ebpf_target *t)
{
	struct kprobe_text *text = calloc(1, sizeof(*text));
	struct ebpf_prog p = {0};

	if (!text)
		return NULL;
	text->reader_fd = text->nothing_fd = text->attached_fd = -1;
	probe_ours_begin(&text->ours);
	text->map_fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
							       .key_len = 4,
							       .value_len = sizeof(struct chunk),
							       .entry_cnt = 1,
							       .name = "bpfcap_text"},
				       NULL);
	if (text->map_fd >= 0) {
		text->reader_fd = load(build_reader(t, text, &p), &p, BPF_PROG_TYPE_RAW_TRACEPOINT);
		text->nothing_fd = load(build_nothing(t, &p), &p, BPF_PROG_TYPE_SCHED_CLS);
	}
	if (text->reader_fd >= 0 && text->nothing_fd >= 0)
		text->attached_fd = kbpf_raw_tracepoint_attach(text->reader_fd, "kfree_skb", NULL);
	if (text->attached_fd >= 0)
		return text;
	probe_kprobe_text_close(text);
	return NULL;
}

static bool read_chunk(const struct kprobe_text *t, uint64_t addr, struct chunk *c)
{
	const uint8_t frame[FRAME_LEN] = {0};
	struct kbpf_test_run run = {.data_in = frame, .data_in_len = sizeof(frame)};
	uint32_t key = 0;

	*c = (struct chunk){.addr = addr};
	return kbpf_map_update(t->map_fd, &key, c, BPF_ANY) == 0 &&
	       kbpf_prog_test_run(t->nothing_fd, &run) == 0 &&
	       kbpf_map_lookup(t->map_fd, &key, c) == 0 && c->done == addr;
}

bool probe_kprobe_text_read(void *text, uint64_t addr, void *bytes, size_t len)
{
	const struct kprobe_text *t = text;
	struct chunk c;

	for (size_t at = 0; at < len; at += CHUNK_LEN) {
		size_t part = len - at < CHUNK_LEN ? len - at : CHUNK_LEN;

		if (!read_chunk(t, addr + at, &c))
			return false;
		memcpy((uint8_t *)bytes + at, c.bytes, part);
	}
	return true;
}

void probe_kprobe_text_close(struct kprobe_text *t)
{
	if (!t)
		return;
	const int fds[] = {t->attached_fd, t->reader_fd, t->nothing_fd, t->map_fd};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	probe_ours_end(&t->ours);
	free(t);
}
