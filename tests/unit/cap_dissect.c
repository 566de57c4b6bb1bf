/* SPDX-License-Identifier: MIT */
/*
 * cap_dissect.c - a packet's line of text is tcpdump's, and no bytes can hurt.
 *
 * The cases hold what tcpdump 4.99.5 printed. Where tcpdump is installed, it also reads each of
 * them cut off after every byte; older versions print some lines differently, see
 * tests/lib/as_tcpdump. Reads past the captured bytes show under SAN=1: each packet lies in memory
 * of exactly its size.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/util.h"
#include "../../tools/bpfcap/dissect/dissect.h"
#include "../../tools/bpfcap/dissect/tcp_flow.h"
#include "../lib/test.h"

#define CASE_MAX   512
#define PACKET_MAX 512

struct packet_case {
	char name[128], want[512];
	int linktype;
	uint32_t len, cap_len;
	uint8_t data[PACKET_MAX];
};

static struct packet_case cases[CASE_MAX];
static size_t case_cnt;

static uint32_t read_hex(const char *text, uint8_t *to)
{
	uint32_t n = 0;
	unsigned byte;

	for (; n < PACKET_MAX && sscanf(text, "%2x", &byte) == 1; text += 2)
		to[n++] = (uint8_t)byte;
	return n;
}

/* A name, "LINKTYPE LENGTH HEX", ">TEXT"; "#" begins a comment, blank lines separate. */
static bool load_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[4096], hex[2 * PACKET_MAX + 1] = "";
	size_t before = case_cnt;

	if (!f)
		return false;
	while (fgets(line, sizeof(line), f) && case_cnt < CASE_MAX) {
		struct packet_case *c = &cases[case_cnt];

		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#' || !line[0])
			continue;
		if (line[0] == '>') {
			snprintf(c->want, sizeof(c->want), "%.511s", line + 1);
			case_cnt++;
		} else if (sscanf(line, "%d %u %1024s", &c->linktype, &c->len, hex) == 3) {
			c->cap_len = read_hex(hex, c->data);
		} else {
			snprintf(c->name, sizeof(c->name), "%.127s", line);
		}
	}
	fclose(f);
	return case_cnt > before;
}

static size_t packet_cnt; /* cases from packets.txt; those of protocols.txt follow */

static int load_cases(void **state)
{
	(void)state;
	if (!load_file("tests/cases/cli/packets.txt"))
		return -1;
	packet_cnt = case_cnt;
	return load_file("tests/cases/cli/protocols.txt") ? 0 : -1;
}

/* Dissects a copy that ends where its memory ends. */
static void dissect_copy(struct text *t, int linktype, const uint8_t *data, uint32_t cap_len,
			 uint32_t len, const struct dissect_opts *opts)
{
	uint8_t *copy = malloc(cap_len ? cap_len : 1);

	assert_non_null(copy);
	memcpy(copy, data, cap_len);
	text_clear(t);
	(void)dissect(t, linktype, cap_len ? copy : copy + 1, cap_len, len, opts);
	assert_false(t->failed);
	free(copy);
}

/* tcpdump ends some lines with what it puts before more text. */
static const char *trimmed(struct text *t)
{
	while (t->len && strchr(" :", t->p[t->len - 1]))
		t->p[--t->len] = '\0';
	return text_str(t);
}

static size_t compare_cases(size_t from, size_t to, const struct dissect_opts *opts)
{
	struct text t = {0};
	size_t failed = 0;

	for (size_t i = from; i < to; i++) {
		struct packet_case *c = &cases[i];

		dissect_copy(&t, c->linktype, c->data, c->cap_len, c->len, opts);
		if (strcmp(trimmed(&t), c->want) == 0)
			continue;
		print_message("%s:\n  got  %s\n  want %s\n", c->name, text_str(&t), c->want);
		failed++;
	}
	text_free(&t);
	return failed;
}

TEST(prints_as_tcpdump)
{
	const struct dissect_opts opts = {0};

	assert_int_equal(compare_cases(0, packet_cnt, &opts), 0);
}

TEST(prints_a_capture_as_tcpdump)
{
	const struct dissect_opts opts = {.flows = tcp_flows_new()};

	assert_non_null(opts.flows);
	assert_int_equal(compare_cases(packet_cnt, case_cnt, &opts), 0);
	tcp_flows_free(opts.flows);
}

/* ---- Every packet cut off after every byte, against the tcpdump of this machine ------------- */

static void write_u32(FILE *f, uint32_t v)
{
	assert_int_equal(fwrite(&v, sizeof(v), 1, f), 1);
}

/* With link-layer headers, only whole packets are compared. */
static uint32_t shortest(const struct packet_case *c, bool link)
{
	return link ? c->cap_len : 1;
}

/* A pcap file with all that is left of a case when it is cut off. */
static void write_cuts(FILE *f, const struct packet_case *c, bool link)
{
	const uint32_t head[] = {0xa1b2c3d4, 4 << 16 | 2, 0, 0, 65535, (uint32_t)c->linktype};

	for (size_t i = 0; i < 6; i++)
		write_u32(f, head[i]);
	for (uint32_t cap_len = shortest(c, link); cap_len <= c->cap_len; cap_len++) {
		write_u32(f, 0);
		write_u32(f, 0);
		write_u32(f, cap_len);
		write_u32(f, c->len);
		assert_int_equal(fwrite(c->data, 1, cap_len, f), cap_len);
	}
	assert_int_equal(fflush(f), 0);
}

/* The next line that begins a packet; bytes that tcpdump dumps are indented with a tab. */
static bool next_line(FILE *f, char *line, int size)
{
	while (fgets(line, size, f)) {
		size_t len = strcspn(line, "\n");

		if (line[0] == '\t')
			continue;
		while (len && strchr(" :>", line[len - 1])) /* what it puts before more */
			len--;
		line[len] = '\0';
		return true;
	}
	return false;
}

/*
 * Before 4.99.5, tcpdump did not look into an IP header that was cut off; then ours may be called
 * malformed in its words of that time.
 */
static bool is_malformed(const char *got)
{
	static const char *const words[] = {"IP bad-hlen ", "IP bad-len ", "IP truncated-ip ",
					    "IP6 version error: ", "IP6 truncated-ip6 "};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(got, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

/*
 * tcpdump takes the digest that follows an OSPF packet from the captured bytes, even if they end
 * before it, and then lacks bytes that were captured.
 */
static bool lacks_digest(const char *got, const char *want)
{
	return strstr(want, ":  [|ospf2]") && strstr(got, ": OSPFv2, ");
}

/* From 4.99.5 on, tcpdump says the length of a message of ICMPv6 that is cut off. */
static bool lacks_length(const char *got, const char *want, size_t n)
{
	static const char words[] = " [|icmp6], length ";
	const char *got_cut = strstr(got, "[|icmp6");

	if (!got_cut || strncmp(want + n, words, strlen(words)) != 0)
		return false;
	if ((size_t)(got_cut - got) < n)
		n = (size_t)(got_cut - got);
	return strncmp(got, want, n) == 0;
}

/*
 * The same, or both say that the same header is cut off and differ only in how much of its fields
 * they could still show.
 */
static bool agrees(const char *got, const char *want)
{
	const char *got_cut = strstr(got, " [|"), *want_cut = strstr(want, " [|");
	size_t n;

	if (strcmp(got, want) == 0)
		return true;
	if (!want_cut)
		return false;
	if (lacks_digest(got, want))
		return true;
	n = (size_t)(want_cut - want);
	if (strcmp(want_cut, " [|ip]") == 0 && n >= 3 && strncmp(got, want, n) == 0 &&
	    is_malformed(got + n - 3))
		return true;
	if (strcmp(want_cut, " [|ip6]") == 0 && strncmp(got, want, n) == 0 && is_malformed(got + n))
		return true;
	if (lacks_length(got, want, n))
		return true;
	if (!got_cut || strcmp(got_cut, want_cut) != 0)
		return false;
	if (got_cut - got < want_cut - want)
		n = (size_t)(got_cut - got);
	return strncmp(got, want, n) == 0;
}

/* A pipe from a command, in which "%s" stands for the file it reads. */
static FILE *output_of(const char *command, const char *path) __attribute__((format(printf, 1, 0)));
static FILE *output_of(const char *command, const char *path)
{
	char line[256];
	FILE *f;

	snprintf(line, sizeof(line), command, path);
	f = popen(line, "r");
	assert_non_null(f);
	return f;
}

/* What all that is left of a case is dissected to. */
static void write_dissected(FILE *f, const struct packet_case *c, bool link)
{
	const struct dissect_opts opts = {.link = link};
	struct text t = {0};

	for (uint32_t cap_len = shortest(c, link); cap_len <= c->cap_len; cap_len++) {
		dissect_copy(&t, c->linktype, c->data, cap_len, c->len, &opts);
		fprintf(f, "%s\n", trimmed(&t));
	}
	text_free(&t);
	assert_int_equal(fflush(f), 0);
}

static size_t compare_cuts(const struct packet_case *c, bool link, FILE *ours, FILE *theirs)
{
	char got[1024], want[1024];
	size_t bad = 0;

	for (uint32_t cap_len = shortest(c, link); cap_len <= c->cap_len; cap_len++) {
		assert_true(next_line(ours, got, sizeof(got)));
		assert_true(next_line(theirs, want, sizeof(want)));
		if (!link && strncmp(got, "vlan ", 5) == 0) /* tcpdump shows tags only with -e */
			continue;
		if (link && strstr(got, "(invalid)")) /* as_tcpdump wants "IP" before it */
			continue;
		if (agrees(got, want))
			continue;
		print_message("%s, %u bytes:\n  got  %s\n  want %s\n", c->name, cap_len, got, want);
		bad++;
	}
	return bad;
}

static size_t cuts_of(const struct packet_case *c, bool link)
{
	char packets[] = "/tmp/cap_dissect.XXXXXX", text[] = "/tmp/cap_dissect.XXXXXX";
	FILE *f = fdopen(mkstemp(packets), "w"), *g = fdopen(mkstemp(text), "w");
	size_t bad;

	assert_non_null(f);
	assert_non_null(g);
	write_cuts(f, c, link);
	write_dissected(g, c, link);
	fclose(f);
	fclose(g);
	/* tcpdump begins a line after the number of a VXLAN network */
	f = output_of(link ? "${TCPDUMP-tcpdump} -ntSer - <%s 2>/dev/null | "
			     "sed '/vni [0-9]*$/{N;s/\\n/: /;}'"
			   : "${TCPDUMP-tcpdump} -ntSr - <%s 2>/dev/null | "
			     "sed '/vni [0-9]*$/{N;s/\\n/: /;}'",
		      packets);
	g = output_of("tests/lib/as_tcpdump <%s", text);
	bad = compare_cuts(c, link, g, f);
	pclose(f);
	pclose(g);
	unlink(packets);
	unlink(text);
	return bad;
}

static void compare_all_cuts(size_t from, size_t to, bool link)
{
	size_t bad = 0;

	for (size_t i = from; i < to; i++)
		bad += cuts_of(&cases[i], link);
	assert_int_equal(bad, 0);
}

TEST(cut_off_as_tcpdump)
{
	if (system("command -v \"${TCPDUMP-tcpdump}\" >/dev/null 2>&1") != 0) {
		print_message("tcpdump is not installed\n");
		skip();
	}
	compare_all_cuts(0, packet_cnt, false);
}

TEST(link_headers_as_tcpdump)
{
	if (system("command -v \"${TCPDUMP-tcpdump}\" >/dev/null 2>&1") != 0) {
		print_message("tcpdump is not installed\n");
		skip();
	}
	compare_all_cuts(0, packet_cnt, true);
}

TEST(protocols_cut_off_as_tcpdump)
{
	if (system("\"${TCPDUMP-tcpdump}\" --version 2>&1 | grep -Eq '^tcpdump.* "
		   "4[.]99[.]([5-9]|..)'")) {
		print_message(
			"there is no tcpdump 4.99.5 or a later 4.99 (TCPDUMP may name one)\n");
		skip();
	}
	compare_all_cuts(packet_cnt, case_cnt, false);
}

/* ---- Hostile bytes ------------------------------------------------------------------------ */

static uint32_t random_u32(void)
{
	static uint64_t x = 88172645463325252; /* xorshift: the same packets in every run */

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)x;
}

TEST(survives_any_bytes)
{
	const int linktypes[] = {0, 1, 9, 50, 101, 104, 107, 108, 113, 228, 229, 276, 999};
	struct text t = {0};

	for (int round = 0; round < 200000; round++) {
		const struct packet_case *c = &cases[random_u32() % case_cnt];
		const struct dissect_opts opts = {.verbose = random_u32() % 3,
						  .quick = random_u32() % 2,
						  .link = random_u32() % 2};
		uint8_t data[PACKET_MAX];
		uint32_t cap_len = random_u32() % (c->cap_len + 1);
		int linktype = random_u32() % 8 ? c->linktype
						: linktypes[random_u32() % ARRAY_LEN(linktypes)];

		memcpy(data, c->data, sizeof(data));
		for (uint32_t n = random_u32() % 8; n; n--)
			data[random_u32() % PACKET_MAX] = (uint8_t)random_u32();
		dissect_copy(&t, linktype, data, cap_len, random_u32() % 4 ? c->len : random_u32(),
			     &opts);
		for (size_t i = 0; i < t.len; i++)
			assert_in_range(t.p[i], 0x20, 0x7e);
	}
	text_free(&t);
}

/* IP in IP in IP ... as deep as 64 KiB allow. */
TEST(bounds_tunnels)
{
	const uint8_t head[20] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 4, 10, 0, 0, 1, 10, 0, 0, 2};
	const struct dissect_opts opts = {0};
	uint8_t *data = calloc(1, 65520);
	struct text t = {0};

	assert_non_null(data);
	for (size_t off = 0; off < 65520; off += sizeof(head))
		memcpy(data + off, head, sizeof(head));
	(void)dissect(&t, 101, data, 65520, 65520, &opts);
	assert_non_null(strstr(text_str(&t), "[nested too deep]"));
	assert_in_range(t.len, 1, 1000);
	text_free(&t);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_as_tcpdump),
		cmocka_unit_test(prints_a_capture_as_tcpdump),
		cmocka_unit_test(cut_off_as_tcpdump),
		cmocka_unit_test(link_headers_as_tcpdump),
		cmocka_unit_test(protocols_cut_off_as_tcpdump),
		cmocka_unit_test(survives_any_bytes),
		cmocka_unit_test(bounds_tunnels),
	};

	return cmocka_run_group_tests(tests, load_cases, NULL);
}
