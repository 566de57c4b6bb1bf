/* SPDX-License-Identifier: MIT */
/*
 * options.c - the command line. Options before the first --at or --entry apply to all places,
 * options after one apply to that place.
 */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../src/util.h"
#include "../common/fail.h"
#include "../common/opt.h"
#include "../common/text.h"

#define DEFAULT_KERNEL "5.4"

/* Options of a place; `off` is in struct settings. */
enum kind {
	PLACE_FLAG = OPT_OWN, /* bool */
	PLACE_STRING,	      /* const char * */
	LINKTYPE_L2,
	LINKTYPE_L3,
	STUB,	 /* a new place */
	PROGRAM, /* a new place */
};

#define TO(field)    offsetof(struct inject_options, field)
#define PLACE(field) offsetof(struct settings, field)

/* clang-format off */
static const struct opt_row rows[] = {
	{'o', "output", "OUT.o", OPT_STRING, TO(out), 0,
	 "write the changed object to OUT.o", 0},
	{'a', "at", "FUNCTION", STUB, 0, 0,
	 "insert the filter into this stub and its clones (repeatable)", 0},
	{0, "entry", "PROGRAM", PROGRAM, 0, 0,
	 "insert the filter at the start of this program (repeatable)", 0},
	{'e', "filter", "EXPR", PLACE_STRING, PLACE(expr), 0,
	 "the pcap-filter(7) expression", 0},
	{0, "through", "LIST", PLACE_STRING, PLACE(through), 0,
	 "match packets inside these, too: vlan, mpls, pppoe, gre, ipip, vxlan, geneve, gtpu, or all", 0},
	{0, "inner-only", NULL, PLACE_FLAG, PLACE(inner_only), 0,
	 "with --through, match the packets inside only, not the one that carries them", 0},
	{0, "reject-all", NULL, PLACE_FLAG, PLACE(reject_all), 0,
	 "match no packet, instead of an expression", 0},
	{0, "miss", "VERDICT", PLACE_STRING, PLACE(miss), 0,
	 "verdict of the --entry program for packets that do not match: a number, or a name of tc or xdp", 0},
	{'y', "linktype", "LINKTYPE", PLACE_STRING, PLACE(linktype), 0,
	 "link type of the packet (EN10MB, RAW ...); the default is EN10MB", 0},
	{'2', "l2", NULL, LINKTYPE_L2, 0, 0,
	 "the packet starts with its Ethernet header", 0},
	{'3', "l3", NULL, LINKTYPE_L3, 0, 0,
	 "the packet starts with its IP header", 0},
	{0, "vlan-tag", NULL, PLACE_FLAG, PLACE(vlan_tag), 0,
	 "tc, socket: show the filter a hardware VLAN tag where the packet had it on the wire", 0},
	{0, "access", "MODE", PLACE_STRING, PLACE(access), 0,
	 "how to read the packet: direct, load_bytes, probe_read; the default depends on the type", 0},
	{'t', "type", "TYPE", PLACE_STRING, PLACE(type), 0,
	 "tc, xdp, socket or kprobe (all tracing), if the section names do not show the type", 0},
	{'k', "kernel", "VER", OPT_STRING, TO(kernel), 0,
	 "generate code for this kernel and later ones; " DEFAULT_KERNEL " is the default", 0},
	{'l', "list", NULL, OPT_FLAG, TO(list), 0,
	 "list the stubs, programs and other functions of IN.o", 0},
	{'h', "help", NULL, OPT_FLAG, TO(help), 0,
	 "show this list", 0},
	{'V', "version", NULL, OPT_FLAG, TO(version), 0,
	 "show the version", 0},
};
/* clang-format on */

static int add_place(struct inject_options *o, const char *name, bool entry, struct err *e)
{
	struct inject_place *more = grow(o->places, &o->place_cap, o->place_cnt + 1, sizeof(*more));

	if (!more)
		return err_run(e, -ENOMEM, "options", "out of memory");
	o->places = more;
	more[o->place_cnt++] =
		(struct inject_place){.name = name, .entry = entry, .set = o->defaults};
	return 0;
}

static int apply(void *values, const struct opt_row *row, char *arg, struct err *e)
{
	struct inject_options *o = values;
	struct settings *set = o->place_cnt ? &o->places[o->place_cnt - 1].set : &o->defaults;

	switch (row->kind) {
	case PLACE_FLAG:
		*(bool *)((char *)set + row->off) = true;
		return 0;
	case PLACE_STRING:
		*(const char **)(void *)((char *)set + row->off) = arg;
		return 0;
	case LINKTYPE_L2:
	case LINKTYPE_L3:
		set->linktype = row->kind == LINKTYPE_L2 ? "EN10MB" : "RAW";
		return 0;
	default:
		return add_place(o, arg, row->kind == PROGRAM, e);
	}
}

static int check_place(const struct inject_place *p, struct err *e)
{
	if (!p->set.expr == !p->set.reject_all)
		return err_input(e, -EINVAL, "options",
				 "%s needs a filter: use either -e EXPR or --reject-all", p->name);
	if (p->set.inner_only && !p->set.through)
		return err_input(
			e, -EINVAL, "options",
			"--inner-only requires --through, which says what carries packets");
	if (p->entry && !p->set.miss)
		return err_input(
			e, -EINVAL, "options",
			"--entry %s requires --miss, the verdict for packets that do not match",
			p->name);
	return 0;
}

static const struct opt_table table = {rows, ARRAY_LEN(rows), apply, false};

static int check(const struct inject_options *o, struct err *e)
{
	int rc = 0;

	if (!o->in)
		return err_input(e, -EINVAL, "options", "no input object; see bpfinject --help");
	if (o->list)
		return 0;
	if (!o->out)
		return err_input(e, -EINVAL, "options", "no output file; use -o OUT.o");
	if (!o->place_cnt)
		return err_input(
			e, -EINVAL, "options",
			"no function; use --at STUB or --entry PROGRAM (--list shows both)");
	for (size_t i = 0; !rc && i < o->place_cnt; i++)
		rc = check_place(&o->places[i], e);
	return rc;
}

int options_parse(struct inject_options *o, int argc, char **argv, struct err *e)
{
	struct opt_words w;
	int rc;

	*o = (struct inject_options){.kernel = DEFAULT_KERNEL};
	rc = opt_parse(&table, argc, argv, o, &w, e);
	if (rc || o->help || o->version)
		return rc;
	o->in = w.words[0];
	if (o->in && w.words[1])
		return err_input(e, -EINVAL, "options",
				 "unexpected argument '%s': only one object is read", w.words[1]);
	return check(o, e);
}

void options_free(struct inject_options *o)
{
	free(o->places);
}

void options_help(void)
{
	struct text t = {0};

	text_put(&t,
		 "usage: bpfinject IN.o -o OUT.o --at FUNCTION -e EXPR [options]\n"
		 "       bpfinject IN.o -o OUT.o --entry PROGRAM --miss VERDICT -e EXPR [options]\n"
		 "       bpfinject IN.o --list\n"
		 "Inserts a pcap filter into a compiled BPF program. Options before the first --at "
		 "or\n"
		 "--entry apply to all places, options after one apply to that place.\n\n");
	opt_help(&table, &t);
	fputs(text_str(&t), stdout);
	text_free(&t);
}
