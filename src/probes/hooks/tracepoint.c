/* SPDX-License-Identifier: MIT */
/*
 * tracepoint.c - tracepoint:CATEGORY:NAME.
 *
 * The context is the tracepoint's record; its format file in tracefs has the offset of the
 * sk_buff's address. Fails with -EINVAL (input) if there is no such tracepoint or it records no
 * sk_buff, -ENOENT or -EPERM if tracefs is not accessible.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/dsl.h"
#include "../capture/capture.h"
#include "../tp_format.h"
#include "hook.h"

struct tracepoint {
	char category[HOOK_TEXT_LEN];
	bool attached;
	int fd; /* the perf event, once attached */
};

static const char *category_of(const struct hook *h)
{
	return ((const struct tracepoint *)h->state)->category;
}

static int parse(struct hook *h, const char *rest, struct err *e)
{
	struct tracepoint *t = h->state;
	const char *colon = strchr(rest, ':');

	if (!colon || !probe_hook_copy_name(t->category, rest, (size_t)(colon - rest), "") ||
	    !probe_hook_copy_name(h->event, colon + 1, strlen(colon + 1), ""))
		return err_input(e, -EINVAL, "hook",
				 "'%s' is not a hook: a tracepoint is given as "
				 "tracepoint:CATEGORY:NAME, as in tracepoint:skb:kfree_skb",
				 h->spec);
	memcpy(h->name, h->event, sizeof(h->name));
	return 0;
}

static int no_such(const struct hook *h, int rc, struct err *e)
{
	if (rc == -ENOENT)
		return err_input(e, -EINVAL, "hook",
				 "tracepoint:%s:%s: this kernel has no such tracepoint; "
				 "/sys/kernel/tracing/events lists them",
				 category_of(h), h->event);
	return err_run(e, rc, "hook", "tracepoint:%s:%s: its format cannot be read: %s",
		       category_of(h), h->event, strerror(-rc));
}

static int read_format(const struct hook *h, char **text, struct err *e)
{
	int dir_fd = kbpf_tracefs_open(e);
	char path[2 * HOOK_TEXT_LEN + 32];
	size_t len;
	int rc;

	if (dir_fd < 0)
		return dir_fd;
	(void)snprintf(path, sizeof(path), "events/%s/%s/format", category_of(h), h->event);
	rc = kbpf_read_file(dir_fd, path, text, &len);
	close(dir_fd);
	return rc < 0 ? no_such(h, rc, e) : 0;
}

static enum ebpf_size size_of(uint32_t len)
{
	return len == 1 ? EBPF_B : len == 2 ? EBPF_H : len == 8 ? EBPF_DW : EBPF_W;
}

static int find_fields(struct hook *h, const char *text, struct err *e)
{
	struct tp_field f;

	if (probe_tp_field(text, "skbaddr", &f) < 0 && probe_tp_field(text, "skb_addr", &f) < 0 &&
	    probe_tp_field(text, "skb", &f) < 0)
		return err_input(e, -EINVAL, "hook",
				 "tracepoint:%s:%s records no sk_buff address (skbaddr); "
				 "rawtp:%s@N may reach it",
				 category_of(h), h->event, h->event);
	h->skb_at = (int)f.off;
	if (probe_tp_field(text, "location", &f) == 0 && f.len == 8)
		h->location_at = (int)f.off;
	if (probe_tp_field(text, "reason", &f) == 0) {
		h->reason_at = (int)f.off;
		h->reason_size = size_of(f.len);
	}
	return 0;
}

static int prepare(struct hook *h, const struct hook_env *env, struct err *e)
{
	char *text;
	int rc = read_format(h, &text, e);

	(void)env;
	if (rc < 0)
		return rc;
	rc = find_fields(h, text, e);
	free(text);
	return rc;
}

/* In: R1 = the record. Out: R6, SLOT_REASON, SLOT_LOCATION. Clobbers R2. */
static void emit_prologue(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	const struct hook *h = m->h;

	EMIT(b, LDX(DW, R6, MEM(R1, h->skb_at)));
	if (h->location_at >= 0)
		EMIT(b, LDX(DW, R2, MEM(R1, h->location_at)), STX(DW, MEM(R10, SLOT_LOCATION), R2));
	if (h->reason_at >= 0)
		EMIT(b, LDX(h->reason_size, R2, MEM(R1, h->reason_at)),
		     STX(DW, MEM(R10, SLOT_REASON), R2));
}

static int attach(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e)
{
	struct tracepoint *t = h->state;
	int dir_fd = kbpf_tracefs_open(e);

	(void)env;
	if (dir_fd < 0)
		return dir_fd;
	t->fd = kbpf_tracepoint_attach(prog_fd, dir_fd, t->category, h->event, e);
	t->attached = t->fd >= 0;
	close(dir_fd);
	return t->attached ? 0 : t->fd;
}

static void detach(struct hook *h)
{
	struct tracepoint *t = h->state;

	if (t->attached)
		close(t->fd);
	t->attached = false;
}

const struct hook_ops probe_hook_tracepoint = {
	.kind = {.type = EBPF_PROG_TRACEPOINT,
		 .tracing = true,
		 .emit = probe_emit_tracing_program,
		 .emit_prologue = emit_prologue},
	.state_len = sizeof(struct tracepoint),
	.parse = parse,
	.prepare = prepare,
	.attach = attach,
	.detach = detach,
};
