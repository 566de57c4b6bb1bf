/* SPDX-License-Identifier: MIT */
/* probe_version.c - the public version is the one that the Makefile sets. */
#include <stdio.h>

#include "bpfcap/version.h"
#include "../lib/test.h"

TEST(header_and_library_have_the_version_of_the_makefile)
{
	char numbers[32];

	snprintf(numbers, sizeof(numbers), "%d.%d.%d", BPFCAP_VERSION_MAJOR, BPFCAP_VERSION_MINOR,
		 BPFCAP_VERSION_PATCH);
	assert_string_equal(numbers, BPFCAP_VERSION);
	assert_string_equal(BPFCAP_VERSION_STRING, BPFCAP_VERSION);
	assert_string_equal(probe_version(), BPFCAP_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_library_have_the_version_of_the_makefile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
