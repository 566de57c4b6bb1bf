/* SPDX-License-Identifier: MIT */
/* options.c - the command line: the table of options, and the words behind them. */
#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"
#include "../common/opt.h"
#include "../common/text.h"
#include "../common/whole.h"

/* Kinds of options beside those of opt.h: both fill a struct word_list. */
enum {
	OPT_WORDS = OPT_OWN, /* repeatable */
	OPT_LIST,	     /* repeatable, and comma-separated */
};

#define TO(field) offsetof(struct options, field)

/* clang-format off */
static const struct opt_row rows[] = {
	{'e', "filter", "EXPR", OPT_STRING, TO(filter_option), 0,
	 "capture what matches the pcap-filter(7) expression; it may also follow the options"},
	{'F', "filter-file", "FILE", OPT_STRING, TO(filter_path), 0,
	 "read the expression from a file; - is standard input"},
	{'f', "hook", "SPEC[,SPEC...]", OPT_LIST, TO(hooks), 0,
	 "where to capture (see below); the default is rx,tx,drop, or socket on kernels without tracing"},
	{'i', "interface", "IF", OPT_WORDS, TO(ifaces), 0,
	 "only this interface, or those of a glob, also if they come later; any: all (repeatable)"},
	{'k', "kernel", "VER", OPT_STRING, TO(kernel), 0,
	 "write for kernel VER (5.4, 6.1 ...) instead of probing; auto is the default"},
	{'c', "count", "N", OPT_NUMBER, TO(packet_cnt), 1,
	 "end after N packets"},
	{'s', "snaplen", "LEN", OPT_NUMBER, TO(snap_len), 0,
	 "keep LEN bytes of a packet; 0, the default, is as many as fit"},
	{'S', "stack", NULL, OPT_FLAG, TO(stack), 0,
	 "show the kernel stack of every packet"},
	{0, "netns", "NS", OPT_STRING, TO(netns), 0,
	 "only in this network namespace: a name of ip-netns(8), /proc/PID/ns/net, an inode, or self"},
	{0, "pid", "PID", OPT_NUMBER, TO(pid), 1,
	 "only packets handled in the context of this process"},
	{0, "mark", "MARK[/MASK]", OPT_STRING, TO(mark), 0,
	 "only packets with this mark (of iptables, nft, SO_MARK)"},
	{0, "reason", "NAME[,NAME...]", OPT_LIST, TO(reasons), 0,
	 "only packets dropped for these reasons; for drop and other hooks that know why"},
	{'Q', "direction", "DIR", OPT_STRING, TO(direction), 0,
	 "only packets that come in or go out: in, out or inout"},
	{0, "owner", NULL, OPT_FLAG, TO(owner), 0,
	 "name the process that has a packet's socket, also where the kernel runs for nobody (rx, drop)"},
	{0, "track", NULL, OPT_FLAG, TO(track), 0,
	 "once matched, follow a packet over the hooks even if it no longer matches (NAT, tunnels)"},
	{0, "gather", NULL, OPT_FLAG, TO(gather), 0,
	 "follow packets over the hooks: latency from the first, where they were not received, summary"},
	{0, "gather-by", "WHAT", OPT_STRING, TO(gather_by), 0,
	 "the same, where the same means: content, but for what NAT changes (the default), or skb (address)"},
	{0, "fake-hdr", NULL, OPT_FLAG, TO(fake_headers), 0,
	 "at functions where a packet has no Ethernet or IP header yet, make them, the latter from its socket"},
	{0, "skb-data", "OFFSET", OPT_STRING, TO(skb_data), 0,
	 "take packets at functions and tracepoints to start OFFSET bytes (-14) from skb->data"},
	{'y', "linktype", "TYPE", OPT_STRING, TO(linktype), 0,
	 "take packets as of this link type (EN10MB, RAW ...)"},
	{'B', "buffer-size", "KIB", OPT_NUMBER, TO(buffer_kib), 1,
	 "size of each CPU's ring between kernel and bpfcap, rounded up"},
	{'Z', "relinquish-privileges", "USER", OPT_STRING, TO(user), 0,
	 "go on as USER once everything is attached"},

	{'w', "write", "FILE", OPT_STRING, TO(write_path), 0,
	 "write pcapng, or pcap if the name ends so; - is standard output"},
	{'r', "read", "FILE", OPT_STRING, TO(read_path), 0,
	 "take the packets from a capture file; - is standard input"},
	{0, "format", "FORMAT", OPT_STRING, TO(format), 0,
	 "of what -w writes: pcapng, pcap, json or text"},
	{'C', "file-size", "MB", OPT_NUMBER, TO(rotate_mb), 1,
	 "begin a new file when one has MB million bytes"},
	{'G', "rotate", "SECONDS", OPT_NUMBER, TO(rotate_s), 1,
	 "begin a new file every SECONDS; its name goes through strftime(3)"},
	{'W', "files", "N", OPT_NUMBER, TO(file_cnt), 1,
	 "with -C reuse the names of N files; with -G end after N files"},
	{'U', "packet-buffered", NULL, OPT_COUNT, TO(packet_buffered), 0,
	 "write out every packet at once"},
	{'l', "line-buffered", NULL, OPT_COUNT, TO(packet_buffered), 0,
	 "the same"},
	{0, "print", NULL, OPT_FLAG, TO(print), 0,
	 "show packets as text even with -w"},
	{0, "json", NULL, OPT_FLAG, TO(json), 0,
	 "show packets, or what --doctor finds, as JSON"},

	{'n', "numeric", NULL, OPT_FLAG, TO(no_names), 0,
	 "accepted as in tcpdump; addresses and ports are always shown as numbers"},
	{'q', "quick", NULL, OPT_COUNT, TO(quick), 0,
	 "say less of each packet"},
	{'v', "verbose", NULL, OPT_COUNT, TO(verbose), 0,
	 "say more: IP header, process, CPU (repeatable)"},
	{'t', NULL, NULL, OPT_COUNT, TO(time_form), 0,
	 "time: -t none, -tt since 1970, -ttt since the last packet, -tttt with date, -ttttt since the first"},
	{0, "nano", NULL, OPT_FLAG, TO(nano), 0,
	 "show nanoseconds"},
	{'#', "number", NULL, OPT_FLAG, TO(number), 0,
	 "number the packets"},
	{'x', NULL, NULL, OPT_COUNT, TO(hex), 0,
	 "show the bytes; -xx with the link-layer header"},
	{'X', NULL, NULL, OPT_COUNT, TO(hex_ascii), 0,
	 "show the bytes and their characters; -XX with the link-layer header"},
	{'A', NULL, NULL, OPT_FLAG, TO(ascii), 0,
	 "show the characters alone"},

	{'d', NULL, NULL, OPT_COUNT, TO(dump_cnt), 0,
	 "print the filter's program and exit: -d listing, -dd C array, -ddd decimal; needs no root"},
	{0, "dump", "STAGE", OPT_STRING, TO(dump_stage), 0,
	 "print one stage and exit: cbpf, ir, ebpf, program (the whole capture program), log (the verifier's)"},
	{0, "doctor", NULL, OPT_FLAG, TO(doctor), 0,
	 "say what this kernel offers, what each hook lacks, the sk_buff layout found, and if paged data is captured"},
	{'D', "list-interfaces", NULL, OPT_FLAG, TO(list_ifaces), 0,
	 "list the interfaces"},
	{0, "man", NULL, OPT_FLAG, TO(man), 0,
	 "print the manual page: bpfcap --man | man -l -"},
	{'h', "help", NULL, OPT_FLAG, TO(help), 0,
	 "this list"},
	{'V', "version", NULL, OPT_FLAG, TO(version), 0,
	 "the version"},
};
/* clang-format on */

static const struct opt_table table = {rows, sizeof(rows) / sizeof(rows[0])};

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, "options", "out of memory");
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
		return err_input(e, -EINVAL, "options", "a list is empty");
	return 0;
}

static int set_list(void *values, const struct opt_row *row, char *arg, struct err *e)
{
	struct word_list *to = (struct word_list *)((char *)values + row->off);

	return row->kind == OPT_LIST ? add_list(to, arg, e) : add_word(to, arg, e);
}

/* Joins the words behind the options with spaces, as tcpdump does. */
static int join_words(struct options *o, char *const *words, struct err *e)
{
	struct text t = {0};

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

/* The expression is given in one of three ways, or not at all. */
static int find_expression(struct options *o, char *const *words, struct err *e)
{
	if (o->filter_option && o->filter_path)
		return err_input(e, -EINVAL, "options", "the filter is given by -e and by -F");
	if (*words && (o->filter_option || o->filter_path))
		return err_input(e, -EINVAL, "options",
				 "'%s' is left over: the filter was given by %s already", *words,
				 o->filter_option ? "-e" : "-F");
	o->filter = o->filter_option;
	return *words ? join_words(o, words, e) : 0;
}

int options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	char **words;
	int rc;

	*o = (struct options){0};
	rc = opt_parse(&table, argc, argv, o, set_list, &words, e);
	return rc ? rc : find_expression(o, words, e);
}

int options_read_filter(struct options *o, struct err *e)
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
		return err_input(e, -EINVAL, "filter", "%s is not a text", path);
	o->filter = o->joined;
	return 0;
}

void options_free(struct options *o)
{
	free(o->hooks.words);
	free(o->ifaces.words);
	free(o->reasons.words);
	free(o->joined);
	*o = (struct options){0};
}

void options_help(struct text *t)
{
	opt_help(&table, t);
}

void options_man(struct text *t)
{
	opt_man(&table, t);
}
