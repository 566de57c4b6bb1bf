/* SPDX-License-Identifier: MIT */
/*
 * opt.c - reads a command line by a table of options: takes rows and argv, fills a structure. Fails
 * with the option that is wrong. Prints the rows as help or as part of a manual page.
 */
#include "opt.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "text.h"

#define WORD	  1	/* getopt's for a word that is no option */
#define LONG_BASE 0x100 /* added to a row number, so that it differs from every letter */

/* ---- getopt_long's view of the table ------------------------------------------------------ */

struct getopt_args {
	char letters[2 + 2 * OPT_ROWS_MAX + 1];
	struct option longs[OPT_ROWS_MAX + 1];
};

static int argument_of(const struct opt_row *row)
{
	if (row->kind == OPT_MAYBE || row->kind == OPT_FORM)
		return optional_argument;
	return row->arg ? required_argument : no_argument;
}

static void make_getopt_args(const struct opt_table *t, struct getopt_args *g)
{
	size_t letter = 0, name = 0;

	memset(g, 0, sizeof(*g));
	g->letters[letter++] = '-'; /* give each other word in its place, as option WORD */
	g->letters[letter++] = ':'; /* report a missing argument as ':' */
	for (size_t i = 0; i < t->cnt && i < OPT_ROWS_MAX; i++) {
		const struct opt_row *row = &t->rows[i];

		if (row->letter) {
			g->letters[letter++] = row->letter;
			if (row->arg)
				g->letters[letter++] = ':';
		}
		if (row->name)
			g->longs[name++] = (struct option){
				.name = row->name,
				.has_arg = argument_of(row),
				.val = LONG_BASE + (int)i,
			};
	}
}

static const struct opt_row *row_of(const struct opt_table *t, int c)
{
	if (c >= LONG_BASE)
		return &t->rows[c - LONG_BASE];
	for (size_t i = 0; i < t->cnt; i++)
		if (t->rows[i].letter && t->rows[i].letter == c)
			return &t->rows[i];
	return NULL;
}

/* ---- Values ------------------------------------------------------------------------------- */

static int set_number(uint64_t *to, const struct opt_row *row, const char *arg, struct err *e)
{
	char *end = NULL;

	errno = 0;
	*to = strtoull(arg, &end, 10);
	if (!isdigit((unsigned char)arg[0]) || *end || errno || *to < row->min)
		return err_input(e, -EINVAL, "options",
				 "--%s must be a number of at least %d, not '%s'", row->name,
				 (int)row->min, arg);
	return 0;
}

static int refuse(const struct opt_row *row, struct err *e)
{
	char letter[2] = {row->letter, '\0'};

	return err_input(e, -EINVAL, "options", "%s%s is not supported; %s",
			 row->letter ? "-" : "--", row->letter ? letter : row->name, row->text);
}

static bool is_hidden(const struct opt_row *row)
{
	return row->kind == OPT_IGNORED || row->kind == OPT_REFUSED;
}

static int set_value(const struct opt_table *t, const struct opt_row *row, void *values, char *arg,
		     struct err *e)
{
	void *to = (char *)values + row->off;

	switch (row->kind) {
	case OPT_FLAG:
		*(bool *)to = true;
		return 0;
	case OPT_COUNT:
		(*(int *)to)++;
		return 0;
	case OPT_STRING:
		*(const char **)to = arg;
		return 0;
	case OPT_FORM:
		*(const char **)to = arg ? arg : "";
		return 0;
	case OPT_MAYBE:
		*(uint64_t *)to = row->min;
		return arg ? set_number(to, row, arg, e) : 0;
	case OPT_NUMBER:
		return set_number(to, row, arg, e);
	case OPT_IGNORED:
		return 0;
	case OPT_REFUSED:
		return refuse(row, e);
	default:
		return t->own(values, row, arg, e);
	}
}

static int bad_option(int c, char *const *argv, struct err *e)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		return err_input(e, -EINVAL, "options", "%s requires an argument", word);
	if (optopt > 0 && optopt < LONG_BASE)
		return err_input(e, -EINVAL, "options", "unknown option '-%c'; see --help", optopt);
	return err_input(e, -EINVAL, "options", "unknown option '%s'; see --help", word);
}

/* Words move to the start of argv, where getopt has been. Then come those after "--". */
static void take_rest(const struct opt_table *t, struct opt_words *w, size_t cnt, bool ended,
		      char **argv)
{
	char **rest = argv + optind;

	if (t->command && ended)
		w->command = rest;
	for (; *rest && !w->command; rest++)
		w->words[cnt++] = *rest;
	w->words[cnt] = NULL;
}

/* An argument that may be missing is a number. getopt_long() finds it only after '='. */
static char *next_number(char *const *argv)
{
	char *word = argv[optind];

	if (!word || !word[0] || word[strspn(word, "0123456789")])
		return NULL;
	optind++;
	return word;
}

int opt_parse(const struct opt_table *t, int argc, char **argv, void *values, struct opt_words *w,
	      struct err *e)
{
	struct getopt_args g;
	size_t word_cnt = 0;
	int c, before = 1;

	*w = (struct opt_words){.words = argv};
	if (argc == 0)
		return 0;
	w->words++;
	make_getopt_args(t, &g);
	opterr = 0;
	optind = 0; /* start over, for callers that parse twice */
	while ((c = getopt_long(argc, argv, g.letters, g.longs, NULL)) != -1) {
		const struct opt_row *row = row_of(t, c);
		char *arg = row && row->kind == OPT_MAYBE && !optarg ? next_number(argv) : optarg;
		int rc = row ? set_value(t, row, values, arg, e) : 0;

		if (c == WORD)
			w->words[word_cnt++] = optarg;
		else if (!row)
			rc = bad_option(c, argv, e);
		else
			w->given[row - t->rows] = true;
		if (rc != 0)
			return rc;
		before = optind;
	}
	take_rest(t, w, word_cnt, optind > before, argv);
	return 0;
}

int opt_check_mode(const struct opt_table *t, const struct opt_words *w, unsigned mode,
		   const char *because, struct err *e)
{
	for (size_t i = 0; i < t->cnt; i++) {
		const struct opt_row *row = &t->rows[i];
		char letter[2] = {row->letter, '\0'};

		if (!w->given[i] || row->modes & mode)
			continue;
		return err_input(e, -EINVAL, "options", "%s%s has no meaning with %s; remove one",
				 row->letter ? "-" : "--", row->letter ? letter : row->name,
				 because);
	}
	return 0;
}

/* ---- Help --------------------------------------------------------------------------------- */

/* "-e, --filter EXPR" */
static void put_usage(struct text *out, const struct opt_row *row)
{
	if (row->letter)
		text_printf(out, "-%c", row->letter);
	if (row->name)
		text_printf(out, "%s--%s", row->letter ? ", " : "    ", row->name);
	if (row->arg)
		text_printf(out, row->kind == OPT_FORM ? "[=%s]" : " %s", row->arg);
}

void opt_help(const struct opt_table *t, struct text *out)
{
	enum { COLUMN = 30 };

	for (size_t i = 0; i < t->cnt; i++) {
		const size_t start = out->len;

		if (is_hidden(&t->rows[i]))
			continue;
		text_put(out, "  ");
		put_usage(out, &t->rows[i]);
		if (out->len - start >= COLUMN)
			text_printf(out, "\n%*s", COLUMN, "");
		else
			text_printf(out, "%*s", (int)(COLUMN - (out->len - start)), "");
		text_printf(out, "%s\n", t->rows[i].text);
	}
}

void opt_man(const struct opt_table *t, struct text *out)
{
	for (size_t i = 0; i < t->cnt; i++) {
		const struct opt_row *row = &t->rows[i];

		if (is_hidden(row))
			continue;
		text_put(out, ".TP\n.B ");
		if (row->letter)
			text_printf(out, "\\-%c", row->letter);
		if (row->name)
			text_printf(out, "%s\\-\\-%s", row->letter ? ", " : "", row->name);
		if (row->arg)
			text_printf(out, row->kind == OPT_FORM ? "[=\\fI%s\\fR]" : " \\fI%s\\fR",
				    row->arg);
		text_printf(out, "\n%s\n", row->text);
	}
}
