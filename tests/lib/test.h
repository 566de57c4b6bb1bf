/* SPDX-License-Identifier: MIT */
/*
 * test.h - what each test program in C begins with.
 *
 *	TEST(an_empty_list_has_no_end)
 *	{
 *		assert_null(list_end(NULL));
 *	}
 *
 * The name is a sentence. A test that needs the state of a fixture is a plain function.
 */
#ifndef BPFCAP_TESTS_LIB_TEST_H
#define BPFCAP_TESTS_LIB_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TEST(name) static void name(void **state __attribute__((unused)))

#endif
