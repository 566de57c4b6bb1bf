/* SPDX-License-Identifier: MIT */
/* probe_layout.c - the sk_buff layout found on this kernel, against its BTF. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../src/probes/layout/parts.h"
#include "../lib/btf.h"
#include "../lib/test.h"

static struct probe_layout *find(void)
{
	struct probe_layout *l;
	struct err e;
	int rc = probe_layout_find(&l, &e);

	if (rc == -EPERM) {
		print_message("needs bpf(2) with full rights: %s\n", e.text);
		skip();
	}
	if (rc < 0)
		fail_msg("%s", e.text);
	return l;
}

/* If the tag itself shows its presence, the kernel has no member of this name. */
static bool has_no_member(const struct probe_layout *l, const struct probe_field *f)
{
	return f == &l->field[LAYOUT_SKB_VLAN_PRESENT] && l->vlan_present_mask == 0;
}

TEST(offsets_equal_btf)
{
	struct probe_layout *l = find();
	struct oracle_btf *btf = oracle_btf_open();
	const struct probe_field *f;
	size_t cnt;

	if (!btf) {
		print_message("this kernel has no BTF to compare with\n");
		probe_layout_free(l);
		skip();
	}
	f = probe_layout_fields(l, &cnt);
	assert_true(cnt > 20);
	for (size_t i = 0; i < cnt; i++) {
		uint32_t bit_off = 0;

		if (has_no_member(l, &f[i]))
			continue;
		if (!oracle_btf_member(btf, f[i].object, f[i].name, &bit_off))
			fail_msg("BTF has no %s.%s", f[i].object, f[i].name);
		if (f[i].off != (int32_t)(bit_off / 8))
			fail_msg("%s.%s at %d, BTF says %u", f[i].object, f[i].name, f[i].off,
				 bit_off / 8);
	}
	oracle_btf_close(btf);
	probe_layout_free(l);
}

/* Looks at the test packet by this layout, and compares. */
static int peek_and_check(const struct probe_layout *l, const struct ebpf_target *t, struct err *e)
{
	struct layout_peek peek = {0};
	int rc = probe_layout_peek(l, t, &peek, e);

	return rc < 0 ? rc : probe_layout_check(l, &peek, e);
}

/* Both methods of reading the test packet must accept the layout. */
TEST(both_checks_accept_the_layout)
{
	struct probe_layout *l = find();
	struct ebpf_target t;
	struct err e;

	assert_int_equal(ebpf_target_by_version(&t, "5.4", &e), 0);
	if (peek_and_check(l, &t, &e) < 0)
		fail_msg("by raw tracepoint: %s", e.text);
	probe_layout_free(l);
}

/* A layout with any checked member moved must be refused, and the sentence must name a member. */
TEST(wrong_layouts_are_refused)
{
	static const enum layout_field fields[] = {
		LAYOUT_SKB_LEN,	       LAYOUT_SKB_PRIORITY,	  LAYOUT_SKB_PROTOCOL,
		LAYOUT_SKB_MAC_HEADER, LAYOUT_SKB_NETWORK_HEADER, LAYOUT_SKB_DATA,
		LAYOUT_SKB_HEAD,       LAYOUT_SKB_TAIL,		  LAYOUT_SKB_DEV,
		LAYOUT_DEV_IFINDEX,
	};
	struct probe_layout *l = find();
	struct ebpf_target t;
	struct err e;

	assert_int_equal(probe_target(&t, NULL, &e), 0);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct probe_layout wrong = *l;

		wrong.field[fields[i]].off += fields[i] == LAYOUT_SKB_PROTOCOL ? 2 : 8;
		if (peek_and_check(&wrong, &t, &e) == 0)
			fail_msg("%s moved, and nobody noticed", wrong.field[fields[i]].name);
		assert_int_equal(e.code, -ENOTSUP);
		assert_non_null(strstr(e.text, "cannot be trusted"));
	}
	probe_layout_free(l);
}

/* Offsets that break a rule between neighbours are refused before anything runs. */
TEST(disordered_offsets_are_refused)
{
	struct probe_layout *l = find();
	struct probe_layout wrong = *l;
	struct err e;

	wrong.field[LAYOUT_SKB_VLAN_TCI].off += 2;
	assert_int_equal(probe_layout_derive(&wrong, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "vlan_tci"));
	wrong = *l;
	/* the revealed offset contradicts that of its neighbour */
	wrong.field[LAYOUT_SKB_HEAD].off -= 8;
	assert_int_equal(probe_layout_derive(&wrong, &e), -ENOTSUP);
	wrong = *l;
	wrong.field[LAYOUT_SKB_DATA_LEN].off += 4;
	assert_int_equal(probe_layout_derive(&wrong, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "data_len"));
	wrong = *l;
	wrong.field[LAYOUT_SKB_DATA_LEN].off += 4;
	assert_int_equal(probe_layout_derive(&wrong, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "data_len"));
	wrong = *l;
	wrong.ptr_len = 2;
	assert_int_equal(probe_layout_derive(&wrong, &e), -ENOTSUP);
	probe_layout_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_equal_btf),
		cmocka_unit_test(both_checks_accept_the_layout),
		cmocka_unit_test(wrong_layouts_are_refused),
		cmocka_unit_test(disordered_offsets_are_refused),
	};

	return cmocka_run_group_tests_name("probe_layout", tests, NULL, NULL);
}
