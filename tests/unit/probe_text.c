/* SPDX-License-Identifier: MIT */
/* probe_text.c - hook specs, tracepoint formats and kallsyms: text of others. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/probes/hooks/hook.h"
#include "../../src/probes/kallsyms.h"
#include "../../src/probes/tp_format.h"
#include "../lib/test.h"

/* ---- Hook specs --------------------------------------------------------------------------- */

TEST(specs_are_read)
{
	static const char *const specs[] = {"rx,tx",
					    "drop",
					    "tc",
					    "tp:net:net_dev_xmit",
					    "socket",
					    "rawtp:somebody_elses@3",
					    "raw:/opt/a:b/x.so:f_1+0x10@1@2",
					    "raw:f@2@ret",
					    "mbuf:libx.so.1:g*@6",
					    "mbuf:g@1@2",
					    "mbuf:g@1@ret",
					    NULL};
	static const struct {
		const char *name, *event;
		int skb_at;
		enum ebpf_prog_type type;
	} want[] = {
		{"rx", "netif_receive_skb", 0, EBPF_PROG_RAW_TRACEPOINT},
		{"tx", "net_dev_queue", 0, EBPF_PROG_RAW_TRACEPOINT},
		{"drop", "kfree_skb", 0, EBPF_PROG_RAW_TRACEPOINT},
		{"tc:ingress", "", -1, EBPF_PROG_SCHED_CLS},
		{"tc:egress", "", -1, EBPF_PROG_SCHED_CLS},
		{"net_dev_xmit", "net_dev_xmit", -1, EBPF_PROG_TRACEPOINT},
		{"socket", "", -1, EBPF_PROG_SOCKET_FILTER},
		{"somebody_elses", "somebody_elses", 2, EBPF_PROG_RAW_TRACEPOINT},
		{"f_1", "", -1, EBPF_PROG_KPROBE},
		{"f", "", -1, EBPF_PROG_KPROBE},
		{"g*", "", -1, EBPF_PROG_KPROBE},
		{"g", "", -1, EBPF_PROG_KPROBE},
		{"g", "", -1, EBPF_PROG_KPROBE},
	};
	struct hook_list list;
	struct err e;

	assert_int_equal(probe_hooks_parse(&list, specs, &e), 0);
	assert_int_equal(list.cnt, sizeof(want) / sizeof(want[0]));
	for (unsigned i = 0; i < list.cnt; i++) {
		assert_string_equal(list.hook[i].name, want[i].name);
		assert_string_equal(list.hook[i].event, want[i].event);
		assert_int_equal(list.hook[i].skb_at, want[i].skb_at);
		assert_int_equal(list.hook[i].kind->type, want[i].type);
		assert_int_equal(list.hook[i].index, i);
	}
	probe_hooks_free(&list);
}

TEST(malformed_specs_are_refused)
{
	static const char *const bad[] = {
		"",
		"rx,",
		",rx",
		"rx,rx",
		"rawtp:kfree_skb,drop",
		"rawtp:",
		"rawtp:no_idea_what_this_is",
		"rawtp:kfree_skb@0",
		"rawtp:kfree_skb@13",
		"rawtp:kfree_skb@4294967297",
		"rawtp:kfree_skb@1x",
		"rawtp:kfree_skb@-1",
		"rawtp:kfree_skb@",
		"rawtp:kfree/skb",
		"tracepoint:kfree_skb",
		"tracepoint:skb:",
		"tracepoint::kfree_skb",
		"tracepoint:../../etc:passwd",
		"tracepoint:skb:kfree_skb:more",
		"tc:sideways",
		"socket:eth0",
		"raw:f",
		"raw:f@1",
		"raw:f@0@1",
		"raw:f@1@9",
		"raw:f@1@2@3",
		"raw:f@1@return",
		"raw:f@1@",
		"raw:@1@2",
		"raw:/x:@1@2",
		"raw::f@1@2",
		"raw:f+@1@2",
		"raw:f+x@1@2",
		"raw:f+-1@1@2",
		"raw:f(int)@1@2",
		"mbuf:f",
		"mbuf:f@",
		"mbuf:f@10",
		"mbuf:f@1@ret@1",
	};
	struct hook_list list;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const specs[] = {bad[i], NULL};
		struct err e = {0};

		if (probe_hooks_parse(&list, specs, &e) != -EINVAL)
			fail_msg("'%s' was taken for a hook", bad[i]);
		assert_int_equal(e.kind, ERR_INPUT);
		assert_true(strlen(e.text) > 10);
		assert_null(strchr(e.text, '\n'));
	}
}

TEST(a_long_spec_is_refused)
{
	char spec[4000] = "rawtp:";
	const char *const specs[] = {spec, NULL};
	struct hook_list list;
	struct err e;

	memset(spec + 6, 'a', sizeof(spec) - 7);
	assert_int_equal(probe_hooks_parse(&list, specs, &e), -EINVAL);
}

/* ---- Tracepoint formats ------------------------------------------------------------------- */

/* As 6.18 prints it, names shortened to a few. */
static const char kfree_skb[] =
	"name: kfree_skb\nID: 2310\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:void * skbaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:void * location;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned short protocol;\toffset:32;\tsize:2;\tsigned:0;\n"
	"\tfield:enum skb_drop_reason reason;\toffset:36;\tsize:4;\tsigned:0;\n"
	"\tfield:char *starred;\toffset:40;\tsize:8;\tsigned:0;\n"
	"\tfield:char name[16];\toffset:48;\tsize:16;\tsigned:0;\n"
	"\nprint fmt: \"skbaddr=%p protocol=%u location=%pS reason: %s\", REC->skbaddr, "
	"REC->protocol, REC->location, __print_symbolic(REC->reason, { 2, \"NOT_SPECIFIED\" }, "
	"{ 30, \"TCP_FLAGS\" }, { 0x5, \"SOCKET_FILTER\" }, { 3, \"NO_SOCKET\" })\n";

TEST(fields_of_a_format_are_found)
{
	struct tp_field f;

	assert_int_equal(probe_tp_field(kfree_skb, "skbaddr", &f), 0);
	assert_int_equal(f.off, 8);
	assert_int_equal(f.len, 8);
	assert_int_equal(probe_tp_field(kfree_skb, "reason", &f), 0);
	assert_int_equal(f.off, 36);
	assert_int_equal(f.len, 4);
	assert_int_equal(probe_tp_field(kfree_skb, "starred", &f), 0);
	assert_int_equal(f.off, 40);
	assert_int_equal(probe_tp_field(kfree_skb, "name", &f), 0);
	assert_int_equal(f.len, 16);
	assert_int_equal(probe_tp_field(kfree_skb, "skb", &f), -ENOENT);
	assert_int_equal(probe_tp_field(kfree_skb, "addr", &f), -ENOENT);
	assert_int_equal(probe_tp_field(kfree_skb, "", &f), -ENOENT);
	assert_int_equal(probe_tp_field("", "skbaddr", &f), -ENOENT);
}

TEST(names_of_a_format_are_found)
{
	struct tp_names n;

	assert_int_equal(probe_tp_names(kfree_skb, "reason", &n), 0);
	assert_int_equal(n.cnt, 4);
	assert_string_equal(probe_tp_name(&n, 2), "NOT_SPECIFIED");
	assert_string_equal(probe_tp_name(&n, 3), "NO_SOCKET");
	assert_string_equal(probe_tp_name(&n, 5), "SOCKET_FILTER");
	assert_string_equal(probe_tp_name(&n, 30), "TCP_FLAGS");
	assert_null(probe_tp_name(&n, 4));
	probe_tp_names_free(&n);
	assert_int_equal(probe_tp_names(kfree_skb, "protocol", &n), 0);
	assert_int_equal(n.cnt, 0);
	assert_null(probe_tp_name(&n, 2));
	probe_tp_names_free(&n);
}

/* Any cut of the text may be all there is. */
TEST(truncated_formats_are_harmless)
{
	for (size_t len = 0; len < sizeof(kfree_skb); len++) {
		char *text = malloc(len + 1);
		struct tp_field f;
		struct tp_names n;

		assert_non_null(text);
		memcpy(text, kfree_skb, len);
		text[len] = '\0';
		(void)probe_tp_field(text, "reason", &f);
		assert_int_equal(probe_tp_names(text, "reason", &n), 0);
		assert_true(n.cnt <= 4);
		probe_tp_names_free(&n);
		free(text);
	}
}

/* ---- kallsyms ----------------------------------------------------------------------------- */

static int read_symbols(struct kallsyms **k, const char *text)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	int rc;

	assert_non_null(in);
	rc = probe_kallsyms_read(k, in, NULL);
	(void)fclose(in);
	return rc;
}

TEST(addresses_get_their_symbols)
{
	static const struct {
		uint64_t addr;
		const char *text;
	} want[] = {
		{0xffffffff81000000, "_text+0x0"},
		{0xffffffff81000fff, "_text+0xfff"},
		{0xffffffff81001000, "ip_rcv+0x0"},
		{0xffffffff8100105b, "ip_rcv+0x5b"},
		{0xffffffffa0000010, "veth_xmit+0x10 [veth]"},
		{0xffffffffa0001001, "other+0x1 [veth]"},
		{0xffffffff80ffffff, "0xffffffff80ffffff"},
		{0x10, "0x10"},
		{UINT64_MAX, "0xffffffffffffffff"},
	};
	struct kallsyms *k;
	char text[64];

	assert_int_equal(read_symbols(&k, "ffffffffa0000000 t veth_xmit\t[veth]\n"
					  "ffffffff81001000 T ip_rcv\n"
					  "ffffffff81000000 T _text\n"
					  "ffffffff81001010 d data_is_not_code\n"
					  "garbage\n"
					  "ffffffff81001020\n"
					  "ffffffffa0001000 t other\t[veth]\n"),
			 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		probe_kallsyms_text(k, want[i].addr, text, sizeof(text));
		assert_string_equal(text, want[i].text);
	}
	assert_int_equal(probe_kallsyms_addr(k, "ip_rcv"), 0xffffffff81001000);
	assert_int_equal(probe_kallsyms_addr(k, "ip_rc"), 0);
	probe_kallsyms_text(k, 0xffffffff81001000, text, 4);
	assert_string_equal(text, "ip_");
	probe_kallsyms_free(k);
	probe_kallsyms_text(NULL, 0x1234, text, sizeof(text));
	assert_string_equal(text, "0x1234");
}

TEST(addresses_without_symbols_stay_numbers)
{
	struct kallsyms *k;

	assert_int_equal(read_symbols(&k, "0000000000000000 T _text\n0000000000000000 T x\n"),
			 -EPERM);
	assert_null(k);
	assert_int_equal(read_symbols(&k, "\n"), -ENODATA);
	assert_null(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_are_read),
		cmocka_unit_test(malformed_specs_are_refused),
		cmocka_unit_test(a_long_spec_is_refused),
		cmocka_unit_test(fields_of_a_format_are_found),
		cmocka_unit_test(names_of_a_format_are_found),
		cmocka_unit_test(truncated_formats_are_harmless),
		cmocka_unit_test(addresses_get_their_symbols),
		cmocka_unit_test(addresses_without_symbols_stay_numbers),
	};

	return cmocka_run_group_tests_name("probe_text", tests, NULL, NULL);
}
