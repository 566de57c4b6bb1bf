/* SPDX-License-Identifier: MIT */
/* layouts.c - examines one library for the user, or reads what was found on another machine. */
#include "layouts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"
#include "../../common/whole.h"

bool layouts_is_library(const char *path)
{
	char magic[4] = "";
	FILE *f = fopen(path, "re");
	bool is = f && fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
		  memcmp(magic, "\177ELF", sizeof(magic)) == 0;

	if (f)
		fclose(f);
	return is;
}

int layouts_show(const char *path, struct err *e)
{
	struct probe_tls_layout l;
	char line[PROBE_TLS_LINE_MAX];
	int rc = probe_tls_examine(&l, path, NULL, NULL, e);

	if (rc < 0)
		return rc;
	(void)probe_tls_layout_text(&l, line, sizeof(line));
	puts(line);
	return 0;
}

static int add(struct layouts *l, const char *line, struct err *e)
{
	struct probe_tls_layout *more = grow(l->layout, &l->cap, l->cnt + 1, sizeof(*l->layout));

	if (!more)
		return err_run(e, -ENOMEM, "tls", "out of memory");
	l->layout = more;
	return probe_tls_layout_parse(&l->layout[l->cnt++], line, e);
}

static int parse(struct layouts *l, char *text, const char *path, struct err *e)
{
	char *save = NULL;
	int rc = 0;

	for (char *line = strtok_r(text, "\n", &save); line && rc == 0;
	     line = strtok_r(NULL, "\n", &save))
		if (line[0] != '#')
			rc = add(l, line, e);
	return rc ? err_input(e, rc, "tls", "%s: %s", path, e->text) : 0;
}

int layouts_read(struct layouts **out, const char *path, struct err *e)
{
	struct layouts *l = calloc(1, sizeof(*l));
	char *text = NULL;
	size_t len;
	int rc = 0;

	*out = l;
	if (!l)
		return err_run(e, -ENOMEM, "tls", "out of memory");
	if (path)
		rc = read_whole(path, "tls", &text, &len, e);
	if (rc == 0 && text)
		rc = parse(l, text, path, e);
	free(text);
	if (rc == 0)
		return 0;
	layouts_free(l);
	*out = NULL;
	return rc;
}

void layouts_free(struct layouts *l)
{
	if (l)
		free(l->layout);
	free(l);
}
