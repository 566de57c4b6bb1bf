/* SPDX-License-Identifier: MIT */
/*
 * c2e_programs.c - the classic programs of tests/cases/filter, in every access mode, run
 * by the reference interpreter, give libpcap's verdict; offsets from the link layer and from the
 * network header mean what their plain counterparts do; what may go round for ever ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/cbpf2ebpf/classic/code.h"
#include "../lib/interpret.h"
#include "../lib/test.h"

#define LL_OFF	0xffe00000u /* SKF_LL_OFF, SKF_NET_OFF of linux/filter.h */
#define NET_OFF 0xfff00000u

static struct ebpf_target old;

TEST(programs_of_the_cases_agree)
{
	struct programs ps = programs_read("tests/cases/filter/programs.txt");
	struct packets packets = packets_ethernet(1);
	char why[AGREES_TEXT_LEN];

	for (size_t i = 0; i < ps.cnt; i++)
		for (enum filter_mode m = 0; m < FILTER_MODE_CNT; m++)
			if (!interpret_agrees(&ps.all[i], m, &old, &packets, why))
				fail_msg("program %zu: %s", i + 1, why);
	programs_free(&ps);
	packets_free(&packets);
}

/* ---- Offsets ------------------------------------------------------------------------------ */

static int make(uint16_t code, uint32_t k, int linktype, struct ebpf_prog *out)
{
	struct cbpf_insn insns[] = {
		{code, 0, 0, k}, {CBPF_MISC | CBPF_TXA, 0, 0, 0}, {CBPF_RET | CBPF_A, 0, 0, 0}};
	const struct cbpf_prog p = {insns, 3};
	const struct cbpf2ebpf_program_spec spec = {
		.target = &old, .type = EBPF_PROG_SCHED_CLS, .access = CBPF2EBPF_DIRECT};

	if ((code & 7) == 0) /* LD, not LDX: the result is in A */
		insns[1] = insns[2];
	return filter_whole(&p, linktype, NULL, &spec, out, NULL);
}

static void same(uint16_t code, uint32_t k, uint32_t plain, int linktype)
{
	struct ebpf_prog x, y;

	assert_int_equal(make(code, k, linktype, &x), 0);
	assert_int_equal(make(code, plain, linktype, &y), 0);
	assert_int_equal(x.cnt, y.cnt);
	assert_memory_equal(x.insns, y.insns, x.cnt * sizeof(*x.insns));
	ebpf_prog_free(&x);
	ebpf_prog_free(&y);
}

TEST(offsets_count_from_their_header)
{
	static const struct {
		int linktype;
		uint32_t len;
	} links[] = {{CBPF_LINKTYPE_ETHERNET, 14},  {CBPF_LINKTYPE_RAW, 0},
		     {CBPF_LINKTYPE_NULL, 4},	    {CBPF_LINKTYPE_LOOP, 4},
		     {CBPF_LINKTYPE_LINUX_SLL, 16}, {CBPF_LINKTYPE_LINUX_SLL2, 20}};
	static const uint16_t codes[] = {
		CBPF_LD | CBPF_W | CBPF_ABS,
		CBPF_LD | CBPF_H | CBPF_ABS,
		CBPF_LD | CBPF_B | CBPF_ABS,
		CBPF_LDX | CBPF_B | CBPF_MSH,
	};
	struct ebpf_prog none;

	for (size_t l = 0; l < sizeof(links) / sizeof(links[0]); l++)
		for (size_t c = 0; c < sizeof(codes) / sizeof(codes[0]); c++)
			for (uint32_t k = 0; k < 70; k += 7) {
				same(codes[c], LL_OFF + k, k, links[l].linktype);
				same(codes[c], NET_OFF + k, links[l].len + k, links[l].linktype);
			}
	/* IEEE 802.11, whose headers have no one length */
	assert_int_equal(make(0x30, NET_OFF, 105, &none), -ENOTSUP);
}

/* ---- Loops -------------------------------------------------------------------------------- */

/* Authentication headers that lead libpcap's code back to where it is. */
TEST(loops_end)
{
	uint8_t packet[200] = {[12] = 0x08, [14] = 0x45, [23] = 51};
	struct cbpf_prog p;

	assert_int_equal(
		cbpf_compile("ip protochain 6", CBPF_LINKTYPE_ETHERNET, 262144, false, &p, NULL),
		0);
	memset(packet + 34, 51, sizeof(packet) - 34);
	for (int len = 0; len < 256; len++) {
		memset(packet + 35, len, 20); /* the next header is at (len + 2) * 4 */
		(void)cbpf_run(&p, packet, sizeof(packet), sizeof(packet));
	}
	packet[35] = 3; /* at 20, which is also its own place */
	assert_int_equal(cbpf_run(&p, packet, sizeof(packet), sizeof(packet)), 0);
	cbpf_prog_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_of_the_cases_agree),
		cmocka_unit_test(offsets_count_from_their_header),
		cmocka_unit_test(loops_end),
	};

	if (ebpf_target_by_version(&old, "5.4", NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
