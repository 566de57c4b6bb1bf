/* SPDX-License-Identifier: MIT */
/* whole.c - reads all bytes of a file. Fails with the error of reading. */
#include "whole.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/util.h"
#include "fail.h"

#define FILE_MAX (256u << 20)

static int read_stream(FILE *f, const char *name, const char *stage, char **data, size_t *len,
		       struct err *e)
{
	size_t cap = 0;

	*data = NULL;
	*len = 0;
	do {
		char *more = grow(*data, &cap, *len + 4096, 1);

		if (*len > FILE_MAX)
			return err_input(e, -EFBIG, stage, "%s is longer than 256 MiB", name);
		if (!more)
			return err_run(e, -ENOMEM, stage, "out of memory");
		*data = more;
		*len += fread(*data + *len, 1, cap - 1 - *len, f);
	} while (*len == cap - 1);
	(*data)[*len] = '\0';
	if (ferror(f))
		return err_input(e, -errno, stage, "%s: %s", name, strerror(errno));
	return 0;
}

int read_whole(const char *path, const char *stage, char **data, size_t *len, struct err *e)
{
	FILE *f = path ? fopen(path, "re") : stdin;
	int rc;

	*data = NULL;
	if (!f)
		return err_input(e, -errno, stage, "%s: %s", path, strerror(errno));
	rc = read_stream(f, path ? path : "standard input", stage, data, len, e);
	if (path)
		fclose(f);
	if (rc) {
		free(*data);
		*data = NULL;
	}
	return rc;
}
