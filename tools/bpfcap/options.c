/* SPDX-License-Identifier: MIT */
/*
 * tools/bpfcap/options.c - the command line: one table gives what getopt_long wants, what --help
 * and the man page show, and where each value goes.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "../common/text.h"

enum kind {
	SET,	/* bool */
	COUNT,	/* int: how often it was given */
	STRING, /* const char * */
	NUMBER, /* uint64_t of at least `min` */
	WORDS,	/* struct word_list: repeatable */
	LIST,	/* struct word_list: repeatable, and comma-separated */
};

struct option_row {
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* NULL: takes none */
	enum kind kind;
	size_t off; /* in struct options */
	uint64_t min;
	const char *text;
};

#define TO(field) offsetof(struct options, field)

/* clang-format off */
static const struct option_row rows[] = {
	{'e', "filter", "EXPR", STRING, TO(filter_option), 0,
	 "capture what matches the pcap-filter(7) expression; it may also follow the options"},
	{'f', "hook", "SPEC[,SPEC...]", LIST, TO(hooks), 0,
	 "where to capture (see below); the default is rx,tx,drop, or socket on kernels without tracing"},
	{'i', "interface", "IF", WORDS, TO(ifaces), 0,
	 "only this interface (repeatable)"},
	{'k', "kernel", "VER", STRING, TO(kernel), 0,
	 "write for kernel VER (5.4, 6.1 ...) instead of probing; auto is the default"},
	{'c', "count", "N", NUMBER, TO(packet_cnt), 1,
	 "end after N packets"},
	{'s', "snaplen", "LEN", NUMBER, TO(snap_len), 0,
	 "keep LEN bytes of a packet; 0, the default, is as many as fit"},
	{'S', "stack", NULL, SET, TO(stack), 0,
	 "show the kernel stack of every packet"},
	{'y', "linktype", "TYPE", STRING, TO(linktype), 0,
	 "take packets as of this link type (EN10MB, RAW ...)"},
	{'B', "buffer-size", "KIB", NUMBER, TO(buffer_kib), 1,
	 "size of each CPU's ring between kernel and bpfcap, rounded up"},
	{'Z', "relinquish-privileges", "USER", STRING, TO(user), 0,
	 "go on as USER once everything is attached"},

	{'w', "write", "FILE", STRING, TO(write_path), 0,
	 "write pcapng, or pcap if the name ends so; - is standard output"},
	{'r', "read", "FILE", STRING, TO(read_path), 0,
	 "take the packets from a capture file; - is standard input"},
	{0, "format", "FORMAT", STRING, TO(format), 0,
	 "of what -w writes: pcapng, pcap, json or text"},
	{'C', "file-size", "MB", NUMBER, TO(rotate_mb), 1,
	 "begin a new file when one has MB million bytes"},
	{'G', "rotate", "SECONDS", NUMBER, TO(rotate_s), 1,
	 "begin a new file every SECONDS; its name goes through strftime(3)"},
	{'W', "files", "N", NUMBER, TO(file_cnt), 1,
	 "with -C reuse the names of N files; with -G end after N files"},
	{'U', "packet-buffered", NULL, COUNT, TO(packet_buffered), 0,
	 "write out every packet at once"},
	{'l', "line-buffered", NULL, COUNT, TO(packet_buffered), 0,
	 "the same"},
	{0, "print", NULL, SET, TO(print), 0,
	 "show packets as text even with -w"},
	{0, "json", NULL, SET, TO(json), 0,
	 "show packets, or what --doctor finds, as JSON"},

	{'n', "numeric", NULL, SET, TO(no_names), 0,
	 "accepted as in tcpdump; addresses and ports are always shown as numbers"},
	{'q', "quick", NULL, COUNT, TO(quick), 0,
	 "say less of each packet"},
	{'v', "verbose", NULL, COUNT, TO(verbose), 0,
	 "say more: IP header, process, CPU (repeatable)"},
	{'t', NULL, NULL, COUNT, TO(time_form), 0,
	 "time: -t none, -tt since 1970, -ttt since the last packet, -tttt with date, -ttttt since the first"},
	{0, "nano", NULL, SET, TO(nano), 0,
	 "show nanoseconds"},
	{'#', "number", NULL, SET, TO(number), 0,
	 "number the packets"},
	{'x', NULL, NULL, COUNT, TO(hex), 0,
	 "show the bytes; -xx with the link-layer header"},
	{'X', NULL, NULL, COUNT, TO(hex_ascii), 0,
	 "show the bytes and their characters; -XX with the link-layer header"},
	{'A', NULL, NULL, SET, TO(ascii), 0,
	 "show the characters alone"},

	{'d', NULL, NULL, COUNT, TO(dump_cnt), 0,
	 "print the filter's program and exit: -d listing, -dd C array, -ddd decimal; needs no root"},
	{0, "dump", "STAGE", STRING, TO(dump_stage), 0,
	 "print one stage and exit: cbpf, ir, ebpf, program (the whole capture program), log (the verifier's)"},
	{0, "doctor", NULL, SET, TO(doctor), 0,
	 "say what this kernel offers, what each hook lacks, and the sk_buff layout found"},
	{'D', "list-interfaces", NULL, SET, TO(list_ifaces), 0,
	 "list the interfaces"},
	{0, "man", NULL, SET, TO(man), 0,
	 "print the manual page: bpfcap --man | man -l -"},
	{'h', "help", NULL, SET, TO(help), 0,
	 "this list"},
	{'V', "version", NULL, SET, TO(version), 0,
	 "the version"},
};
/* clang-format on */

enum {
	ROW_CNT = sizeof(rows) / sizeof(rows[0]),
	LONG_BASE = 0x100, /* getopt_long's value for row i, so that it cannot be a letter */
};

/* ---- getopt_long's view of the table ------------------------------------------------------ */

struct getopt_args {
	char letters[1 + 2 * ROW_CNT + 1];
	struct option longs[ROW_CNT + 1];
};

static void make_getopt_args(struct getopt_args *g)
{
	size_t letter = 0, name = 0;

	memset(g, 0, sizeof(*g));
	g->letters[letter++] = ':'; /* tell a missing argument from an unknown option */
	for (int i = 0; i < ROW_CNT; i++) {
		if (rows[i].letter) {
			g->letters[letter++] = rows[i].letter;
			if (rows[i].arg)
				g->letters[letter++] = ':';
		}
		if (rows[i].name)
			g->longs[name++] = (struct option){
				.name = rows[i].name,
				.has_arg = rows[i].arg ? required_argument : no_argument,
				.val = LONG_BASE + i,
			};
	}
}

static const struct option_row *row_of(int c)
{
	if (c >= LONG_BASE)
		return &rows[c - LONG_BASE];
	for (int i = 0; i < ROW_CNT; i++)
		if (rows[i].letter && rows[i].letter == c)
			return &rows[i];
	return NULL;
}

/* ---- Values ------------------------------------------------------------------------------- */

static int no_memory(struct err *e)
{
	return fail_run(e, -ENOMEM, "options", "out of memory");
}

static int set_number(uint64_t *to, const struct option_row *row, const char *arg, struct err *e)
{
	char *end = NULL;

	errno = 0;
	*to = strtoull(arg, &end, 10);
	if (!isdigit((unsigned char)arg[0]) || *end || errno || *to < row->min)
		return fail_input(e, -EINVAL, "options", "--%s wants a number from %d on, not '%s'",
				  row->name, (int)row->min, arg);
	return 0;
}

static int add_word(struct word_list *l, const char *word, struct err *e)
{
	const char **words = realloc(l->words, (l->cnt + 2) * sizeof(*words));

	if (!words)
		return no_memory(e);
	l->words = words;
	words[l->cnt++] = word;
	words[l->cnt] = NULL;
	return 0;
}

/* Cuts the argument (a string of argv's, which is ours to change) at its commas. */
static int add_list(struct word_list *l, char *arg, struct err *e)
{
	char *save = NULL;

	for (char *w = strtok_r(arg, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (add_word(l, w, e) != 0)
			return e->code;
	if (!l->cnt)
		return fail_input(e, -EINVAL, "options", "the list of hooks is empty");
	return 0;
}

static int set_value(struct options *o, const struct option_row *row, char *arg, struct err *e)
{
	void *to = (char *)o + row->off;

	switch (row->kind) {
	case SET:
		*(bool *)to = true;
		return 0;
	case COUNT:
		(*(int *)to)++;
		return 0;
	case STRING:
		*(const char **)to = arg;
		return 0;
	case NUMBER:
		return set_number(to, row, arg, e);
	case WORDS:
		return add_word(to, arg, e);
	case LIST:
		return add_list(to, arg, e);
	}
	return 0;
}

/* ---- The command line --------------------------------------------------------------------- */

/* Joins the words behind the options with spaces, as tcpdump does. */
static int join_expression(struct options *o, char *const *words, struct err *e)
{
	struct text t = {0};

	if (!*words) {
		o->filter = o->filter_option;
		return 0;
	}
	if (o->filter_option)
		return fail_input(e, -EINVAL, "options",
				  "'%s' is left over: the filter was given by -e already", *words);
	for (; *words; words++) {
		text_put(&t, t.len ? " " : "");
		text_put(&t, *words);
	}
	if (t.failed) {
		text_free(&t);
		return no_memory(e);
	}
	o->filter = o->joined = t.p;
	return 0;
}

static int bad_option(int c, char *const *argv, struct err *e)
{
	const char *word = argv[optind - 1];

	if (c == ':')
		return fail_input(e, -EINVAL, "options", "'%s' wants a value", word);
	if (optopt > 0 && optopt < LONG_BASE)
		return fail_input(e, -EINVAL, "options",
				  "'-%c' is not an option; --help lists them", optopt);
	return fail_input(e, -EINVAL, "options", "'%s' is not an option; --help lists them", word);
}

int options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	struct getopt_args g;
	int c, rc;

	*o = (struct options){0};
	make_getopt_args(&g);
	opterr = 0;
	optind = 0; /* begin anew, for callers that parse twice */
	while ((c = getopt_long(argc, argv, g.letters, g.longs, NULL)) != -1) {
		const struct option_row *row = row_of(c);

		rc = row ? set_value(o, row, optarg, e) : bad_option(c, argv, e);
		if (rc != 0)
			return rc;
	}
	return join_expression(o, argv + optind, e);
}

void options_free(struct options *o)
{
	free(o->hooks.words);
	free(o->ifaces.words);
	free(o->joined);
	*o = (struct options){0};
}

/* ---- Help --------------------------------------------------------------------------------- */

/* "-e, --filter EXPR" */
static void put_usage(struct text *t, const struct option_row *row)
{
	if (row->letter)
		text_printf(t, "-%c", row->letter);
	if (row->name)
		text_printf(t, "%s--%s", row->letter ? ", " : "    ", row->name);
	if (row->arg)
		text_printf(t, " %s", row->arg);
}

void options_help(struct text *t)
{
	enum { COLUMN = 30 };

	for (int i = 0; i < ROW_CNT; i++) {
		size_t start = t->len;

		text_put(t, "  ");
		put_usage(t, &rows[i]);
		if (t->len - start >= COLUMN)
			text_printf(t, "\n%*s", COLUMN, "");
		else
			text_printf(t, "%*s", (int)(COLUMN - (t->len - start)), "");
		text_printf(t, "%s\n", rows[i].text);
	}
}

void options_man(struct text *t)
{
	for (int i = 0; i < ROW_CNT; i++) {
		text_put(t, ".TP\n.B ");
		if (rows[i].letter)
			text_printf(t, "\\-%c", rows[i].letter);
		if (rows[i].name)
			text_printf(t, "%s\\-\\-%s", rows[i].letter ? ", " : "", rows[i].name);
		if (rows[i].arg)
			text_printf(t, " \\fI%s\\fR", rows[i].arg);
		text_printf(t, "\n%s\n", rows[i].text);
	}
}
