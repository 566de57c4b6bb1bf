/* SPDX-License-Identifier: MIT */
/*
 * pcapng_words.c - the words about a packet in a pcapng file: takes a packet, gives its comment and
 * our custom option, complete except for the packet's time. Packets of a live capture mostly share
 * their words with others, so they are kept. docs/pcapng.md describes the options.
 */
#include "pcapng.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Everything that the words of a live packet depend on, except stacks, --gather and --call. */
struct words_key {
	uint64_t location;
	uint32_t hook, reason, pid, tid, owner_pid, made_len;
	int32_t cpu;
	uint16_t has_reason, has_mono;
	char comm[PROBE_COMM_LEN], owner_comm[PROBE_COMM_LEN];
	uint16_t inner_layer, inner_off, inner_linktype, unused;
};

struct kept_words {
	struct words_key key;
	struct pcapng_words words;
};

enum { KEPT_BITS = 10, KEPT_CNT = 1 << KEPT_BITS };

_Static_assert(sizeof(struct words_key) == 80, "no padding: the whole of it is compared");

/* ---- Lines -------------------------------------------------------------------------------- */

static bool has_hook(const struct packet *pk)
{
	return packet_hook(pk);
}

static void put_hook(struct text *t, const struct packet *pk)
{
	text_put(t, packet_hook(pk));
}

static bool has_reason(const struct packet *pk)
{
	return pk->ev->has_reason;
}

static bool has_location(const struct packet *pk)
{
	return pk->ev->location || (pk->saved && pk->saved->location);
}

static bool has_process(const struct packet *pk)
{
	return pk->ev->pid;
}

static bool has_made(const struct packet *pk)
{
	return pk->ev->made_len;
}

static bool has_inside(const struct packet *pk)
{
	return pk->ev->inner_layer;
}

static bool has_call(const struct packet *pk)
{
	return pk->ev->call_len;
}

static bool has_owner(const struct packet *pk)
{
	return pk->ev->owner_pid;
}

static bool has_since(const struct packet *pk)
{
	return pk->note && pk->note->later;
}

static bool has_stack(const struct packet *pk)
{
	return pk->ev->stack_cnt;
}

static void put_stack(struct text *t, const struct packet *pk)
{
	for (unsigned i = 0; i < pk->ev->stack_cnt; i++) {
		text_put(t, "\n  ");
		packet_put_frame(t, pk, i);
	}
}

/* A line for each property of the packet; none if its text is empty. */
static void put_lines(struct text *t, const struct packet *pk)
{
	static const struct {
		const char *name;
		bool (*has)(const struct packet *pk);
		void (*put)(struct text *t, const struct packet *pk);
	} lines[] = {
		{"hook: ", has_hook, put_hook},
		{"reason: ", has_reason, packet_put_reason},
		{"function: ", has_location, packet_put_location},
		{"process: ", has_process, packet_put_process},
		{"made up: ", has_made, packet_put_made},
		{"inside: ", has_inside, packet_put_inside},
		{"call: ", has_call, packet_put_call},
		{"owner: ", has_owner, packet_put_owner},
		{"gather: ", has_since, packet_put_since},
		{"stack: ", has_stack, put_stack},
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		size_t start = t->len, value;

		if (!lines[i].has(pk))
			continue;
		text_put(t, start ? "\n" : "");
		text_put(t, lines[i].name);
		value = t->len;
		lines[i].put(t, pk);
		if (t->len == value)
			t->len = start;
	}
}

/* Lines of our option that are not in the comment; the time comes last and later. */
static void put_numbers(struct text *t, const struct packet *pk)
{
	if (packet_has_cpu(pk))
		text_printf(t, "\ncpu: %d", pk->ev->cpu);
	if (pk->ev->tid)
		text_printf(t, "\ntid: %" PRIu32, pk->ev->tid);
	if (pk->ev->mono_ns)
		text_put(t, "\nmonotonic: ");
}

/* The verdict on a packet is known if a BPF program dropped it. */
static void put_verdict(struct pcapng_words *w, const struct packet *pk, struct text *scratch)
{
	static const struct {
		const char *reason;
		uint8_t kind; /* 1: TC, 2: XDP */
		uint64_t verdict;
	} known[] = {{"TC_INGRESS", 1, 2 /* TC_ACT_SHOT */},
		     {"TC_EGRESS", 1, 2},
		     {"XDP", 2, 1 /* XDP_DROP */}};
	uint8_t value[9];

	text_clear(&w->verdict);
	if (!pk->ev->has_reason)
		return;
	text_clear(scratch);
	packet_put_reason(scratch, pk);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(text_str(scratch), known[i].reason) != 0)
			continue;
		value[0] = known[i].kind;
		memcpy(value + 1, &known[i].verdict, sizeof(known[i].verdict));
		pcapng_option(&w->verdict, NG_OPT_EPB_VERDICT, value, sizeof(value));
	}
}

/* A packet of a pcap file has nothing to be put into words, unless --through found one inside. */
static bool is_wordless(const struct packet *pk)
{
	return pk->item && pk->item->iface->from_pcap && !has_inside(pk);
}

static void make_words(struct pcapng_words *w, const struct packet *pk, struct text *scratch)
{
	text_clear(&w->text);
	w->ours = 0;
	text_clear(scratch);
	put_lines(scratch, pk);
	if (scratch->len) {
		pcapng_option(&w->text, NG_OPT_COMMENT, scratch->p, scratch->len);
		put_numbers(scratch, pk);
		w->ours = w->text.len;
		pcapng_option_ours(&w->text, scratch->p, scratch->len);
		/* where the time follows, without the padding */
		w->ours_len = ng_u16((const uint8_t *)w->text.p + w->ours + 2);
	}
	w->failed = w->text.failed || scratch->failed;
	put_verdict(w, pk, scratch);
}

/* ---- Words that are kept ------------------------------------------------------------------ */

static struct words_key key_of(const struct probe_event *ev)
{
	struct words_key k = {
		.location = ev->location,
		.hook = ev->hook,
		.reason = ev->reason,
		.pid = ev->pid,
		.tid = ev->tid,
		.owner_pid = ev->owner_pid,
		.made_len = ev->made_len,
		.cpu = ev->cpu,
		.has_reason = ev->has_reason,
		.has_mono = ev->mono_ns != 0,
		.inner_layer = ev->inner_layer,
		.inner_off = ev->inner_off,
		.inner_linktype = ev->inner_linktype,
	};

	memcpy(k.comm, ev->comm, sizeof(k.comm));
	memcpy(k.owner_comm, ev->owner_comm, sizeof(k.owner_comm));
	return k;
}

/* The factor is 2^64 divided by the golden ratio. */
static unsigned slot_of(const struct words_key *k)
{
	uint64_t words[4], h = 0;

	memcpy(words, k, sizeof(words)); /* up to made_len */
	words[3] ^= (uint64_t)(uint32_t)k->cpu << 32;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		h = (h ^ words[i]) * 0x9e3779b97f4a7c15u;
	return (unsigned)(h >> (64 - KEPT_BITS));
}

const struct pcapng_words *pcapng_words(struct pcapng_state *state, const struct packet *pk)
{
	bool shared = pk->probe && !has_since(pk) && !has_stack(pk) && !has_call(pk);
	static const struct pcapng_words none;
	struct words_key key;
	struct kept_words *kept;

	if (is_wordless(pk))
		return &none;
	if (shared && !state->kept)
		state->kept = calloc(KEPT_CNT, sizeof(*state->kept));
	if (!shared || !state->kept) {
		make_words(&state->words, pk, &state->scratch);
		return &state->words;
	}
	key = key_of(pk->ev);
	kept = &state->kept[slot_of(&key)];
	if (!kept->words.text.len || memcmp(&kept->key, &key, sizeof(key)) != 0) {
		make_words(&kept->words, pk, &state->scratch);
		kept->key = key;
	}
	return &kept->words;
}

static void free_words(struct pcapng_words *w)
{
	text_free(&w->text);
	text_free(&w->verdict);
}

void pcapng_words_free(struct pcapng_state *state)
{
	for (size_t i = 0; state->kept && i < KEPT_CNT; i++)
		free_words(&state->kept[i].words);
	free(state->kept);
	free_words(&state->words);
}
