/* SPDX-License-Identifier: MIT */
/*
 * tp_format.c - reads the `format` file of a tracepoint.
 *
 * Takes the file's text (Documentation/trace/events.rst), gives the offset of a field, and the
 * names that print fmt gives to numbers. Ignores everything else.
 */
#include "tp_format.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True if "unsigned short protocol" (or "char name[16]") declares `name`. */
static bool declares(const char *decl, size_t len, const char *name)
{
	size_t name_len = strlen(name);

	for (size_t i = 0; i < len; i++) {
		if (decl[i] == '[') {
			len = i;
			break;
		}
	}
	return name_len > 0 && len > name_len &&
	       memcmp(decl + len - name_len, name, name_len) == 0 &&
	       (isspace((unsigned char)decl[len - name_len - 1]) ||
		decl[len - name_len - 1] == '*');
}

int probe_tp_field(const char *text, const char *name, struct tp_field *field)
{
	static const char start[] = "field:";

	for (const char *p = text; (p = strstr(p, start));) {
		size_t len;
		unsigned off, size;

		p += sizeof(start) - 1;
		len = strcspn(p, ";\n");
		if (p[len] == ';' && declares(p, len, name) &&
		    sscanf(p + len, "; offset:%u; size:%u;", &off, &size) == 2) {
			*field = (struct tp_field){off, size};
			return 0;
		}
	}
	return -ENOENT;
}

static int by_number(const void *a, const void *b)
{
	const struct tp_name *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* The arguments after "__print_symbolic(REC->field,", or NULL. */
static const char *find_symbolic(const char *text, const char *field)
{
	static const char call[] = "__print_symbolic(REC->";
	size_t len = strlen(field);

	for (const char *p = text; (p = strstr(p, call));) {
		p += sizeof(call) - 1;
		if (strncmp(p, field, len) == 0 && p[len] == ',')
			return p + len + 1;
	}
	return NULL;
}

/* Reads `{ 2, "NAME" }` at *p and advances *p. False at the end of the list. */
static bool next_pair(const char **p, unsigned long *number, const char **name, size_t *len)
{
	const char *at = *p + strspn(*p, ", \t");
	char *end;

	if (*at != '{')
		return false;
	at += 1 + strspn(at + 1, " \t");
	*number = strtoul(at, &end, 0);
	end += strspn(end, ", \t");
	if (*end != '"')
		return false;
	*name = end + 1;
	*len = strcspn(*name, "\"\n");
	at = *name + *len;
	at += strcspn(at, "}\n");
	if (*at != '}')
		return false;
	*p = at + 1;
	return true;
}

static size_t count_pairs(const char *list)
{
	unsigned long number;
	const char *name;
	size_t cnt = 0, len;

	while (next_pair(&list, &number, &name, &len))
		cnt++;
	return cnt;
}

int probe_tp_names(const char *text, const char *field, struct tp_names *names)
{
	const char *list = find_symbolic(text, field);
	unsigned long number;
	const char *name;
	size_t cnt, len;
	char *to;

	*names = (struct tp_names){0};
	cnt = list ? count_pairs(list) : 0;
	if (cnt == 0)
		return 0;
	/* The names and their NULs are shorter than the list that holds them. */
	names->text = to = malloc(strlen(list) + 1);
	names->name = calloc(cnt, sizeof(*names->name));
	if (!names->text || !names->name) {
		probe_tp_names_free(names);
		return -ENOMEM;
	}
	while (names->cnt < cnt && next_pair(&list, &number, &name, &len)) {
		memcpy(to, name, len);
		to[len] = '\0';
		names->name[names->cnt++] = (struct tp_name){(uint32_t)number, to};
		to += len + 1;
	}
	qsort(names->name, names->cnt, sizeof(*names->name), by_number);
	return 0;
}

const char *probe_tp_name(const struct tp_names *names, uint32_t number)
{
	const struct tp_name key = {.number = number};
	const struct tp_name *found =
		names->cnt ? bsearch(&key, names->name, names->cnt, sizeof(key), by_number) : NULL;

	return found ? found->name : NULL;
}

void probe_tp_names_free(struct tp_names *names)
{
	free(names->text);
	free(names->name);
	*names = (struct tp_names){0};
}
