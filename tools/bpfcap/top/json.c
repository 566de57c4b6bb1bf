/* SPDX-License-Identifier: MIT */
/*
 * json.c - the counts of --top as JSON: a line for each row, then one for the total. The names are
 * those of packets (docs/packet.schema.json).
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../output/json.h"
#include "top.h"

static void put_string(struct text *to, const char *name, const char *value)
{
	text_printf(to, "\"%s\":", name);
	json_put_quoted(to, value);
}

/* "udp_rcv+0x1f [module]" as function and offset */
static void put_function(struct text *to, char *place)
{
	char *plus = strstr(place, "+0x");

	if (plus)
		*plus = '\0';
	put_string(to, "function", place);
	if (plus)
		text_printf(to, ",\"offset\":%lu", strtoul(plus + 1, NULL, 16));
}

static void put_place(struct text *to, const struct top *t, const struct probe_tally *row)
{
	const struct probe_tally_key *key = &row->key;
	const char *hook = top_hook(t, key);
	struct text word = {0};

	if (hook) {
		text_put(to, ",");
		put_string(to, "hook", hook);
	}
	if (!key->has_reason && !key->location)
		return;
	text_put(to, ",\"drop\":{");
	top_put_reason(&word, t, key);
	if (word.len)
		put_string(to, "reason", text_str(&word));
	text_clear(&word);
	top_put_place(&word, t, key);
	if (word.len) {
		text_put(to, key->has_reason ? "," : "");
		put_function(to, word.p);
	}
	text_put(to, "}");
	text_free(&word);
}

static void put_flow(struct text *to, const struct probe_tally_key *key)
{
	struct text word = {0};

	text_put(to, ",\"flow\":{");
	top_put_protocol(&word, key);
	put_string(to, "protocol", text_str(&word));
	text_clear(&word);
	top_put_address(&word, key, true);
	if (word.len) {
		text_put(to, ",");
		put_string(to, "src", text_str(&word));
		text_clear(&word);
		top_put_address(&word, key, false);
		text_put(to, ",");
		put_string(to, "dst", text_str(&word));
	}
	if (top_has_ports(key))
		text_printf(to, ",\"sport\":%u,\"dport\":%u", ntohs(key->src_port),
			    ntohs(key->dst_port));
	text_put(to, "}");
	text_free(&word);
}

static void put_process(struct text *to, const struct probe_tally *row)
{
	struct text name = {0};

	if (!row->key.pid)
		return;
	text_name(&name, row->comm);
	text_printf(to, ",\"process\":{\"pid\":%" PRIu32, row->key.pid);
	if (name.len) {
		text_put(to, ",");
		put_string(to, "name", text_str(&name));
	}
	text_put(to, "}");
	text_free(&name);
}

/* {"time":"...","by":"flow", */
static void begin(struct text *to, const struct top_moment *m, const char *by)
{
	json_put_time(to, m->now);
	text_put(to, ",");
	put_string(to, "by", by);
}

static void end(struct text *to, uint64_t packets, uint64_t bytes)
{
	text_printf(to, ",\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 "}\n", packets, bytes);
}

void top_put_json(struct text *to, struct top *t, const struct top_moment *m)
{
	static const char *const names[] = {"place", "flow", "process"};

	for (int by = 0; by < TOP_CNT; by++) {
		struct top_table *table = &t->by[by];

		(void)top_table_sort(table, table->cnt);
		for (size_t i = 0; i < table->cnt; i++) {
			begin(to, m, names[by]);
			if (by == TOP_PLACES)
				put_place(to, t, &table->rows[i]);
			else if (by == TOP_FLOWS)
				put_flow(to, &table->rows[i].key);
			else
				put_process(to, &table->rows[i]);
			end(to, table->rows[i].packets, table->rows[i].bytes);
		}
		if (!table->other_packets)
			continue;
		begin(to, m, names[by]);
		text_put(to, ",\"other\":true");
		end(to, table->other_packets, table->other_bytes);
	}
	begin(to, m, "total");
	end(to, t->packets, t->bytes);
}
