/* SPDX-License-Identifier: MIT */
/* kprobe_names.c - kernel functions by name: specs, kallsyms, suggestions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../src/probes/hooks/hook.h"
#include "../../src/probes/kprobe/kprobe.h"
#include "../lib/test.h"

static char symbols_text[] = "ffffffff81000000 T _stext\n"
			     "ffffffff81000010 T ip_rcv\n"
			     "ffffffff81000020 t ip_rcv_core\n"
			     "ffffffff81000030 t ip_rcv_finish_core.constprop.0\n"
			     "ffffffff81000040 t ip_rcv_finish_core.cold\n"
			     "ffffffff81000050 t ip_fragment.isra.1.constprop.0\n"
			     "ffffffff81000060 t copy_a\n"
			     "ffffffff81000070 d ip_rcv_data\n"
			     "ffffffff81000080 T __pfx_ip_rcv\n"
			     "ffffffff81000090 T icmp_rcv\n"
			     "ffffffff810000a0 t ip_part.part.0\n"
			     "ffffffff810000b0 t ip_part\n"
			     "ffffffffc0000000 t copy_a\t[veth]\n"
			     "ffffffffc0000010 t veth_xmit\t[veth]\n"
			     "ffffffffc0000020 t bpf_prog_ip_rcv\t[bpf]\n"
			     "ffffffffc0000030 t ip_rcv.isra.0\t[bpf]\n";

static char traceable_text[] = "ip_rcv\n"
			       "ip_rcv_core\n"
			       "ip_part\n"
			       "copy_a\n"
			       "veth_xmit [veth]\n"
			       "ip_gone\n";

/* "name@address !name@address ...", two digits of the address; "!": it cannot be traced */
static void check(const char *pattern, bool traceable, const char *want)
{
	const struct kprobe_lists lists = {.symbols = symbols_text,
					   .traceable = traceable ? traceable_text : NULL};
	char got[512] = "";
	struct kprobe_funcs f;

	assert_int_equal(probe_kprobe_funcs(&f, pattern, &lists), 0);
	for (size_t i = 0; i < f.cnt; i++)
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s%s@%02x",
			       i ? " " : "", f.func[i].traceable ? "" : "!", f.func[i].name,
			       (unsigned)f.func[i].addr & 0xff);
	assert_string_equal(got, want);
	probe_kprobe_funcs_free(&f);
}

TEST(names_find_their_functions)
{
	check("ip_rcv", false, "ip_rcv@10");
	check("veth_xmit", false, "veth_xmit@10");
	check("ip_rcv_finish_core", false, "ip_rcv_finish_core.constprop.0@30");
	check("ip_fragment", false, "ip_fragment.isra.1.constprop.0@50");
	check("ip_fragment.isra.1.constprop.0", false, "ip_fragment.isra.1.constprop.0@50");
	check("ip_part", false, "ip_part@b0");
	check("copy_a", false, "copy_a@60 copy_a@00");
	check("ip_rcv_data", false, "");
	check("ip_rc", false, "");
	check("bpf_prog_ip_rcv", false, "");
	check("", false, "");
}

TEST(globs_find_their_functions)
{
	check("ip_rcv*", true, "ip_rcv@10 ip_rcv_core@20 !ip_rcv_finish_core.constprop.0@30");
	check("ip_rcv*", false, "ip_rcv@10 ip_rcv_core@20 ip_rcv_finish_core.constprop.0@30");
	check("ip_par?", true, "ip_part@b0");
	check("copy_*", true, "copy_a@60 copy_a@00");
	check("*_gone", true, "");
	check("i[cp]*_rcv", true, "!icmp_rcv@90 ip_rcv@10");
	check("i[cp]*_rcv", false, "icmp_rcv@90 ip_rcv@10");
}

TEST(hidden_addresses_are_accepted)
{
	char text[] = "0000000000000000 T ip_rcv\n0000000000000000 t copy_a\n";
	const struct kprobe_lists lists = {.symbols = text};
	struct kprobe_funcs f;

	assert_int_equal(probe_kprobe_funcs(&f, "ip_rcv", &lists), 0);
	assert_int_equal(f.cnt, 1);
	assert_true(f.func[0].addr == 0);
	probe_kprobe_funcs_free(&f);
}

static void check_suggested(const char *wrong, const char *want)
{
	struct kprobe_suggestions got;
	char list[512] = "";

	probe_kprobe_suggest(&got, wrong, symbols_text);
	for (unsigned i = 0; i < got.cnt; i++)
		(void)snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s",
			       i ? " " : "", got.name[i]);
	assert_string_equal(list, want);
}

TEST(similar_names_are_suggested)
{
	check_suggested("icmp_rvc", "icmp_rcv ip_rcv"); /* swapped: 1 change */
	check_suggested("veth_xmi", "veth_xmit");	/* one missing */
	check_suggested("ip_rcv_finish_cor", "ip_rcv_finish_core");
	check_suggested("something_else_entirely", "");
	check_suggested("", "");
}

TEST(specs_are_read)
{
	static const char *const specs[] = {"icmp_rcv@1", "kprobe:ip_*,tcp_v4_rcv",
					    "kprobe:foo.isra.0@3", NULL};
	static const struct {
		const char *spec, *event;
		int skb_at;
	} want[] = {
		{"kprobe:icmp_rcv@1", "icmp_rcv", 0},
		{"kprobe:ip_*", "ip_*", -1},
		{"kprobe:tcp_v4_rcv", "tcp_v4_rcv", -1},
		{"kprobe:foo.isra.0@3", "foo.isra.0", 2},
	};
	struct hook_list list;

	if (!probe_kprobe_regs(NULL))
		skip();
	assert_int_equal(probe_hooks_parse(&list, specs, NULL), 0);
	assert_int_equal(list.cnt, sizeof(want) / sizeof(want[0]));
	for (unsigned i = 0; i < list.cnt; i++) {
		assert_ptr_equal(list.hook[i].ops, &probe_hook_kprobe);
		assert_string_equal(list.hook[i].spec, want[i].spec);
		assert_string_equal(list.hook[i].event, want[i].event);
		assert_int_equal(list.hook[i].skb_at, want[i].skb_at);
	}
	probe_hooks_free(&list);
}

TEST(malformed_specs_are_refused)
{
	static const char *const bad[] = {"kprobe:",
					  "kprobe:@1",
					  "icmp_rcv@",
					  "icmp_rcv@0",
					  "icmp_rcv@9",
					  "icmp_rcv@1x",
					  "icmp_rcv@-1",
					  "kprobe:a b",
					  "kprobe:a/b",
					  "icmp_rcv@1@1",
					  "icmp_rcv@99999999999",
					  "kprobe:ip_rcv@4294967297",
					  "kprobe:ip_rcv@18446744073709551617",
					  "kprobe:ip_rcv,ip_rcv"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *const specs[] = {bad[i], NULL};
		struct hook_list list;
		struct err e = {0};

		if (probe_hooks_parse(&list, specs, &e) != -EINVAL)
			fail_msg("'%s' is taken", bad[i]);
		assert_int_equal(e.kind, ERR_INPUT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_find_their_functions),
		cmocka_unit_test(globs_find_their_functions),
		cmocka_unit_test(hidden_addresses_are_accepted),
		cmocka_unit_test(similar_names_are_suggested),
		cmocka_unit_test(specs_are_read),
		cmocka_unit_test(malformed_specs_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
