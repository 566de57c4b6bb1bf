/* SPDX-License-Identifier: MIT */
/* cap_top.c - the tables of --top: rows with the same key become one, and the sums stay exact. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/bpfcap/top/top.h"
#include "../lib/flows.h"
#include "../lib/test.h"

static struct probe_tally row_of(uint32_t flow, uint64_t packets)
{
	struct probe_tally row = {.packets = packets, .bytes = 60 * packets};

	memcpy(row.key.src, &flow, sizeof(flow));
	return row;
}

TEST(rows_with_the_same_key_are_added)
{
	struct top_table t = {0};
	struct probe_tally row;

	for (uint32_t i = 0; i < 3000; i++) {
		row = row_of(i % 1000, 1 + i % 1000);
		top_table_add(&t, &row);
	}
	assert_int_equal(t.cnt, 1000);
	assert_int_equal(top_table_sort(&t, 10), 10);
	for (uint32_t i = 0; i < 1000; i++) {
		row = row_of(i, 0);
		assert_int_equal(top_table_find(&t, &row.key)->packets, 3 * (1 + i));
	}
	assert_int_equal(t.rows[0].packets, 3000);
	assert_int_equal(t.rows[0].bytes, 180000);
	row = row_of(1000, 0);
	assert_null(top_table_find(&t, &row.key));
	top_table_free(&t);
}

TEST(what_exceeds_a_table_is_counted_too)
{
	struct top_table t = {0};
	uint64_t packets = 0;
	struct probe_tally row;

	for (uint32_t i = 0; i < TOP_TABLE_MAX + 5; i++) {
		row = row_of(i, 2);
		top_table_add(&t, &row);
	}
	for (size_t i = 0; i < t.cnt; i++)
		packets += t.rows[i].packets;
	assert_int_equal(t.cnt, TOP_TABLE_MAX);
	assert_int_equal(t.other_packets, 10);
	assert_int_equal(t.other_bytes, 600);
	assert_int_equal(packets + t.other_packets, 2 * (TOP_TABLE_MAX + 5));
	top_table_free(&t);
}

TEST(each_table_has_all_packets)
{
	struct top *t = calloc(1, sizeof(*t));
	const struct flows_frame *frames;
	size_t cnt = flows_frames(&frames);

	assert_non_null(t);
	for (size_t i = 0; i < cnt; i++) {
		const struct probe_event ev = {.data = frames[i].bytes,
					       .cap_len = (uint32_t)frames[i].len,
					       .len = (uint32_t)frames[i].len,
					       .linktype = 1,
					       .pid = 1 + (uint32_t)i % 2};

		(void)top_packet(t, &(struct packet){.ev = &ev});
	}
	top_add_other(t, 7, 420);
	assert_int_equal(t->packets, cnt + 7);
	assert_int_equal(t->by[TOP_PROCESSES].cnt, 2);
	for (int by = 0; by < TOP_CNT; by++) {
		uint64_t packets = t->by[by].other_packets;

		for (size_t i = 0; i < t->by[by].cnt; i++)
			packets += t->by[by].rows[i].packets;
		assert_int_equal(packets, cnt + 7);
	}
	top_free(t);
	free(t);
}

TEST(flows_are_written_like_packets)
{
	const struct flows_frame *frames;
	struct text text = {0};

	(void)flows_frames(&frames);
	top_put_flow(&text, &frames[0].key);
	assert_string_equal(text_str(&text), "UDP 10.0.0.1.12345 > 192.0.2.7.53");
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_with_the_same_key_are_added),
		cmocka_unit_test(what_exceeds_a_table_is_counted_too),
		cmocka_unit_test(each_table_has_all_packets),
		cmocka_unit_test(flows_are_written_like_packets),
	};

	return cmocka_run_group_tests_name("cap_top", tests, NULL, NULL);
}
