/* SPDX-License-Identifier: MIT */
/*
 * help.c - prints --help and the manual page, both generated from the table of options and from
 * the library's list of hooks.
 */
#include "help.h"

#include <errno.h>
#include <stdio.h>

#include "bpfcap/probe.h"

#include "../common/fail.h"
#include "../common/text.h"

#include "manual.h"
#include "options.h"

static const struct {
	const char *command, *text;
} examples[] = {
	{"bpfcap -k 5.4 --filter icmp",
	 "print pings received, sent and dropped, with code for Linux 5.4"},
	{"bpfcap -f drop -S tcp port 443",
	 "print dropped packets with the reason and the kernel stack"},
	{"bpfcap -f tc:ingress -i eth0 -w all.pcapng",
	 "write everything that eth0 receives to a file"},
	{"bpfcap icmp -- ping -c 1 10.0.0.1",
	 "print what one command sends and receives, and exit with its status"},
	{"bpfcap -v --through vxlan tcp port 443",
	 "print HTTPS, also inside VXLAN: \"... [inside: layer 1, Ethernet at byte 50]\""},
	{"bpfcap --keep 64MB -w last.pcapng --trigger drop:NO_SOCKET",
	 "write what was captured before and with the first packet dropped for this reason"},
	{"bpfcap -f tx --call fin.s tcp",
	 "print what a function of your own keeps, and what it writes; see docs/call.md"},
	{"bpfcap --remote web1,root@web2 -f drop -S",
	 "print dropped packets of two machines, in the order of their times"},
	{"bpfcap -w - icmp6 | tcpdump -nr -", "feed a live capture to another program"},
	{"bpfcap -ddd -f tc -k 5.4 host 10.0.0.1",
	 "print the filter as a program; needs no privileges"},
};
#define EXAMPLE_CNT (sizeof(examples) / sizeof(examples[0]))

static void print(struct text *t)
{
	fputs(text_str(t), stdout);
	text_free(t);
}

void help_usage(void)
{
	struct text t = {0};
	size_t cnt;
	const struct probe_hook_help *hooks = probe_hook_help(&cnt);

	text_put(&t, "usage: bpfcap [options] [expression...] [-- COMMAND [argument...]]\n"
		     "Captures packets anywhere in the kernel and filters them there; with\n"
		     "COMMAND, as long as it runs.\n\n");
	options_help(&t);
	text_put(&t, "\nHooks:\n");
	for (size_t i = 0; i < cnt; i++)
		text_printf(&t, "  %-28s %s (needs: %s)\n", hooks[i].spec, hooks[i].text,
			    hooks[i].needs);
	text_put(&t, "\nExamples:\n");
	for (size_t i = 0; i < EXAMPLE_CNT; i++)
		text_printf(&t, "  %s\n      %s\n", examples[i].command, examples[i].text);
	text_put(&t, "\nExit status: 0 success; 1 failure; 2 usage error or invalid filter; else "
		     "that of\nCOMMAND.\n");
	print(&t);
}

int help_completion(const char *shell, struct err *e)
{
	struct text t = {0};

	if (!options_completion(shell, &t))
		return err_input(e, -EINVAL, "options",
				 "--completion must be bash or zsh, not '%s'", shell);
	print(&t);
	return 0;
}

/* Appends text, with the characters that are special in man(7) escaped. */
static void put_roff(struct text *t, const char *s)
{
	for (; *s; s++) {
		if (*s == '-' || *s == '\\')
			text_put(t, "\\");
		text_bytes(t, s, 1);
	}
}

static void put_entry(struct text *t, const char *name, const char *body)
{
	text_put(t, ".TP\n.B ");
	put_roff(t, name);
	text_put(t, "\n");
	put_roff(t, body);
	text_put(t, "\n");
}

/* Up to the options. */
static void put_description(struct text *t)
{
	text_put(
		t,
		".TH BPFCAP 8 \"\" \"bpfcap " BPFCAP_VERSION "\"\n"
		".SH NAME\nbpfcap \\- capture packets anywhere in the kernel\n"
		".SH SYNOPSIS\n.B bpfcap\n[options] [expression...] [\\-\\- \\fICOMMAND\\fR "
		"[argument...]]\n"
		".SH DESCRIPTION\n"
		"Captures packets at hooks in the Linux kernel (5.4 and later) that match a\n"
		".BR pcap\\-filter (7)\n"
		"expression, and prints them or writes them to a file. It needs no BTF, kernel\n"
		"headers or compiler. Hooks that trace the kernel (all but tc, xdp and socket)\n"
		"see the packets of the whole machine, in all network namespaces;\n.B "
		"\\-\\-netns\n"
		"and\n.B \\-i\nlimit them.\n"
		".PP\nWith\n.IR COMMAND ,\n"
		"bpfcap runs it once all hooks are attached, captures until it ends, and prints\n"
		"and returns its status. A signal that a process sends to bpfcap is forwarded\n"
		"to it; when the capture ends first\n.RB ( \\-c ,\n.BR \\-\\-duration ),\n"
		"it receives SIGTERM.\n"
		".PP\nWith\n.BR \\-\\-remote ,\n"
		"ssh(1) runs bpfcap on other machines, as configured for the user. A packet waits\n"
		"for earlier ones of other machines for half a second at most. A machine that\n"
		"fails is reported and does not end the others. If bpfcap is missing there, the\n"
		"static binary of\n.B \\-\\-remote\\-binaries\n"
		"runs: copied, compared with its line in SHA256SUMS there, and removed.\n"
		".PP\nAn option that has no meaning with\n"
		".BR \\-r ,\n.BR \\-\\-remote ,\n.BR \\-d ,\n.BR \\-\\-dump ,\n.B "
		"\\-\\-doctor\nor\n.B \\-D\n"
		"is refused.\n"
		".SH OPTIONS\n");
}

void help_man(void)
{
	struct text t = {0};
	size_t cnt;
	const struct probe_hook_help *hooks = probe_hook_help(&cnt);

	put_description(&t);
	options_man(&t);
	text_put(&t, ".SH HOOKS\n");
	for (size_t i = 0; i < cnt; i++) {
		put_entry(&t, hooks[i].spec, hooks[i].text);
		text_put(&t, ".br\nNeeds: ");
		put_roff(&t, hooks[i].needs);
		text_put(&t, "\n");
	}
	manual_sections(&t);
	text_put(&t,
		 ".SH EXIT STATUS\n0: success. 1: a failure at run time. 2: a usage error or an\n"
		 "invalid filter. With\n.IR COMMAND ,\nits status after a successful capture.\n.SH "
		 "EXAMPLES\n");
	for (size_t i = 0; i < EXAMPLE_CNT; i++)
		put_entry(&t, examples[i].command, examples[i].text);
	text_put(&t,
		 ".PP\nA session at a host that receives VXLAN:\n.PP\n.nf\n"
		 "# bpfcap \\-tv \\-f rx \\-i v0 \\-\\-through all \\(aqicmp and host "
		 "10.9.0.1\\(aq\n"
		 "v0 rx IP (tos 0x0, ttl 64, id 6987, offset 0, flags [none], proto UDP (17),\n"
		 "length 134) 192.0.2.1.46100 > 192.0.2.2.4789: VXLAN, flags [I] (0x08), vni 7:\n"
		 "IP (tos 0x0, ttl 64, id 45763, offset 0, flags [DF], proto ICMP (1), length 84)\n"
		 "10.9.0.1 > 10.9.0.2: ICMP echo request, id 2921, seq 1, length 64\n"
		 "[inside: layer 1, Ethernet at byte 50]\n.fi\n");
	text_put(&t, ".SH SEE ALSO\n.BR tcpdump (8),\n.BR pcap\\-filter (7)\n");
	print(&t);
}
