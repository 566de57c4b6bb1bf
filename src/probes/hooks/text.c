/* SPDX-License-Identifier: MIT */
/*
 * text.c - the parts of hook specs that several kinds of hooks share: names, and NAME@N.
 *
 * Takes text, gives names and numbers. Fails with false; the caller has the message.
 */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "hook.h"

bool probe_hook_copy_name(char dst[HOOK_TEXT_LEN], const char *name, size_t len, const char *also)
{
	if (len == 0 || len >= HOOK_TEXT_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '.' &&
		    !strchr(also, name[i]))
			return false;
	memcpy(dst, name, len);
	dst[len] = '\0';
	return true;
}

/* Digits only. A number above INT_MAX becomes INT_MAX, which no caller accepts as an argument. */
static bool parse_arg(const char *text, int *arg)
{
	char *end;
	unsigned long n;

	if (!isdigit((unsigned char)*text))
		return false;
	n = strtoul(text, &end, 10);
	if (*end || n == 0)
		return false;
	*arg = n - 1 > INT_MAX ? INT_MAX : (int)(n - 1);
	return true;
}

bool probe_hook_split_arg(char dst[HOOK_TEXT_LEN], const char *text, const char *also, int *arg)
{
	size_t len = strcspn(text, "@");

	return probe_hook_copy_name(dst, text, len, also) &&
	       (!text[len] || parse_arg(text + len + 1, arg));
}
