/* SPDX-License-Identifier: MIT */
/*
 * decap_tshark.c - the decapsulator of the tests, which judges filters of packets inside packets,
 * finds Ethernet and IP headers where tshark's dissection of the same packets has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../lib/decap.h"
#include "../lib/nest.h"

enum { PACKET_CNT = 400, HEADER_MAX = 24, LINE_LEN = 4096 };

/* Where a packet has headers of Ethernet and IP. */
struct headers {
	unsigned cnt;
	struct {
		bool ethernet;
		unsigned at;
	} all[HEADER_MAX];
};

static struct nest nests[PACKET_CNT];

static void add(struct headers *h, bool ethernet, unsigned at)
{
	if (h->cnt == HEADER_MAX)
		return;
	h->all[h->cnt].ethernet = ethernet;
	h->all[h->cnt++].at = at;
}

/* A frame and the IP packet in it; a frame without its tag begins with the same header. */
static void add_frame(struct headers *h, const uint8_t *data, uint32_t off, bool untagged)
{
	unsigned type = (unsigned)data[12] << 8 | data[13];

	if (!untagged)
		add(h, true, off);
	if (type == 0x0800 || type == 0x86dd)
		add(h, false, off + 14);
}

static struct headers expect(const struct nest *n, unsigned *layers)
{
	struct headers h = {0};
	const uint8_t *data = n->data;
	bool tagged;
	struct decap d;

	decap(&d, n->linktype, n->data, n->len, 0, DECAP_ALL);
	add_frame(&h, data, 0, false);
	tagged = data[12] == 0x81 || data[12] == 0x91 || (data[12] == 0x88 && data[13] == 0xa8);
	for (unsigned i = 0; i < d.cnt; i++) {
		data = d.packet[i].data;
		if (d.packet[i].linktype == DECAP_IP)
			add(&h, false, d.packet[i].off);
		else
			add_frame(&h, data, d.packet[i].off, tagged);
		tagged = d.packet[i].linktype == DECAP_ETHERNET &&
			 (data[12] == 0x81 || data[12] == 0x91 ||
			  (data[12] == 0x88 && data[13] == 0xa8));
	}
	*layers = d.cnt;
	return h;
}

static void write_pcap(const char *path)
{
	const uint32_t head[] = {0xa1b2c3d4, 4u << 16 | 2, 0, 0, 65535, 1};
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fwrite(head, sizeof(head), 1, f);
	for (unsigned i = 0; i < PACKET_CNT; i++) {
		const uint32_t record[] = {i, 0, nests[i].len, nests[i].len};

		fwrite(record, sizeof(record), 1, f);
		fwrite(nests[i].data, nests[i].len, 1, f);
	}
	assert_int_equal(fclose(f), 0);
}

/* <proto name="ip" showname="..." size="20" pos="14"> */
static void read_line(struct headers *h, const char *line)
{
	const char *pos = strstr(line, " pos=\"");

	if (!pos)
		return;
	if (strstr(line, "<proto name=\"eth\""))
		add(h, true, (unsigned)atoi(pos + 6));
	else if (strstr(line, "<proto name=\"ip\"") || strstr(line, "<proto name=\"ipv6\""))
		add(h, false, (unsigned)atoi(pos + 6));
}

static void compare(unsigned i, const struct headers *got)
{
	unsigned layers;
	const struct headers want = expect(&nests[i], &layers);
	bool same = got->cnt == want.cnt || (layers == DECAP_LAYER_MAX && got->cnt > want.cnt);

	for (unsigned k = 0; same && k < want.cnt; k++)
		same = got->all[k].ethernet == want.all[k].ethernet &&
		       got->all[k].at == want.all[k].at;
	if (same)
		return;
	for (uint32_t k = 0; k < nests[i].len; k++)
		print_error("%02x", nests[i].data[k]);
	for (unsigned k = 0; k < got->cnt || k < want.cnt; k++)
		print_error("\nheader %u: tshark %u, we %u", k, k < got->cnt ? got->all[k].at : 0,
			    k < want.cnt ? want.all[k].at : 0);
	fail_msg("\npacket %u", i + 1);
}

static void read_pdml(FILE *f)
{
	static char line[LINE_LEN];
	struct headers h = {0};
	unsigned i = 0;

	while (fgets(line, sizeof(line), f)) {
		if (strstr(line, "<packet>"))
			h.cnt = 0;
		read_line(&h, line);
		if (strstr(line, "</packet>"))
			compare(i++, &h);
	}
	assert_int_equal(i, PACKET_CNT);
}

static void test_headers_are_where_tshark_has_them(void **state)
{
	struct choices c = {.seed = 5};
	char path[] = "/tmp/decap-XXXXXX", command[256];
	int fd;
	FILE *f;

	(void)state;
	if (system("tshark --version >/dev/null 2>&1") != 0) {
		print_message("tshark is not installed\n");
		skip();
	}
	for (unsigned i = 0; i < PACKET_CNT;) {
		nest_modest(&nests[i], &c, 4);
		i += nests[i].linktype == CBPF_LINKTYPE_ETHERNET;
	}
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	write_pcap(path);
	(void)snprintf(command, sizeof(command),
		       "tshark -n -r %s -T pdml -o ip.defragment:FALSE "
		       "-o ipv6.defragment:FALSE 2>/dev/null",
		       path);
	f = popen(command, "r");
	assert_non_null(f);
	read_pdml(f);
	assert_int_equal(pclose(f), 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headers_are_where_tshark_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
