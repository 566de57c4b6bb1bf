/* SPDX-License-Identifier: MIT */
/*
 * tools/bpfinject/options.c - the command line. What is said before the first --at or --entry holds
 * for all places, what is said behind one holds for that place.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "../common/fail.h"

#define DEFAULT_KERNEL "5.4"

enum kind {
	FLAG,	      /* bool of struct options */
	STRING,	      /* const char * of struct options */
	PLACE_FLAG,   /* bool of struct settings */
	PLACE_STRING, /* const char * of struct settings */
	LINKTYPE,     /* sets settings.linktype to the row's value */
	STUB,	      /* a new place */
	PROGRAM,      /* a new place */
};

#define OF(field)    offsetof(struct options, field)
#define PLACE(field) offsetof(struct settings, field)

/* clang-format off */
static const struct row {
	char letter; /* 0: none */
	const char *name;
	const char *arg; /* NULL: takes none */
	enum kind kind;
	size_t off;
	const char *value;
	const char *text;
} rows[] = {
	{'o', "output", "OUT.o", STRING, OF(out), NULL,
	 "write the changed object here"},
	{'a', "at", "FUNCTION", STUB, 0, NULL,
	 "put the filter into this stub and its clones (repeatable)"},
	{0, "entry", "PROGRAM", PROGRAM, 0, NULL,
	 "put the filter at the start of this program (repeatable)"},
	{'e', "filter", "EXPR", PLACE_STRING, PLACE(expr), NULL,
	 "the pcap-filter(7) expression"},
	{0, "reject-all", NULL, PLACE_FLAG, PLACE(reject_all), NULL,
	 "instead of an expression: no packet matches"},
	{0, "miss", "VERDICT", PLACE_STRING, PLACE(miss), NULL,
	 "what the program of --entry returns for other packets: a number, or tc's or xdp's name"},
	{'y', "linktype", "LINKTYPE", PLACE_STRING, PLACE(linktype), NULL,
	 "what the packet begins with (EN10MB, RAW ...); EN10MB is the default"},
	{'2', "l2", NULL, LINKTYPE, 0, "EN10MB",
	 "the packet begins with its Ethernet header"},
	{'3', "l3", NULL, LINKTYPE, 0, "RAW",
	 "the packet begins with its IP header"},
	{0, "vlan-tag", NULL, PLACE_FLAG, PLACE(vlan_tag), NULL,
	 "tc, socket: let the filter see a hardware VLAN tag where the wire had it"},
	{0, "access", "MODE", PLACE_STRING, PLACE(access), NULL,
	 "how bytes are read: direct, load_bytes, probe_read; by default as usual for the type"},
	{'t', "type", "TYPE", PLACE_STRING, PLACE(type), NULL,
	 "tc, xdp, socket or kprobe (all tracing), where the names of sections do not tell"},
	{'k', "kernel", "VER", STRING, OF(kernel), NULL,
	 "write for this kernel and later ones; " DEFAULT_KERNEL " is the default"},
	{'l', "list", NULL, FLAG, OF(list), NULL,
	 "list the stubs, programs and other functions of IN.o"},
	{'h', "help", NULL, FLAG, OF(help), NULL,
	 "this list"},
	{'V', "version", NULL, FLAG, OF(version), NULL,
	 "the version"},
};
/* clang-format on */

enum { ROW_CNT = sizeof(rows) / sizeof(rows[0]), LONG_BASE = 0x100 };

static void make_getopt_args(char letters[2 * ROW_CNT + 2], struct option longs[ROW_CNT + 1])
{
	*letters++ = ':'; /* tell a missing argument from an unknown option */
	for (int i = 0; i < ROW_CNT; i++) {
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].arg ? required_argument : no_argument,
			.val = LONG_BASE + i,
		};
		if (!rows[i].letter)
			continue;
		*letters++ = rows[i].letter;
		if (rows[i].arg)
			*letters++ = ':';
	}
	*letters = '\0';
	longs[ROW_CNT] = (struct option){0};
}

static const struct row *row_of(int c)
{
	for (int i = 0; i < ROW_CNT; i++)
		if (c == LONG_BASE + i || (rows[i].letter && rows[i].letter == c))
			return &rows[i];
	return NULL;
}

static int add_place(struct options *o, const struct settings *defaults, const char *name,
		     bool entry, struct err *e)
{
	struct place *grown = realloc(o->places, (o->place_cnt + 1) * sizeof(*grown));

	if (!grown)
		return fail_run(e, -ENOMEM, "options", "out of memory");
	o->places = grown;
	grown[o->place_cnt++] = (struct place){.name = name, .entry = entry, .set = *defaults};
	return 0;
}

static int apply(struct options *o, struct settings *defaults, const struct row *row,
		 const char *arg, struct err *e)
{
	struct settings *set = o->place_cnt ? &o->places[o->place_cnt - 1].set : defaults;

	switch (row->kind) {
	case FLAG:
		*(bool *)((char *)o + row->off) = true;
		return 0;
	case STRING:
		*(const char **)(void *)((char *)o + row->off) = arg;
		return 0;
	case PLACE_FLAG:
		*(bool *)((char *)set + row->off) = true;
		return 0;
	case PLACE_STRING:
		*(const char **)(void *)((char *)set + row->off) = arg;
		return 0;
	case LINKTYPE:
		set->linktype = row->value;
		return 0;
	case STUB:
	case PROGRAM:
		return add_place(o, defaults, arg, row->kind == PROGRAM, e);
	}
	return 0;
}

static int check_place(const struct place *p, struct err *e)
{
	if (!p->set.expr == !p->set.reject_all)
		return fail_input(e, -EINVAL, "options",
				  "%s needs either a filter (-e EXPR) or --reject-all", p->name);
	if (p->entry && !p->set.miss)
		return fail_input(e, -EINVAL, "options",
				  "--entry %s needs --miss, what to return for other packets",
				  p->name);
	return 0;
}

static int check(const struct options *o, struct err *e)
{
	int ret = 0;

	if (!o->in)
		return fail_input(e, -EINVAL, "options", "which object? bpfinject --help");
	if (o->list)
		return 0;
	if (!o->out)
		return fail_input(e, -EINVAL, "options", "where to? -o OUT.o");
	if (!o->place_cnt)
		return fail_input(
			e, -EINVAL, "options",
			"which function? --at STUB or --entry PROGRAM (--list shows both)");
	for (size_t i = 0; !ret && i < o->place_cnt; i++)
		ret = check_place(&o->places[i], e);
	return ret;
}

static int parse_words(struct options *o, int argc, char **argv, struct err *e)
{
	struct option longs[ROW_CNT + 1];
	char letters[2 * ROW_CNT + 2];
	struct settings defaults = {0};
	int ret = 0;

	make_getopt_args(letters, longs);
	opterr = 0;
	while (!ret) {
		int c = getopt_long(argc, argv, letters, longs, NULL);

		if (c < 0)
			break;
		if (c == '?' && optopt && optopt < LONG_BASE)
			return fail_input(e, -EINVAL, "options", "unknown option -%c", optopt);
		if (c == '?' || c == ':')
			return fail_input(e, -EINVAL, "options",
					  c == '?' ? "unknown option %s" : "%s wants an argument",
					  argv[optind - 1]);
		ret = apply(o, &defaults, row_of(c), optarg, e);
	}
	if (!ret && argc - optind > 1)
		return fail_input(e, -EINVAL, "options", "one object at a time, not also %s",
				  argv[optind + 1]);
	o->in = argv[optind];
	return ret;
}

int options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	int ret;

	*o = (struct options){.kernel = DEFAULT_KERNEL};
	ret = parse_words(o, argc, argv, e);
	if (!ret && !o->help && !o->version)
		ret = check(o, e);
	return ret;
}

void options_free(struct options *o)
{
	free(o->places);
}

void options_help(void)
{
	puts("usage: bpfinject IN.o -o OUT.o --at FUNCTION -e EXPR [options]\n"
	     "       bpfinject IN.o -o OUT.o --entry PROGRAM --miss VERDICT -e EXPR [options]\n"
	     "       bpfinject IN.o --list\n"
	     "Puts a pcap filter into a compiled BPF program. Options before the first --at or\n"
	     "--entry are for all places, those behind one are for that place.\n");
	for (int i = 0; i < ROW_CNT; i++) {
		char head[64];

		snprintf(head, sizeof(head), "%s%c%s--%s%s%s", rows[i].letter ? "-" : " ",
			 rows[i].letter ? rows[i].letter : ' ', rows[i].letter ? ", " : "  ",
			 rows[i].name, rows[i].arg ? " " : "", rows[i].arg ? rows[i].arg : "");
		printf("  %-26s %s\n", head, rows[i].text);
	}
}
