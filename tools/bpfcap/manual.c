/* SPDX-License-Identifier: MIT */
/*
 * manual.c - the sections of the manual page that are prose: what bpfcap prints, its counts and
 * signals, losses, privileges, and how it differs from tcpdump. Appends man(7) source.
 */
#include "manual.h"

static const char output_format[] =
	".SH OUTPUT FORMAT\n"
	"A packet is one line:\n.PP\n.nf\n"
	"04:20:25.153066 netns:left veth0 drop (NO_SOCKET, ping_rcv+0xab) IP 10.77.0.2 > "
	"10.77.0.1: ...\n"
	".fi\n.PP\n"
	"These are the time, the network namespace (once packets of a second one have been\n"
	"seen: its name, or its inode), the interface, the hook, at \\fIdrop\\fR the reason and\n"
	"the instruction that dropped the packet, and the packet as tcpdump prints it with\n"
	".BR \\-n .\n"
	"\\fIIn\\fR or \\fIOut\\fR follows hooks whose name does not imply the direction.\n"
	"With\n.B \\-v\n"
	"the process, CPU and sk_buff follow in brackets. Stacks\n.RB ( \\-S )\n"
	"and bytes\n.RB ( \\-x ,\n.BR \\-X ,\n.BR \\-A )\n"
	"are on the lines after it.\n"
	".PP\nWith\n.B \\-\\-gather\n"
	"a packet and its hooks are a tree, which is printed a second after the packet was first\n"
	"seen. Each branch begins with the time since then. A branch repeats the packet only if\n"
	"it has changed since the hook before:\n.PP\n.nf\n"
	"04:20:25.153013 IP 10.77.0.1 > 10.77.0.2: ICMP echo request, id 9455, seq 2, length 64\n"
	"|\\-      0.000 us  veth0 tx\n"
	"\\(ga\\-     18.912 us  veth1 rx\n"
	".fi\n.PP\nWith\n.B \\-\\-json\n"
	"each packet is an object on a line of its own; packet.schema.json describes its\n"
	"members.\n";

static const char counts[] =
	".SH COUNTS\n"
	"Counts go to standard error, at the end and on SIGUSR1:\n"
	".TP\ncaptured\npackets that were printed or written\n"
	".TP\nmatched by the filter\npackets that the filter accepted, counted in the kernel\n"
	".TP\npassed over\nmatched, but not wanted: beyond\n.BR \\-c ,\n"
	"of another direction than\n.BR \\-Q ,\nor after the last file of\n.B \\-W\n"
	".TP\nlost\nmatched and wanted, but not captured, with the cause: \\fIring full\\fR,\n"
	"\\fIunreadable or missed\\fR, \\fIrefused by the kernel\\fR, \\fIof another link "
	"type\\fR\n"
	"(which a pcap file cannot hold) or \\fInot written\\fR (a full disk, for example).\n"
	"With several hooks a line for each of them follows.\n"
	".PP\nCaptured, passed over and lost packets add up to those matched. With\n"
	".B \\-\\-gather\n"
	"a table of the hooks and a histogram of their latencies come first. With\n"
	".B \\-\\-keep\n"
	"captured packets are those that were held; a line says how many of them were\n"
	"overwritten by newer ones and how many were written.\n";

static const char recorder[] =
	".SH FLIGHT RECORDER\n"
	".B \\-\\-keep\n"
	"holds the newest packets in memory that is reserved once. Without\n"
	".B \\-\\-trigger\n"
	"they are written at the end and on SIGUSR2; with it, at the packet that fulfils a\n"
	"condition, which is part of the file, or\n.B \\-\\-after\n"
	"a time that follows it. A file is written as \\fIFILE\\fR.part and renamed when it is\n"
	"complete; a packet is in one file at most. Files are \\fIFILE\\fR, \\fIFILE\\fR1 and so\n"
	"on; with \\-\\-triggers 10, \\fIFILE\\fR0 to \\fIFILE\\fR9. Conditions:\n"
	".TP\ndrop, drop:REASON\na dropped packet, of this reason\n"
	".TP\nHOOK, HOOK: EXPRESSION\na packet of this hook of\n.BR \\-f ,\nwhich matches\n"
	".TP\nHOOK>N/s, drop:REASON>N/s\nmore than N such packets within a second\n"
	".TP\nlatency>TIME\nwith\n.BR \\-\\-gather ,\n"
	"the time from the first hook that saw a packet to another one\n";

static const char signals[] =
	".SH SIGNALS\n"
	"SIGINT, SIGTERM and SIGHUP end the capture: its files are complete, and the\n"
	"counts are printed. SIGUSR1 prints the counts meanwhile. With\n.B \\-\\-keep\n"
	"SIGUSR2 writes the packets that are held to a file.\n"
	".SH LOSSES\n"
	"Each CPU has a ring buffer\n.RB ( \\-B ).\n"
	"Packets are lost when they come faster than bpfcap reads them. Then bpfcap prints the\n"
	"size that would have held them. A filter, fewer hooks or a smaller\n.B \\-s\n"
	"also help, and files\n.RB ( \\-w )\nneed less time than text.\n";

static const char privileges[] =
	".SH PRIVILEGES\n"
	"Run bpfcap as root, or with the capabilities that the hooks need: CAP_BPF, CAP_PERFMON\n"
	"and CAP_NET_ADMIN for tracing hooks, CAP_BPF and CAP_NET_ADMIN for tc and xdp,\n"
	"CAP_NET_RAW for packet sockets; before Linux 5.8, CAP_SYS_ADMIN instead of CAP_BPF and\n"
	"CAP_PERFMON.\n.B \\-\\-doctor\n"
	"reports what is missing. Printing a program\n.RB ( \\-d )\n"
	"and reading a file\n.RB ( \\-r )\n"
	"need no privileges. During the capture bpfcap keeps only what it still needs;\n"
	".B \\-Z\nchanges to another user as well.\n";

static const char differences[] =
	".SH DIFFERENCES FROM TCPDUMP\n"
	"The default hooks see each packet where it is received, sent and dropped, on all\n"
	"interfaces and in all network namespaces, so one packet can be several lines.\n"
	".B \\-f socket\ncaptures what tcpdump captures.\n"
	".PP\n.B \\-e\ntakes an expression; link\\-layer headers are printed with\n"
	".BR \\-\\-link .\n.B \\-S\n"
	"prints kernel stacks; sequence numbers are absolute with\n"
	".BR \\-\\-absolute\\-tcp\\-sequence\\-numbers .\n"
	"Addresses and ports are always numbers. Files are pcapng unless their name\n"
	"ends in .pcap. VLAN tags are printed without\n.BR \\-e .\n"
	"Options of tcpdump that bpfcap does not have are refused with what to use instead.\n";

void manual_sections(struct text *t)
{
	text_put(t, output_format);
	text_put(t, counts);
	text_put(t, recorder);
	text_put(t, signals);
	text_put(t, privileges);
	text_put(t, differences);
}
