/* SPDX-License-Identifier: MIT */
/*
 * cap_sinks.c - libpcap reads capture files back with the same times, lengths and bytes, and
 * tshark, if installed, with the same interfaces and directions.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/cbpf.h"

#include "../../tools/bpfcap/output/sink.h"
#include "../lib/test.h"

enum { EVENT_CNT = 500, LEN_MAX = 2000, SNAP_LEN = 1500 };

static char path[] = "/tmp/cap_sinks.XXXXXX";
static uint8_t bytes[LEN_MAX];

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

/* Event i of a made-up capture; lengths cover every padding, 0 too. */
static struct probe_event event(unsigned i)
{
	uint32_t len = i * 13 % LEN_MAX;

	return (struct probe_event){
		.time = {1700000000 + i * 999999937ULL / 1000000000,
			 (uint32_t)(i * 999999937ULL % 1000000000)},
		.ifindex = 1 + i % 3,
		.dir = (enum probe_dir)(i % 3),
		.linktype = CBPF_LINKTYPE_ETHERNET,
		.len = len,
		.cap_len = len < SNAP_LEN ? len : SNAP_LEN,
		.data = bytes,
	};
}

/* A file with the first `cnt` events, changed by `change`. Returns the packets omitted. */
static uint64_t write_file(const struct sink_ops *ops, unsigned cnt,
			   void (*change)(struct probe_event *ev, unsigned i))
{
	const struct sink_conf conf = {.snap_len = SNAP_LEN, .filter = "icmp or arp"};
	const struct probe_counts counts = {.matched = cnt, .captured = cnt, .lost_ring = 3};
	struct sink s;
	struct out o;
	struct err e;
	uint64_t left_out;

	assert_int_equal(out_open(&o, path, &e), 0);
	assert_int_equal(sink_init(&s, ops, &conf, &o), 0);
	s.ops->begin(&s);
	for (unsigned i = 0; i < cnt; i++) {
		struct probe_event ev = event(i);

		if (change)
			change(&ev, i);
		s.ops->packet(&s, &(struct packet){.ev = &ev});
	}
	s.ops->end(&s, &counts);
	left_out = s.left_out;
	sink_free(&s);
	assert_int_equal(out_close(&o, &e), 0);
	return left_out;
}

static void check_back(const struct sink_ops *ops)
{
	struct cbpf_packet p;
	struct cbpf_file *f;
	struct err e;

	assert_int_equal(write_file(ops, EVENT_CNT, NULL), 0);
	assert_int_equal(cbpf_file_open(&f, path, &e), 0);
	assert_int_equal(cbpf_file_linktype(f), CBPF_LINKTYPE_ETHERNET);
	assert_int_equal(cbpf_file_snap_len(f), SNAP_LEN);
	for (unsigned i = 0; i < EVENT_CNT; i++) {
		struct probe_event ev = event(i);

		assert_int_equal(cbpf_file_next(f, &p, &e), 1);
		assert_true(p.time_s == ev.time.s);
		assert_int_equal(p.time_ns, ev.time.ns);
		assert_int_equal(p.len, ev.len);
		assert_int_equal(p.cap_len, ev.cap_len);
		assert_memory_equal(p.data, ev.data, ev.cap_len);
	}
	assert_int_equal(cbpf_file_next(f, &p, &e), 0);
	cbpf_file_close(f);
}

TEST(pcapng_reads_back)
{
	check_back(&sink_pcapng);
}

TEST(pcap_reads_back)
{
	check_back(&sink_pcap);
}

static void reads_empty(const struct sink_ops *ops)
{
	struct cbpf_packet p;
	struct cbpf_file *f;
	struct err e;

	assert_int_equal(write_file(ops, 0, NULL), 0);
	assert_int_equal(cbpf_file_open(&f, path, &e), 0);
	assert_int_equal(cbpf_file_next(f, &p, &e), 0);
	cbpf_file_close(f);
}

TEST(empty_files_are_valid)
{
	reads_empty(&sink_pcapng);
	reads_empty(&sink_pcap);
}

static void every_fifth_is_raw(struct probe_event *ev, unsigned i)
{
	if (i % 5 == 4)
		ev->linktype = CBPF_LINKTYPE_RAW;
}

TEST(pcap_omits_other_link_types)
{
	struct cbpf_packet p;
	struct cbpf_file *f;
	struct err e;

	assert_int_equal(write_file(&sink_pcap, 100, every_fifth_is_raw), 20);
	assert_int_equal(cbpf_file_open(&f, path, &e), 0);
	for (unsigned i = 0; i < 80; i++)
		assert_int_equal(cbpf_file_next(f, &p, &e), 1);
	assert_int_equal(cbpf_file_next(f, &p, &e), 0);
	cbpf_file_close(f);
}

/* ---- tshark's reading of pcapng ------------------------------------------------------------ */

static FILE *tshark(const char *fields)
{
	char command[512];

	if (system("command -v tshark >/dev/null 2>&1") != 0) {
		print_message("tshark is not installed\n");
		skip();
	}
	snprintf(command, sizeof(command), "tshark -r %s -T fields %s 2>/dev/null", path, fields);
	return popen(command, "r");
}

TEST(tshark_sees_interfaces_and_directions)
{
	FILE *f;

	assert_int_equal(write_file(&sink_pcapng, EVENT_CNT, every_fifth_is_raw), 0);
	f = tshark("-e frame.interface_name -e frame.packet_flags_direction -e frame.len "
		   "-e frame.cap_len -e frame.time_epoch -e frame.encap_type -E separator=/s "
		   "-E quote=d");
	assert_non_null(f);
	for (unsigned i = 0; i < EVENT_CNT; i++) {
		struct probe_event ev = event(i);
		char line[256], want[256], dir[16] = "";

		every_fifth_is_raw(&ev, i);
		if (ev.dir != PROBE_DIR_UNKNOWN)
			snprintf(dir, sizeof(dir), "\"0x%08x\"", (unsigned)ev.dir);
		snprintf(want, sizeof(want),
			 "\"if%u\" %s \"%u\" \"%u\" \"%" PRIu64 ".%09" PRIu32 "\" \"%d\"\n",
			 ev.ifindex, dir, ev.len, ev.cap_len, ev.time.s, ev.time.ns,
			 ev.linktype == CBPF_LINKTYPE_RAW ? 7 : 1); /* wiretap's own numbers */
		assert_non_null(fgets(line, sizeof(line), f));
		assert_string_equal(line, want);
	}
	assert_int_equal(pclose(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcapng_reads_back),
		cmocka_unit_test(pcap_reads_back),
		cmocka_unit_test(empty_files_are_valid),
		cmocka_unit_test(pcap_omits_other_link_types),
		cmocka_unit_test(tshark_sees_interfaces_and_directions),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
