/* SPDX-License-Identifier: MIT */
/*
 * options.c - the command line: takes argv, gives struct cap_options by a table of options, and
 * refuses an option that the selected mode cannot honour.
 */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/util.h"
#include "../common/complete.h"
#include "../common/fail.h"
#include "../common/opt.h"
#include "../common/text.h"
#include "options_modes.h"
#include "options_tcpdump.h"
#include "remote/far.h"

/* Kinds of options besides those of opt.h; the first two fill a struct word_list. */
enum {
	OPT_WORDS = OPT_OWN, /* repeatable */
	OPT_LIST,	     /* repeatable and comma-separated */
	OPT_PRECISION,	     /* tcpdump's micro or nano; sets a bool */
};

#define TO(field) offsetof(struct cap_options, field)

/* clang-format off */
static const struct opt_row rows[] = {
	{'e', "filter", "EXPR", OPT_STRING, TO(filter_option), 0,
	 "capture packets that match EXPR, see pcap-filter(7); the expression may also follow the options",
	 OUTPUT | CODE | TOPS},
	{'F', "filter-file", "FILE", OPT_STRING, TO(filter_path), 0,
	 "read the expression from FILE; - is standard input",
	 OUTPUT | CODE | TOPS},
	{'f', "hook", "SPEC[,SPEC...]", OPT_LIST, TO(hooks), 0,
	 "capture at these hooks (see below); default: rx,tx,drop, or socket if the kernel lacks tracing",
	 PACKETS | CODE | AWAY | TOPS},
	{'i', "interface", "IF", OPT_WORDS, TO(ifaces), 0,
	 "capture on IF only: a name, a glob (interfaces that appear later are picked up), or any (repeatable)",
	 PACKETS | PROGRAM | AWAY | TOPS},
	{0, "wait", NULL, OPT_FLAG, TO(wait), 0,
	 "if an interface of -i does not exist, start all the same, and capture once it appears",
	 KERNEL | AWAY},
	{0, "through", "LIST", OPT_STRING, TO(through), 0,
	 "match packets inside these, too: vlan, mpls, pppoe, gre, ipip, vxlan, geneve, gtpu (UDP tunnels also with a port, as vxlan:8472), or all",
	 PACKETS | CODE | AWAY | TOPS},
	{0, "inner-only", NULL, OPT_FLAG, TO(inner_only), 0,
	 "with --through, match the packets inside only, not the one that carries them",
	 PACKETS | CODE | AWAY | TOPS},
	{'p', "no-promiscuous-mode", NULL, OPT_FLAG, TO(no_promiscuous), 0,
	 "at socket, do not make the interfaces of -i promiscuous",
	 ALL | FAR},
	{0, "remote", "[USER@]HOST[,...]", OPT_LIST, TO(remotes), 0,
	 "capture on other machines over ssh(1), by the bpfcap there; packets are merged by time here (repeatable)",
	 REMOTE},
	{0, "remote-binaries", "DIR", OPT_STRING, TO(remote_binaries), 0,
	 "run the static binary of DIR (made by make dist) on machines without bpfcap; default: $BPFCAP_REMOTE_BINARIES",
	 REMOTE},
	{'k', "kernel", "VER", OPT_STRING, TO(kernel), 0,
	 "generate code for kernel VER (5.4, 6.1 ...); default: auto, which probes the running kernel",
	 LIVE | CODE | AWAY | TOP},
	{'c', "count", "N", OPT_NUMBER, TO(packet_cnt), 1,
	 "exit after N packets",
	 OUTPUT},
	{0, "duration", "SECONDS", OPT_NUMBER, TO(duration_s), 1,
	 "exit after this time",
	 LIVE | AWAY | TOP},
	{'s', "snaplen", "LEN", OPT_NUMBER, TO(snap_len), 0,
	 "capture at most LEN bytes of each packet; 0, the default, is the maximum",
	 LIVE | CODE | AWAY},
	{'S', "stack", NULL, OPT_FLAG, TO(stack), 0,
	 "print the stack of each packet: of the kernel, or of the process at raw and mbuf",
	 PACKETS | PROGRAM | AWAY},
	{0, "netns", "NS", OPT_STRING, TO(netns), 0,
	 "capture in this network namespace only: an ip-netns(8) name, /proc/PID/ns/net, an inode, or self; -i names its interfaces",
	 PACKETS | PROGRAM | AWAY | TOPS},
	{0, "pid", "PID", OPT_NUMBER, TO(pid), 1,
	 "capture only packets processed in the context of this process",
	 PACKETS | PROGRAM | AWAY | TOPS},
	{0, "mark", "MARK[/MASK]", OPT_STRING, TO(mark), 0,
	 "capture only packets with this mark (set by iptables, nft or SO_MARK)",
	 KERNEL | AWAY},
	{0, "reason", "NAME[,NAME...]", OPT_LIST, TO(reasons), 0,
	 "capture only packets dropped for these reasons; needs a hook that knows the reason, such as drop",
	 PACKETS | PROGRAM | AWAY | TOPS},
	{'Q', "direction", "DIR", OPT_STRING, TO(direction), 0,
	 "capture only this direction: in, out or inout",
	 PACKETS | AWAY | RETOP},
	{0, "owner", NULL, OPT_FLAG, TO(owner), 0,
	 "print the process that owns the packet's socket, even at hooks that run outside any process (rx, drop)",
	 PACKETS | AWAY},
	{0, "track", NULL, OPT_FLAG, TO(track), 0,
	 "follow each matched packet through all hooks, even when it no longer matches (NAT, tunnels)",
	 KERNEL | AWAY},
	{0, "gather", NULL, OPT_FLAG, TO(gather), 0,
	 "correlate packets across hooks: print latencies, hooks that a packet did not reach, and a summary",
	 PACKETS},
	{0, "gather-by", "WHAT", OPT_STRING, TO(gather_by), 0,
	 "imply --gather; identify packets by content, ignoring what NAT rewrites (default), or by skb (address)",
	 PACKETS},
	{0, "top", "[SECONDS]", OPT_MAYBE, TO(top_s), 1,
	 "count packets in the kernel instead of printing them: a table by hook, reason and place, by flow and by process, every SECONDS (1)",
	 TOPS | PROGRAM},
	{0, "fake-hdr", NULL, OPT_FLAG, TO(fake_headers), 0,
	 "at functions where a packet has no Ethernet or IP header yet, synthesize it, the IP header from the socket",
	 KERNEL | AWAY},
	{0, "skb-data", "OFFSET", OPT_STRING, TO(skb_data), 0,
	 "at functions and tracepoints, assume that packets start OFFSET bytes (such as -14) from skb->data",
	 KERNEL | AWAY},
	{0, "call", "FILE[:FUNCTION]", OPT_STRING, TO(call), 0,
	 "call this function, assembly of bpfasm(1) or an object made by clang, for each packet that matches; it keeps or drops the packet, and may write 64 bytes that are printed and stored with it",
	 LIVE | PROGRAM},
	{'y', "linktype", "TYPE", OPT_STRING, TO(linktype), 0,
	 "treat packets as this link type (EN10MB, RAW ...)",
	 LIVE | CODE | AWAY | TOP},
	{'B', "buffer-size", "KIB", OPT_NUMBER, TO(buffer_kib), 1,
	 "size of each CPU's ring buffer in KiB, rounded up to a power of two",
	 LIVE | PROGRAM | AWAY},
	{'Z', "relinquish-privileges", "USER", OPT_STRING, TO(user), 0,
	 "change to USER once all hooks are attached",
	 LIVE | AWAY | TOP},

	{'w', "write", "FILE", OPT_STRING, TO(write_path), 0,
	 "write packets to FILE as pcapng, or pcap if it ends in .pcap; - is standard output",
	 OUTPUT},
	{'r', "read", "FILE", OPT_WORDS, TO(reads), 0,
	 "read packets from a pcap or pcapng file; - is standard input; several are merged by time (repeatable)",
	 REPLAY | RETOP},
	{0, "report", "FILE", OPT_STRING, TO(report_path), 0,
	 "at the end, write a page (HTML) to FILE: packets and drops over time, places, flows, latencies, a packet's journey; needs -r, --gather or --top",
	 CHOICE},
	{0, "format", "FORMAT", OPT_STRING, TO(format), 0,
	 "format of the -w file: pcapng, pcap, json or text",
	 OUTPUT},
	{'C', "file-size", "MB", OPT_NUMBER, TO(rotate_mb), 1,
	 "start a new file when the current one exceeds MB million bytes",
	 OUTPUT},
	{'G', "rotate", "SECONDS", OPT_NUMBER, TO(rotate_s), 1,
	 "start a new file every SECONDS; the file name is a strftime(3) format",
	 OUTPUT},
	{'W', "files", "N", OPT_NUMBER, TO(file_cnt), 1,
	 "with -C, reuse N files in turn; with -G, exit after N files",
	 OUTPUT},
	{'z', NULL, "COMMAND", OPT_STRING, TO(finished_command), 0,
	 "with -C or -G, run \"COMMAND FILE\" on each file that is finished, with the lowest priority",
	 OUTPUT},
	{0, "keep", "N|SIZE", OPT_STRING, TO(keep), 0,
	 "keep the newest N packets, or SIZE of them (64MB), in memory, and write them to the -w file at the end, on SIGUSR2, or at a --trigger",
	 LIVE},
	{0, "trigger", "CONDITION", OPT_WORDS, TO(triggers), 0,
	 "with --keep, write the file when this happens, and not at the end: drop[:REASON], HOOK, 'HOOK: EXPR', HOOK>1000/s, or latency>5ms with --gather (repeatable)",
	 LIVE},
	{0, "after", "TIME", OPT_STRING, TO(after), 0,
	 "after a --trigger, keep packets for TIME (500ms, 1s) before the file is written",
	 LIVE},
	{0, "triggers", "N", OPT_NUMBER, TO(trigger_cnt), 1,
	 "exit after N files of --trigger (1); their numbers follow the file's name",
	 LIVE},
	{'U', "packet-buffered", NULL, OPT_COUNT, TO(packet_buffered), 0,
	 "flush the output after each packet",
	 OUTPUT},
	{'l', "line-buffered", NULL, OPT_COUNT, TO(packet_buffered), 0,
	 "same as -U",
	 OUTPUT},
	{0, "print", NULL, OPT_FLAG, TO(print), 0,
	 "print packets as text even with -w",
	 OUTPUT},
	{0, "json", NULL, OPT_FLAG, TO(json), 0,
	 "print packets, or the report of --doctor, as JSON",
	 OUTPUT | DOCTOR | TOPS},

	{0, "color", "WHEN", OPT_STRING, TO(color), 0,
	 "color hooks and drops: auto (on a terminal, the default; NO_COLOR disables it), always or never",
	 OUTPUT},
	{0, "link", NULL, OPT_FLAG, TO(link), 0,
	 "print the link-layer header of each packet (tcpdump's -e)",
	 OUTPUT},
	{0, "decode", "PROGRAM[:FLAGS]", OPT_STRING, TO(decode), 0,
	 "have tcpdump or tshark print the packets, as in tcpdump:-v; time, hook, reason and place come before its line",
	 OUTPUT},
	{0, "absolute-tcp-sequence-numbers", NULL, OPT_FLAG, TO(absolute), 0,
	 "print TCP sequence numbers as they are, not relative to the first of the connection (tcpdump's -S)",
	 OUTPUT},
	{0, "tls-keys", "json", OPT_FORM, TO(tls_keys), 0,
	 "write the keys of local processes' TLS connections into the pcapng file, for Wireshark to decrypt; with =json, into JSON output too",
	 LIVE},
	{0, "keylog", "FILE", OPT_STRING, TO(keylog_path), 0,
	 "append TLS keys to FILE, an NSS key log; without --tls-keys, capture no packets",
	 LIVE},
	{0, "tls-process", "NAME", OPT_STRING, TO(tls_process), 0,
	 "read TLS keys of processes named NAME only (--pid limits them to one process)",
	 LIVE},
	{0, "tls-lib", "PATH", OPT_WORDS, TO(tls_libs), 0,
	 "watch this OpenSSL or GnuTLS library too (repeatable)",
	 LIVE},
	{0, "tls-layout", "FILE", OPT_STRING, TO(tls_layout), 0,
	 "read from FILE where TLS libraries keep keys; if FILE is a library, examine it, print that and exit",
	 LIVE | LAYOUT},

	{'n', "numeric", NULL, OPT_FLAG, TO(no_names), 0,
	 "accepted for compatibility with tcpdump; addresses and ports are always numeric",
	 ALL},
	{'q', "quick", NULL, OPT_COUNT, TO(quick), 0,
	 "print less about each packet",
	 OUTPUT},
	{'v', "verbose", NULL, OPT_COUNT, TO(verbose), 0,
	 "print more: the IP header, process and CPU (repeatable)",
	 OUTPUT | TOPS},
	{'t', NULL, NULL, OPT_COUNT, TO(time_form), 0,
	 "time: -t none, -tt since 1970, -ttt since the previous packet, -tttt with date, -ttttt since the first",
	 OUTPUT},
	{0, "nano", NULL, OPT_FLAG, TO(nano), 0,
	 "print times with nanoseconds",
	 OUTPUT},
	{'#', "number", NULL, OPT_FLAG, TO(number), 0,
	 "print a packet number at the start of each line",
	 OUTPUT},
	{'x', NULL, NULL, OPT_COUNT, TO(hex), 0,
	 "print each packet in hex; -xx includes the link-layer header",
	 OUTPUT},
	{'X', NULL, NULL, OPT_COUNT, TO(hex_ascii), 0,
	 "print each packet in hex and ASCII; -XX includes the link-layer header",
	 OUTPUT},
	{'A', NULL, NULL, OPT_FLAG, TO(ascii), 0,
	 "print each packet in ASCII",
	 OUTPUT},

	{'d', NULL, NULL, OPT_COUNT, TO(dump_cnt), 0,
	 "print the compiled filter and exit: -d listing, -dd C array, -ddd decimal; needs no privileges",
	 FILTER},
	{0, "dump", "STAGE", OPT_STRING, TO(dump_stage), 0,
	 "print one stage and exit: cbpf, ir, ebpf, program (the complete capture program) or log (the verifier's)",
	 CODE},
	{0, "doctor", NULL, OPT_FLAG, TO(doctor), 0,
	 "report what this kernel supports, what each hook lacks and how to fix it, and the sk_buff layout",
	 DOCTOR},
	{'D', "list-interfaces", NULL, OPT_FLAG, TO(list_ifaces), 0,
	 "list the network interfaces and exit",
	 LIST},
	{0, "completion", "SHELL", OPT_STRING, TO(completion), 0,
	 "print the completion script for bash or zsh, which make install puts in place",
	 SELF},
	{0, "man", NULL, OPT_FLAG, TO(man), 0,
	 "print the manual page: bpfcap --man | man -l -",
	 SELF},
	{'h', "help", NULL, OPT_FLAG, TO(help), 0,
	 "print this help and exit",
	 SELF},
	{'V', "version", NULL, OPT_FLAG, TO(version), 0,
	 "print the version and exit",
	 SELF},

	TCPDUMP_ROWS
};
/* clang-format on */

static int no_memory(struct err *e)
{
	return err_run(e, -ENOMEM, "options", "out of memory");
}

static int add_word(struct word_list *l, const char *word, struct err *e)
{
	const char **words = grow(l->words, &l->cap, l->cnt + 2, sizeof(*words));

	if (!words)
		return no_memory(e);
	l->words = words;
	words[l->cnt++] = word;
	words[l->cnt] = NULL;
	return 0;
}

/* Splits the argument, a string of argv, at its commas. */
static int add_list(struct word_list *l, const char *name, char *arg, struct err *e)
{
	char *save = NULL;

	for (char *w = strtok_r(arg, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (add_word(l, w, e) != 0)
			return e->code;
	if (!l->cnt)
		return err_input(e, -EINVAL, "options", "--%s requires at least one name", name);
	return 0;
}

static int set_precision(bool *nano, const char *arg, struct err *e)
{
	*nano = strcmp(arg, "nano") == 0;
	if (!*nano && strcmp(arg, "micro") != 0)
		return err_input(e, -EINVAL, "options",
				 "--time-stamp-precision must be micro or nano, not '%s'", arg);
	return 0;
}

static int set_own(void *values, const struct opt_row *row, char *arg, struct err *e)
{
	struct word_list *to = (struct word_list *)((char *)values + row->off);

	if (row->kind == OPT_PRECISION)
		return set_precision((bool *)((char *)values + row->off), arg, e);
	return row->kind == OPT_LIST ? add_list(to, row->name, arg, e) : add_word(to, arg, e);
}

static const struct opt_table table = {rows, sizeof(rows) / sizeof(rows[0]), set_own, true};
_Static_assert(sizeof(rows) / sizeof(rows[0]) <= OPT_ROWS_MAX, "raise OPT_ROWS_MAX");

int options_parse(struct cap_options *o, int argc, char **argv, struct err *e)
{
	struct opt_words w;
	int rc;

	*o = (struct cap_options){0};
	rc = opt_parse(&table, argc, argv, o, &w, e);
	o->command = w.command;
	if (rc == 0)
		rc = options_check_modes(o, &table, &w, e);
	if (rc == 0 && o->inner_only && !o->through)
		rc = err_input(e, -EINVAL, "options",
			       "--inner-only requires --through, which says what carries packets");
	return rc ? rc : options_find_filter(o, w.words, e);
}

void options_free(struct cap_options *o)
{
	free(o->hooks.words);
	free(o->ifaces.words);
	free(o->reasons.words);
	free(o->reads.words);
	free(o->remotes.words);
	free(o->tls_libs.words);
	free(o->triggers.words);
	free(o->joined);
	*o = (struct cap_options){0};
}

/* "--name=VALUE" of a row, quoted for a shell. */
static void put_far(struct text *t, const char *name, const char *value)
{
	struct text word = {0};

	text_printf(&word, "--%s%s%s", name, value ? "=" : "", value ? value : "");
	far_quote(t, text_str(&word));
	t->failed |= word.failed;
	text_free(&word);
}

static void put_far_row(struct text *t, const struct opt_row *row, const void *value)
{
	const struct word_list *words = value;
	char number[24];

	if (row->kind == OPT_FLAG && *(const bool *)value)
		put_far(t, row->name, NULL);
	if (row->kind == OPT_STRING && *(const char *const *)value)
		put_far(t, row->name, *(const char *const *)value);
	if (row->kind == OPT_NUMBER && *(const uint64_t *)value) {
		(void)snprintf(number, sizeof(number), "%" PRIu64, *(const uint64_t *)value);
		put_far(t, row->name, number);
	}
	for (size_t i = 0; row->kind >= OPT_OWN && i < words->cnt; i++)
		put_far(t, row->name, words->words[i]);
}

void options_far(const struct cap_options *o, struct text *t)
{
	for (size_t i = 0; i < table.cnt; i++)
		if (rows[i].modes & FAR)
			put_far_row(t, &rows[i], (const char *)o + rows[i].off);
}

void options_help(struct text *t)
{
	opt_help(&table, t);
}

bool options_completion(const char *shell, struct text *t)
{
	return complete_script(&table, "bpfcap", shell, t);
}

void options_man(struct text *t)
{
	opt_man(&table, t);
}
