/* SPDX-License-Identifier: MIT */
/*
 * cap_tree.c - the hooks of a packet become one tree, whatever comes between them, and wide lines
 * break between words.
 */
#include <stdlib.h>
#include <string.h>

#include "../../tools/bpfcap/output/tree.h"
#include "../../tools/bpfcap/output/wrap.h"
#include "../lib/test.h"

static struct text printed;
static unsigned packet_cnt;

static void keep(void *user, const struct text *lines, bool is_packet)
{
	(void)user;
	text_put(&printed, text_str(lines));
	packet_cnt += is_packet;
}

static bool at(struct trees *t, uint64_t packet, uint64_t since_ns, const char *where,
	       const char *line)
{
	return trees_packet(t, &(struct tree_part){packet, since_ns, "12:00 ", line, where, ""});
}

static void print_all(struct trees *t, uint64_t before)
{
	struct text scratch = {0};

	text_clear(&printed);
	packet_cnt = 0;
	while (trees_due(t, before))
		trees_print(t, &scratch, keep, NULL);
	text_free(&scratch);
}

TEST(gathers_the_hooks_of_a_packet)
{
	struct trees *t = trees_new();

	assert_non_null(t);
	assert_true(at(t, 7, 0, "veth0 tx ", "IP a > b"));
	assert_true(at(t, 8, 0, "veth0 tx ", "IP c > d"));
	assert_true(at(t, 7, 12345, "veth1 rx ", "IP a > b"));
	assert_true(at(t, 7, 20000, "eth0 tx ", "IP nat > b"));
	assert_true(trees_text(t, 8, " NOT received at rx"));
	assert_false(trees_text(t, 9, "unknown"));
	print_all(t, 8);
	assert_string_equal(text_str(&printed), "12:00 IP a > b\n"
						"|-       0.000 us  veth0 tx\n"
						"|-      12.345 us  veth1 rx\n"
						"`-      20.000 us  eth0 tx IP nat > b\n");
	assert_int_equal(packet_cnt, 3);
	assert_false(at(t, 7, 1, "late ", "IP a > b"));
	print_all(t, UINT64_MAX);
	assert_string_equal(text_str(&printed), "12:00 IP c > d\n"
						"|-       0.000 us  veth0 tx\n"
						"`-  NOT received at rx\n");
	assert_int_equal(packet_cnt, 1);
	text_free(&printed);
	trees_free(t);
}

/* Many long lines: the oldest trees are printed early, and memory stays bounded. */
TEST(bounds_what_is_held_back)
{
	struct trees *t = trees_new();
	char *line = calloc(1, 1 << 20);

	assert_non_null(t);
	assert_non_null(line);
	memset(line, 'x', (1 << 20) - 1);
	for (uint64_t i = 0; i < 200; i++) {
		assert_true(at(t, i, 0, "rx ", line));
		while (trees_due(t, 0)) {
			struct text scratch = {0};

			trees_print(t, &scratch, keep, NULL);
			text_free(&scratch);
			text_clear(&printed);
		}
	}
	assert_true(packet_cnt > 100 && packet_cnt < 200);
	text_free(&printed);
	trees_free(t);
	free(line);
}

static void wraps_to(const char *line, unsigned columns, const char *want)
{
	struct text in = {0}, to = {0};

	text_put(&in, line);
	assert_string_equal(text_str(wrap_lines(&to, &in, columns)), want);
	text_free(&in);
	text_free(&to);
}

TEST(wide_lines_break_between_words)
{
	wraps_to("one two three\n", 0, "one two three\n");
	wraps_to("one two three\n", 13, "one two three\n");
	wraps_to("one two three\n", 12, "one two\n    three\n");
	wraps_to("one two three four\nfive\n", 10, "one two\n    three\n    four\nfive\n");
	wraps_to("an-endless-word next\n", 8, "an-endless-word\n    next\n");
	wraps_to("\tbytes are not text\n", 8, "\tbytes are not text\n");
	wraps_to("\033[32mone\033[0m two\n", 8, "\033[32mone\033[0m two\n");
	wraps_to("\303\274\303\274 two\n", 6, "\303\274\303\274 two\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gathers_the_hooks_of_a_packet),
		cmocka_unit_test(bounds_what_is_held_back),
		cmocka_unit_test(wide_lines_break_between_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
