/* SPDX-License-Identifier: MIT */
/*
 * options_tcpdump.h - the options of tcpdump 4.99 that bpfcap does not have: accepted if they would
 * change nothing, else refused with what to use instead.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_OPTIONS_TCPDUMP_H
#define BPFCAP_TOOLS_BPFCAP_OPTIONS_TCPDUMP_H

#define ACCEPTED(letter, name)                                                                     \
	{                                                                                          \
		letter, name, NULL, OPT_IGNORED, 0, 0, NULL, ALL                                   \
	}
#define REFUSED(letter, name, arg, instead)                                                        \
	{                                                                                          \
		letter, name, arg, OPT_REFUSED, 0, 0, instead, ALL                                 \
	}
#define READ_WITH_TCPDUMP(letter, arg)                                                             \
	REFUSED(letter, NULL, arg, "write a file with -w and read it with tcpdump")

/* clang-format off */
#define TCPDUMP_ROWS \
	ACCEPTED('N', NULL), /* names have no domains: addresses are numbers */ \
	ACCEPTED(0, "micro"), \
	{0, "time-stamp-precision", "PRECISION", OPT_PRECISION, TO(nano), 0, \
	 "print micro- or nanoseconds: micro or nano", OUTPUT}, \
	REFUSED('K', "dont-verify-checksums", NULL, "checksums are verified with -v only"), \
	REFUSED('O', "no-optimize", NULL, "--dump=cbpf prints the filter as libpcap wrote it"), \
	REFUSED('L', "list-data-link-types", NULL, "the hook determines the link type, see -y"), \
	REFUSED('I', "monitor-mode", NULL, "set monitor mode with iw(8) first"), \
	REFUSED('j', "time-stamp-type", "TYPE", "time stamps are from the kernel's clock"), \
	REFUSED('J', "list-time-stamp-types", NULL, "time stamps are from the kernel's clock"), \
	REFUSED(0, "immediate-mode", NULL, "-l prints each packet at once"), \
	READ_WITH_TCPDUMP('H', NULL), \
	READ_WITH_TCPDUMP('E', "ALGO:SECRET"), \
	READ_WITH_TCPDUMP('M', "SECRET"), \
	READ_WITH_TCPDUMP('T', "TYPE"), \
	READ_WITH_TCPDUMP('b', NULL), \
	READ_WITH_TCPDUMP('u', NULL),
/* clang-format on */

#endif
