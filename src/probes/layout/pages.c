/* SPDX-License-Identifier: MIT */
/*
 * pages.c - finds where the kernel maps the pages of sk_buffs.
 *
 * The search sends itself a long datagram with unique bytes. While it waits in a Unix socket, a
 * program copies its skb_shared_info; the lengths of the fragments show where they are. The address
 * of a struct page gives the page's number, and so its place in the kernel's map of all memory, up
 * to a distance that is chosen at build or boot time. The search tries all possible distances until
 * it finds the datagram's bytes; the same distance must find both ends of all its fragments. If a
 * step fails, only linear parts of sk_buffs are captured, and `missing` holds the reason.
 *
 * One distance is valid for all pages if their structs are one separate array, as in all usual
 * builds. If the structs are inside the memory that they describe, each section of memory has its
 * own array: the search detects this and finds nothing.
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"
#include "../../util.h"
#include "parts.h"
#include "../ours.h"

enum {
	DATAGRAM_LEN = 40007, /* more than one allocation; no other packet has this length */
	FRAGS_FIRST = 32,     /* frags[] is after the members of fixed place */
	SAMPLE_LEN = 32,
	SAMPLE_CNT = 2 * LAYOUT_FRAGS_MAX, /* a round: both ends of each fragment */
	ROUNDS = 64,
	PAGE_STRUCT_LOG = 6, /* sizeof(struct page) is 64; otherwise nothing is found */
	REGION_LOG = 38,     /* page structs in a separate array are farther from all memory */
};

/* Distances between maps are multiples of this, and rounding to it gives a close value. */
#define STEP (1ULL << 30)
/* If the page structs start a little before or after such a multiple (arm64 up to 5.10). */
#define SMALL_STEP (1ULL << 27)

/* The contents of the map. */
struct look {
	uint8_t skb[256];
	uint8_t shared[LAYOUT_SHARED_LEN];
	uint64_t addr[SAMPLE_CNT];
	uint8_t sample[SAMPLE_CNT][SAMPLE_LEN];
};

#define LOOK(field) offsetof(struct look, field)

struct search {
	struct look look;
	uint8_t datagram[DATAGRAM_LEN];
	int map_fd, prog_fd, link_fd;
	int end[2];
	struct ours ours;
	bool filter; /* the program is the filter of the receiving socket, not at a tracepoint */
};

/* ---- The program -------------------------------------------------------------------------- */

/*
 * In: R6 = struct sk_buff *. Out: R0 = bytes that a socket keeps. Clobbers R1..R5, R7.
 *
 *	look = lookup(map, 0);
 *	read(look->skb, skb);
 *	read(look->shared, skb->head + skb->end);
 *	for each i: read(look->sample[i], look->addr[i]);
 *	return skb->len == DATAGRAM_LEN ? DATAGRAM_LEN : 0;
 */
static void emit_look(struct ebpf_builder *b, const struct probe_layout *l,
		      enum ebpf_helper probe_read, int map_fd)
{
	ebpf_label out = ebpf_label_new(b);

	probe_layout_emit_value(b, map_fd, out);
	EMIT(b, MOV(R3, R6));
	probe_layout_emit_read(b, probe_read, LOOK(skb), sizeof(((struct look *)0)->skb));
	EMIT(b, LDX(DW, R3, MEM(R7, layout_off(l, LAYOUT_SKB_HEAD))),
	     LDX(W, R1, MEM(R7, layout_off(l, LAYOUT_SKB_END))), ADD(R3, R1));
	probe_layout_emit_read(b, probe_read, LOOK(shared), LAYOUT_SHARED_LEN);
	for (size_t i = 0; i < SAMPLE_CNT; i++) {
		EMIT(b, LDX(DW, R3, MEM(R7, LOOK(addr[i]))));
		probe_layout_emit_read(b, probe_read, LOOK(sample[i]), SAMPLE_LEN);
	}
	EMIT(b, MOV(R0, DATAGRAM_LEN),
		LDX(W, R1, MEM(R7, layout_off(l, LAYOUT_SKB_LEN))),
		JEQ(R1, DATAGRAM_LEN, out),
		MOV(R0, 0),
	     LABEL(out),
		EXIT());
}

/* Socket filter: the context is the sk_buff. Raw tracepoint: argument 0, in our own thread. */
static int build(const struct search *s, const struct probe_layout *l, const struct ebpf_target *t,
		 struct ebpf_prog *out)
{
	struct ebpf_builder *b =
		ebpf_new(t, s->filter ? EBPF_PROG_SOCKET_FILTER : EBPF_PROG_RAW_TRACEPOINT);
	int rc;

	if (s->filter) {
		EMIT(b, MOV(R6, R1));
	} else {
		probe_emit_ours(b, &s->ours);
		EMIT(b, LDX(DW, R6, MEM(R6, 0)));
	}
	emit_look(b, l, s->filter ? EBPF_FN_probe_read_kernel : EBPF_FN_probe_read, s->map_fd);
	rc = ebpf_finish(b, out, NULL);
	ebpf_free(b);
	return rc;
}

static int attach(struct search *s, const struct probe_layout *l, const struct ebpf_target *t)
{
	struct ebpf_prog p = {0};
	struct kbpf_prog_spec spec = {.name = "bpfcap_pages"};
	int rc = build(s, l, t, &p);

	if (rc < 0)
		return rc;
	spec.type = s->filter ? BPF_PROG_TYPE_SOCKET_FILTER : BPF_PROG_TYPE_RAW_TRACEPOINT;
	spec.insns = p.insns;
	spec.insn_cnt = p.cnt;
	s->prog_fd = kbpf_prog_load(&spec, NULL);
	ebpf_prog_free(&p);
	if (s->prog_fd < 0)
		return s->prog_fd;
	if (s->filter)
		return kbpf_socket_attach(s->end[1], s->prog_fd, NULL);
	s->link_fd = kbpf_raw_tracepoint_attach(s->prog_fd, "skb_copy_datagram_iovec", NULL);
	return s->link_fd < 0 ? s->link_fd : 0;
}

/* ---- The datagram ------------------------------------------------------------------------- */

/*
 * Runs the program: a filter on the arriving packet, which it drops; a tracepoint on the packet
 * read.
 */
static bool trigger(const struct search *s)
{
	uint8_t byte = 0;

	if (s->filter)
		return send(s->end[0], &byte, 1, MSG_DONTWAIT) == 1;
	return recv(s->end[1], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

static bool fetch(struct search *s)
{
	uint32_t key = 0;

	return kbpf_map_lookup(s->map_fd, &key, &s->look) == 0;
}

/*
 * Bytes that no other memory has by accident; they need not be secret. So the search does not wait
 * for the kernel's random pool, which on some machines is not ready until long after boot; bytes
 * from the clock and the process number are good enough (by the steps of splitmix64).
 */
static void fill(uint8_t *bytes, size_t len)
{
	uint64_t state, word;

	if (getrandom(bytes, len, GRND_NONBLOCK) == (ssize_t)len)
		return;
	state = mono_now_ns() + ((uint64_t)getpid() << 40);
	for (size_t at = 0; at < len; at += sizeof(word)) {
		state += 0x9e3779b97f4a7c15;
		word = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
		word = (word ^ word >> 27) * 0x94d049bb133111eb;
		word ^= word >> 31;
		memcpy(bytes + at, &word, len - at < sizeof(word) ? len - at : sizeof(word));
	}
}

/* Sends the datagram. Out: its sk_buff and skb_shared_info in look. */
static bool look_at_datagram(struct search *s)
{
	fill(s->datagram, sizeof(s->datagram));
	if (send(s->end[0], s->datagram, sizeof(s->datagram), MSG_DONTWAIT) != DATAGRAM_LEN)
		return false;
	return (s->filter || trigger(s)) && fetch(s);
}

/* Runs the program to read at look.addr. */
static bool look_at_memory(struct search *s)
{
	uint32_t key = 0;

	return kbpf_map_update(s->map_fd, &key, &s->look, BPF_ANY) == 0 && trigger(s) && fetch(s);
}

/*
 * ---- Results -----------------------------------------------------------------------------------
 */

static uint32_t skb_u32(const struct search *s, const struct probe_layout *l, enum layout_field f)
{
	uint32_t v;

	memcpy(&v, s->look.skb + layout_off(l, f), sizeof(v));
	return v;
}

static uint64_t skb_head(const struct search *s, const struct probe_layout *l)
{
	uint64_t v;

	memcpy(&v, s->look.skb + layout_off(l, LAYOUT_SKB_HEAD), sizeof(v));
	return v;
}

/* Do `cnt` fragments at this offset have data_len bytes together? */
static bool are_frags(const uint8_t *shared, unsigned at, unsigned cnt, uint32_t data_len,
		      struct layout_frag *frag)
{
	uint64_t len = 0;

	for (unsigned i = 0; i < cnt; i++) {
		memcpy(&frag[i], shared + at + i * sizeof(*frag), sizeof(*frag));
		if (frag[i].page >> 56 != 0xff || frag[i].page % (1 << PAGE_STRUCT_LOG) != 0 ||
		    frag[i].off != 0 || frag[i].len < SAMPLE_LEN)
			return false;
		len += frag[i].len;
	}
	return len == data_len;
}

/* The offset of frags[] in skb_shared_info, 0: none, or several fit. */
static uint16_t find_frags(const struct search *s, const struct probe_layout *l, unsigned cnt,
			   struct layout_frag frag[LAYOUT_FRAGS_MAX])
{
	uint32_t data_len = skb_u32(s, l, LAYOUT_SKB_DATA_LEN);
	struct layout_frag trial[LAYOUT_FRAGS_MAX];
	uint16_t found = 0;

	if (cnt < 2 || cnt > LAYOUT_FRAGS_MAX || skb_u32(s, l, LAYOUT_SKB_LEN) != DATAGRAM_LEN ||
	    data_len >= DATAGRAM_LEN)
		return 0;
	for (unsigned at = FRAGS_FIRST; at + sizeof(trial) <= LAYOUT_SHARED_LEN; at += 8) {
		if (!are_frags(s->look.shared, at, cnt, data_len, trial))
			continue;
		if (found)
			return 0;
		found = (uint16_t)at;
		memcpy(frag, trial, sizeof(trial));
	}
	return found;
}

/* ---- The search --------------------------------------------------------------------------- */

static uint64_t address(const struct layout_pages *p, const struct layout_frag *f)
{
	return (f->page << p->shift) + p->base + f->off;
}

/* The n-th distance to try: 0, -1, 1, -2, 2, ... steps. */
static uint64_t distance(unsigned n, uint64_t step)
{
	uint64_t steps = (n + 1) / 2;

	return n % 2 ? -steps * step : steps * step;
}

/* Finds the distance at which `want` is in the first fragment. In: p->base with distance 0. */
static bool find_base(struct search *s, struct layout_pages *p, const struct layout_frag *f,
		      const uint8_t *want, uint64_t step)
{
	for (unsigned n = 0; n < ROUNDS * SAMPLE_CNT; n += SAMPLE_CNT) {
		for (unsigned i = 0; i < SAMPLE_CNT; i++)
			s->look.addr[i] = address(p, f) + distance(n + i, step);
		if (!look_at_memory(s))
			return false;
		for (unsigned i = 0; i < SAMPLE_CNT; i++)
			if (memcmp(s->look.sample[i], want, SAMPLE_LEN) == 0) {
				p->base += distance(n + i, step);
				return true;
			}
	}
	return false;
}

/* Are both ends of each fragment where they must be? */
static bool is_right(struct search *s, const struct layout_pages *p, const struct layout_frag *frag,
		     unsigned cnt, const uint8_t *want)
{
	for (unsigned i = 0; i < cnt; i++) {
		s->look.addr[2 * i] = address(p, &frag[i]);
		s->look.addr[2 * i + 1] = address(p, &frag[i]) + frag[i].len - SAMPLE_LEN;
	}
	if (!look_at_memory(s))
		return false;
	for (unsigned i = 0; i < cnt; want += frag[i++].len)
		if (memcmp(s->look.sample[2 * i], want, SAMPLE_LEN) != 0 ||
		    memcmp(s->look.sample[2 * i + 1], want + frag[i].len - SAMPLE_LEN,
			   SAMPLE_LEN) != 0)
			return false;
	return true;
}

/* Fills *p. Returns NULL, or what is missing. */
static const char *find(struct search *s, const struct probe_layout *l, struct layout_pages *p)
{
	struct layout_frag frag[LAYOUT_FRAGS_MAX];
	uint64_t head = skb_head(s, l);
	unsigned cnt = s->look.shared[LAYOUT_NR_FRAGS_AT];
	const uint8_t *paged = s->datagram + DATAGRAM_LEN - skb_u32(s, l, LAYOUT_SKB_DATA_LEN);

	p->frags_at = find_frags(s, l, cnt, frag);
	if (p->frags_at == 0)
		return "the fragments of a datagram were not found in its skb_shared_info";
	if ((frag[0].page ^ head) >> REGION_LOG == 0)
		return "page structs are not one array (no CONFIG_SPARSEMEM_VMEMMAP)";
	p->shift =
		(uint8_t)(__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE)) - PAGE_STRUCT_LOG);
	p->base = (head & -STEP) - ((frag[0].page & -STEP) << p->shift);
	if (!find_base(s, p, &frag[0], paged, STEP) &&
	    !find_base(s, p, &frag[0], paged, SMALL_STEP))
		return "the kernel's map of all memory was not found";
	if (!is_right(s, p, frag, cnt, paged))
		return "the kernel's map of all memory is not the same for all pages";
	return NULL;
}

static void close_search(struct search *s)
{
	const int fds[] = {s->link_fd, s->prog_fd, s->map_fd, s->end[0], s->end[1]};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	probe_ours_end(&s->ours);
	free(s);
}

/* Opens sockets, map and program. Returns NULL, or what is missing. */
static const char *open_search(struct search *s, const struct probe_layout *l,
			       const struct ebpf_target *t)
{
	s->filter = ebpf_target_has_helper(t, EBPF_PROG_SOCKET_FILTER, EBPF_FN_probe_read_kernel);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, s->end) < 0)
		return "this kernel has no Unix sockets (CONFIG_UNIX)";
	s->map_fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
							    .key_len = sizeof(uint32_t),
							    .value_len = sizeof(s->look),
							    .entry_cnt = 1,
							    .name = "bpfcap_pages"},
				    NULL);
	if (s->map_fd < 0 || attach(s, l, t) < 0)
		return "no program can read a datagram of this process";
	if (!look_at_datagram(s))
		return "a datagram of this process cannot be sent and read";
	return NULL;
}

void probe_layout_find_pages(struct probe_layout *l, const struct ebpf_target *t)
{
	struct layout_pages pages = {0};
	struct search *s;

	l->pages.missing = "pointers have 32 bits";
	if (l->ptr_len != 8)
		return;
	l->pages.missing = "out of memory";
	s = calloc(1, sizeof(*s));
	if (!s)
		return;
	s->map_fd = s->prog_fd = s->link_fd = s->end[0] = s->end[1] = -1;
	probe_ours_begin(&s->ours);
	l->pages.missing = open_search(s, l, t);
	if (!l->pages.missing)
		l->pages.missing = find(s, l, &pages);
	if (!l->pages.missing)
		l->pages = pages;
	close_search(s);
}
