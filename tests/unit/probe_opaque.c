/* SPDX-License-Identifier: MIT */
/* probe_opaque.c - what stands for a hidden address is the hash that its authors publish. */

#include "../../src/probes/opaque.h"
#include "../lib/test.h"

/* From the test vectors of SipHash-2-4: key 00 01 ... 0f, message 00 01 ... 07. */
TEST(hides_by_siphash)
{
	const struct opaque o = {
		.hides = true,
		.key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)},
	};

	assert_true(probe_opaque_id(&o, UINT64_C(0x0706050403020100)) ==
		    UINT64_C(0x93f5f5799a932462));
}

TEST(no_address_stays_none)
{
	const struct opaque o = {.hides = true, .key = {1, 2}};

	assert_true(probe_opaque_id(&o, 0) == 0);
}

TEST(shows_addresses_to_those_who_may_see_them)
{
	const struct opaque o = {.key = {1, 2}};

	assert_true(probe_opaque_id(&o, 0xffff888000001000) == 0xffff888000001000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hides_by_siphash),
		cmocka_unit_test(no_address_stays_none),
		cmocka_unit_test(shows_addresses_to_those_who_may_see_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
