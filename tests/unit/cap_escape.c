/* SPDX-License-Identifier: MIT */
/*
 * cap_escape.c - what escape() keeps is printable in the opinion of libc, and the rest is written
 * in hexadecimal. Takes every character, and random bytes.
 */
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "../../tools/common/escape.h"
#include "../../tools/common/text.h"
#include "../lib/test.h"
#include "../lib/test.h"

static void need_utf8(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "C.utf8"))
		skip();
}

/* The bytes of a code point, by libc. */
static size_t encode(wchar_t c, char bytes[MB_LEN_MAX + 1])
{
	mbstate_t state = {0};
	size_t n = wcrtomb(bytes, c, &state);

	return n == (size_t)-1 ? 0 : n;
}

TEST(keeps_only_what_libc_calls_printable)
{
	unsigned kept = 0;

	need_utf8();
	for (wchar_t c = 1; c < 0x110000; c++) {
		char bytes[MB_LEN_MAX + 1], to[ESCAPE_GROWTH * MB_LEN_MAX];
		size_t n = encode(c, bytes), len = n ? escape(bytes, n, to) : 0;

		if (len != n || memcmp(to, bytes, n) != 0)
			continue;
		kept += n != 0;
		if (iswcntrl((wint_t)c))
			fail_msg("U+%04X is a control", (unsigned)c);
	}
	assert_in_range(kept, 100000, 0x110000);
}

TEST(keeps_letters_of_all_languages)
{
	static const char *const words[] = {
		"eth0", "grün", "сеть", "ネット", "网络", "🐧", "a\\b",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct text t = {0};

		text_name(&t, words[i]);
		assert_string_equal(text_str(&t), words[i]);
		text_free(&t);
	}
}

TEST(escapes_what_hides_or_reverses_text)
{
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{"\x1b[2J", "\\x1b[2J"},
		{"\x7f\n\t\r", "\\x7f\\x0a\\x09\\x0d"},
		{"\xc2\x9b", "\\xc2\\x9b"},	     /* CSI in one character */
		{"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* right-to-left override */
		{"\xe2\x80\x8b", "\\xe2\\x80\\x8b"}, /* zero width space */
		{"\xc0\x9b", "\\xc0\\x9b"},	     /* longer than needed */
		{"\xe0\x80\x9b", "\\xe0\\x80\\x9b"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},	      /* half of a surrogate pair */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* beyond Unicode */
		{"\xff\xfe\x80", "\\xff\\xfe\\x80"},
		{"\xc3", "\\xc3"}, /* cut off */
		{"\xe2\x82g", "\\xe2\\x82g"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text t = {0};

		text_name(&t, cases[i].text);
		assert_string_equal(text_str(&t), cases[i].shown);
		text_free(&t);
	}
}

/* Bytes that libc cannot decode never pass. */
TEST(random_bytes_become_text)
{
	need_utf8();
	srandom(1);
	for (int round = 0; round < 20000; round++) {
		char bytes[12], to[sizeof(bytes) * ESCAPE_GROWTH + 1];
		mbstate_t parse = {0};
		const char *from = to;
		size_t len;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)(random() & 1 ? random() | 0x80 : random());
		len = escape(bytes, sizeof(bytes), to);
		assert_in_range(len, sizeof(bytes), sizeof(to) - 1);
		to[len] = '\0';
		assert_int_equal(strlen(to), len);
		assert_true(mbsrtowcs(NULL, &from, 0, &parse) != (size_t)-1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_only_what_libc_calls_printable),
		cmocka_unit_test(keeps_letters_of_all_languages),
		cmocka_unit_test(escapes_what_hides_or_reverses_text),
		cmocka_unit_test(random_bytes_become_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
