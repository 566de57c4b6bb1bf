/* SPDX-License-Identifier: MIT */
/*
 * options_filter.c - the filter expression of the command line: given by an option, by a file or by
 * the words after the options. Fails with -EINVAL when there are two, and as reading the file does.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "../common/text.h"
#include "../common/whole.h"

/* Joins the words after the options with spaces, as tcpdump does. */
static int join_words(struct cap_options *o, char *const *words, struct err *e)
{
	struct text t = {0};

	for (; *words; words++) {
		text_put(&t, t.len ? " " : "");
		text_put(&t, *words);
	}
	if (t.failed) {
		text_free(&t);
		return err_run(e, -ENOMEM, "options", "out of memory");
	}
	o->filter = o->joined = t.p;
	return 0;
}

/* At most one of -e, -F and the words after the options specifies the expression. */
int options_find_filter(struct cap_options *o, char *const *words, struct err *e)
{
	const char *given = o->filter_option;

	if (given && given[0] == '-' && isalpha((unsigned char)given[1]))
		return err_input(e, -EINVAL, "options",
				 "-e takes a filter expression, not '%s'; to print link-layer "
				 "headers use --link",
				 given);
	if (o->filter_option && o->filter_path)
		return err_input(e, -EINVAL, "options",
				 "-e and -F both specify a filter; remove one");
	if (*words && (o->filter_option || o->filter_path))
		return err_input(e, -EINVAL, "options",
				 "unexpected argument '%s': %s already specifies the filter%s",
				 *words, given ? "-e" : "-F",
				 given ? "; to print link-layer headers use --link" : "");
	o->filter = o->filter_option;
	return *words ? join_words(o, words, e) : 0;
}

/* From '#' to the end of the line, as in tcpdump. */
static void blank_comments(char *text)
{
	for (char *p = strchr(text, '#'); p; p = strchr(p, '#'))
		memset(p, ' ', strcspn(p, "\n"));
}

int options_read_filter(struct cap_options *o, struct err *e)
{
	const char *path = o->filter_path;
	size_t len;
	int rc;

	if (!path)
		return 0;
	rc = read_whole(strcmp(path, "-") == 0 ? NULL : path, "filter", &o->joined, &len, e);
	if (rc)
		return rc;
	if (strlen(o->joined) != len)
		return err_input(e, -EINVAL, "filter",
				 "%s is not a text file: it contains a NUL byte", path);
	blank_comments(o->joined);
	o->filter = o->joined;
	return 0;
}
