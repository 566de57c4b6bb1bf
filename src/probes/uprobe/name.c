/* SPDX-License-Identifier: MIT */
/*
 * name.c - reads the name of a user-space function: [PATH:]NAME[+OFFSET].
 *
 * Takes text; gives its parts. Fails with false; the caller has the message.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "uprobe.h"

static const char glob_characters[] = "*?[]!-";

bool probe_uprobe_is_glob(const char *name)
{
	return strpbrk(name, "*?[") != NULL;
}

static bool copy(char to[UPROBE_TEXT_LEN], const char *text, size_t len)
{
	if (len == 0 || len >= UPROBE_TEXT_LEN)
		return false;
	memcpy(to, text, len);
	to[len] = '\0';
	return true;
}

static bool is_name(const char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_.$", *name) &&
		    !strchr(glob_characters, *name))
			return false;
	return true;
}

/* "0x1f" or "31" */
static bool read_offset(const char *text, uint64_t *offset)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*offset = strtoull(text, &end, 0);
	return !*end && errno == 0 && *offset <= INT32_MAX;
}

bool probe_uprobe_name(struct uprobe_name *n, const char *text, size_t len)
{
	const char *colon = memrchr(text, ':', len);
	char *plus;

	*n = (struct uprobe_name){0};
	if (colon && !copy(n->object, text, (size_t)(colon - text)))
		return false;
	if (colon) {
		len -= (size_t)(colon + 1 - text);
		text = colon + 1;
	}
	if (!copy(n->name, text, len))
		return false;
	plus = strchr(n->name, '+');
	if (plus)
		*plus = '\0';
	return n->name[0] && is_name(n->name) && (!plus || read_offset(plus + 1, &n->offset));
}
