/* SPDX-License-Identifier: MIT */
/* kernelrun.c - runs compiled filters in the kernel and compares them with the oracle. */
#include "kernelrun.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "../../src/loader/features.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"

#define ETH_LEN                                                                                    \
	14 /* the minimum length of a test run, and the bytes that a socket filter does not see */

/* ---- Programs that fetch their input themselves ------------------------------------------- */

struct input_map {
	int fd;
	uint32_t buffer_len;
};

/*
 * sched_cls. Out: R7 = the map's struct filter_input, with the packet. Clobbers all.
 *
 *	in->len = skb->len; in->cap_len = min(len, buffer_len)
 *	skb_load_bytes(skb, 0, in->packet, in->cap_len)
 */
static void wrap_buffer(struct ebpf_builder *b, void *user)
{
	const struct input_map *map = user;
	ebpf_label fits = ebpf_label_new(b), some = ebpf_label_new(b);

	/* clang-format off */
	EMIT(b, MOV(R6, R1),
		LD_MAP_VALUE(R7, map->fd, 0),
		LDX(W, R4, CTX(R6, __sk_buff, len)),
		STX(DW, MEM(R7, offsetof(struct filter_input, len)), R4),
		JLE(R4, map->buffer_len, fits),
		MOV(R4, map->buffer_len),
	     LABEL(fits),
		JGE(R4, 1, some),
		MOV(R0, 0),
		EXIT(),
	     LABEL(some),
		STX(DW, MEM(R7, offsetof(struct filter_input, cap_len)), R4),
		MOV(R1, R6),
		MOV(R2, 0),
		MOV(R3, R7),
		ADD(R3, offsetof(struct filter_input, packet)),
		CALL(skb_load_bytes));
	/* clang-format on */
}

/*
 * Raw tracepoint. Out: R7 = the map's struct filter_input, as user space left it, with the packet's
 * address. Clobbers R1.
 */
static void wrap_probe(struct ebpf_builder *b, void *user)
{
	const struct input_map *map = user;

	EMIT(b, LD_MAP_VALUE(R7, map->fd, 0), MOV(R1, R7),
	     ADD(R1, offsetof(struct filter_input, packet)),
	     STX(DW, MEM(R7, offsetof(struct filter_input, data)), R1));
}

/* ---- One program -------------------------------------------------------------------------- */

struct loaded {
	enum filter_mode mode;
	enum ebpf_prog_type type;
	struct input_map map; /* fd -1: none */
	int tables_fd;	      /* the same */
	int fd;		      /* -1: not loaded */
};

static enum ebpf_prog_type type_of(enum filter_mode mode)
{
	if (filter_mode_type(mode) != EBPF_PROG_ANY)
		return filter_mode_type(mode);
	return mode == FILTER_PROBE ? EBPF_PROG_RAW_TRACEPOINT : EBPF_PROG_SCHED_CLS;
}

/* The filter's long lists, in a map; NULL if it cannot be made. */
static struct cbpf2ebpf_tables *load_tables(struct loaded *l, const struct cbpf_prog *filter,
					    struct err *e)
{
	const void *bytes;
	uint32_t len;
	struct cbpf2ebpf_tables *tables =
		filter_tables(filter, filter_tables_min(filter), &bytes, &len);

	if (len > 0)
		l->tables_fd = kbpf_map_create_const(bytes, len, "tables", e);
	cbpf2ebpf_tables_bind(tables, l->tables_fd);
	if (len == 0 || l->tables_fd >= 0)
		return tables;
	cbpf2ebpf_tables_free(tables);
	return NULL;
}

static int load(struct loaded *l, const struct cbpf_prog *filter, const struct ebpf_target *t,
		struct err *e)
{
	const uint32_t value_len =
		(uint32_t)offsetof(struct filter_input, packet) + l->map.buffer_len;
	bool probe = l->mode == FILTER_PROBE;
	struct cbpf2ebpf_tables *tables;
	struct ebpf_prog prog;
	int rc;

	if (filter_mode_type(l->mode) == EBPF_PROG_ANY) {
		l->map.fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
								    .key_len = 4,
								    .value_len = value_len,
								    .entry_cnt = 1,
								    .name = "input"},
					    e);
		if (l->map.fd < 0)
			return l->map.fd;
	}
	tables = load_tables(l, filter, e);
	if (!tables)
		return l->tables_fd;
	rc = filter_program(filter, t, l->mode, l->type, tables, probe ? wrap_probe : wrap_buffer,
			    &l->map, &prog, e);
	cbpf2ebpf_tables_free(tables);
	if (rc < 0)
		return rc;

	const struct kbpf_prog_spec spec = {.type = l->type,
					    .insns = prog.insns,
					    .insn_cnt = prog.cnt,
					    .strict_alignment =
						    !ebpf_target_has(t, EBPF_FEATURE_UNALIGNED)};

	l->fd = kbpf_prog_load(&spec, e);
	ebpf_prog_free(&prog);
	return l->fd;
}

static void unload(struct loaded *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->map.fd >= 0)
		close(l->map.fd);
	if (l->tables_fd >= 0)
		close(l->tables_fd);
}

/* Puts the packet where a raw tracepoint's program looks for it. */
static void fill_map(const struct loaded *l, const struct packet *p)
{
	struct filter_input in = {.len = p->len, .cap_len = p->len};
	uint32_t key = 0;

	memcpy(in.packet, p->data, p->len);
	assert_int_equal(kbpf_map_update(l->map.fd, &key, &in, 0), 0);
}

/* The program's verdict; -EINVAL for a packet that this kind of program cannot be given. */
static int run(const struct loaded *l, const struct packet *p, uint32_t *verdict)
{
	uint8_t frame[ETH_LEN + PACKET_LEN_MAX] = {0};
	uint64_t args[1] = {0};
	struct kbpf_test_run r = {0};
	int rc;

	if (l->type == EBPF_PROG_RAW_TRACEPOINT) {
		fill_map(l, p);
		r.ctx_in = args;
		r.ctx_in_len = sizeof(args);
	} else if (l->type == EBPF_PROG_SOCKET_FILTER) {
		memcpy(frame + ETH_LEN, p->data, p->len);
		r.data_in = frame;
		r.data_in_len = ETH_LEN + p->len;
	} else if (p->len < ETH_LEN) {
		return -EINVAL;
	} else {
		r.data_in = p->data;
		r.data_in_len = p->len;
	}
	rc = kbpf_prog_test_run(l->fd, &r);
	*verdict = r.retval;
	return rc;
}

/* ---- The comparison ----------------------------------------------------------------------- */

static size_t run_cnt;

size_t kernel_agrees_runs(void)
{
	return run_cnt;
}

static bool agrees_on(const struct loaded *l, const struct oracle *o, const struct packet *p,
		      char why[AGREES_TEXT_LEN])
{
	uint32_t want = oracle_run(o, p->data, p->len, p->len), got;

	if (run(l, p, &got) < 0)
		return true;
	run_cnt++;
	if (got == want)
		return true;
	(void)snprintf(why, AGREES_TEXT_LEN,
		       "%s, packet '%s' (%u bytes): %s says %u, the kernel %u",
		       filter_mode_name(l->mode), p->name, p->len, o->name, want, got);
	return false;
}

static bool agrees_as_target(const struct cbpf_prog *filter, enum filter_mode mode,
			     const struct ebpf_target *t, const struct packets *ps,
			     char why[AGREES_TEXT_LEN])
{
	struct loaded l = {.mode = mode,
			   .type = type_of(mode),
			   .map = {-1, filter_buffer_len(mode, filter)},
			   .tables_fd = -1,
			   .fd = -1};
	const struct oracle o = oracle_of(filter);
	struct err e = {0};
	bool agrees = load(&l, filter, t, &e) >= 0;

	if (!agrees)
		(void)snprintf(why, AGREES_TEXT_LEN, "%s: %s", filter_mode_name(mode), e.text);
	for (size_t i = 0; agrees && i < ps->cnt; i++)
		agrees = agrees_on(&l, &o, &ps->all[i], why);
	unload(&l);
	return agrees;
}

/* Kernels of some machines refuse unaligned access; BPF_F_STRICT_ALIGNMENT makes this one do so. */
bool kernel_agrees(const struct cbpf_prog *filter, enum filter_mode mode,
		   const struct ebpf_target *t, const struct packets *ps, char why[AGREES_TEXT_LEN])
{
	struct ebpf_target strict = *t;

	ebpf_target_set(&strict, EBPF_FEATURE_UNALIGNED, false);
	return agrees_as_target(filter, mode, t, ps, why) &&
	       agrees_as_target(filter, mode, &strict, ps, why);
}

void kernel_agrees_need(void)
{
	int has = kbpf_has_prog_type(BPF_PROG_TYPE_SCHED_CLS);

	if (has == 1)
		return;
	print_message("needs bpf(2) with full rights: %s\n", strerror(-has));
	skip();
}
