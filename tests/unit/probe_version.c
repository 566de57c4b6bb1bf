/* SPDX-License-Identifier: MIT */
/* probe_version.c - the public version is the one that the Makefile sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "bpfcap/version.h"

static void header_and_library_have_the_version_of_the_makefile(void **state)
{
	char numbers[32];

	(void)state;
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
