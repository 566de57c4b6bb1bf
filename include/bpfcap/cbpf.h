/* SPDX-License-Identifier: MIT */
/*
 * cbpf.h - classic BPF: from a pcap-filter(7) expression, from text, checked, printed, run.
 *
 * libpcap compiles the expressions and reads capture files; this header is the project's only way
 * to it, since pcap.h and linux/bpf.h define the same names.
 *
 *	struct cbpf_prog p;
 *
 *	if (cbpf_compile("tcp port 443", CBPF_LINKTYPE_ETHERNET, 65535, true, &p, &e) == 0) {
 *		matches = cbpf_run(&p, packet, cap_len, len) != 0;
 *		cbpf_prog_free(&p);
 *	}
 */
#ifndef BPFCAP_CBPF_H
#define BPFCAP_CBPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bpfcap/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One instruction: struct sock_filter of linux/filter.h, struct bpf_insn of pcap/bpf.h. */
struct cbpf_insn {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

/* A program; `insns` is malloc'ed, released by cbpf_prog_free(). */
struct cbpf_prog {
	struct cbpf_insn *insns;
	size_t cnt;
};

/* Link types by their number in files (LINKTYPE_*, https://www.tcpdump.org/linktypes.html). */
enum cbpf_linktype {
	CBPF_LINKTYPE_NULL = 0,
	CBPF_LINKTYPE_ETHERNET = 1,
	CBPF_LINKTYPE_PPP = 9,
	CBPF_LINKTYPE_PPP_HDLC = 50,
	CBPF_LINKTYPE_RAW = 101,
	CBPF_LINKTYPE_C_HDLC = 104,
	CBPF_LINKTYPE_FRAME_RELAY = 107,
	CBPF_LINKTYPE_LOOP = 108,
	CBPF_LINKTYPE_LINUX_SLL = 113,
	CBPF_LINKTYPE_IPV4 = 228,
	CBPF_LINKTYPE_IPV6 = 229,
	CBPF_LINKTYPE_LINUX_SLL2 = 276,
};

void cbpf_prog_free(struct cbpf_prog *p);

/*
 * Compiles `expr` ("" or NULL matches all) for a link type. A matching packet gives `snap_len`.
 * With `optimize` libpcap's own optimizer runs; it is quadratic, and cbpf2ebpf does not need it.
 * Fails with -EINVAL (input): libpcap's reason, with the column where libpcap knows it.
 */
int cbpf_compile(const char *expr, int linktype, uint32_t snap_len, bool optimize,
		 struct cbpf_prog *out, struct err *e);

#define CBPF_NETMASK_UNKNOWN 0xffffffffu /* `ip broadcast` is then refused */
/* Compiles, without the optimizer, for an interface with this IPv4 netmask (in network order). */
int cbpf_compile_on(const char *expr, int linktype, uint32_t netmask, uint32_t snap_len,
		    struct cbpf_prog *out, struct err *e);

/*
 * The same for packets that a packet socket gets, as live tcpdump does it: optimized, and `vlan`
 * asks the kernel for the tag that it keeps beside an Ethernet frame. -EPERM: this needs
 * CAP_NET_RAW.
 */
int cbpf_compile_live(const char *expr, int linktype, uint32_t netmask, uint32_t snap_len,
		      struct cbpf_prog *out, struct err *e);
bool cbpf_is_about_tags(const char *expr); /* whether that can make a difference */

/*
 * The same for packets of a capture file, as tcpdump -r does it. `swapped`: written by a machine
 * of the other byte order. Refuses what a file does not record (inbound, ifindex ...).
 */
int cbpf_compile_file(const char *expr, int linktype, bool swapped, bool optimize,
		      struct cbpf_prog *out, struct err *e);

/* "EN10MB", "RAW", "LINUX_SLL" ... as -y takes them -> LINKTYPE number, or -EINVAL (input). */
int cbpf_linktype_by_name(const char *name, struct err *e);
/* The name of a LINKTYPE number, or NULL. */
const char *cbpf_linktype_name(int linktype);

/*
 * Checks that an interpreter can run the program: the opcodes are known, jumps stay inside and,
 * except for those of protochain, lead forward, scratch cells are below 16, and the last
 * instruction returns. A constant divisor may be zero: any division by zero ends the program with
 * 0. 0, or -EINVAL with the index of the instruction.
 */
int cbpf_check(const struct cbpf_prog *p, struct err *e);

/*
 * The first ancillary data (SKF_AD_* of linux/filter.h) that the program loads, by its name in
 * tcpdump -d. Ancillary data is metadata that the kernel has and a file does not. NULL: none.
 */
const char *cbpf_asks_for(const struct cbpf_prog *p);

/*
 * True if the program is surely a seccomp filter: it loads words of struct seccomp_data only, and
 * returns SECCOMP_RET_* only, one of which lets a system call pass. Such a program, taken for a
 * filter of packets, matches arbitrary ones. *p is one that cbpf_check() accepts.
 */
bool cbpf_is_seccomp(const struct cbpf_prog *p);

/* Reads what `tcpdump -ddd` prints (a count, then "code jt jf k" a line). -EINVAL with the line. */
int cbpf_parse(const char *text, struct cbpf_prog *out, struct err *e);

#define CBPF_TEXT_LEN 80
/* Writes instruction i as tcpdump -d does: "(003) jeq      #0x800           jt 4\tjf 5". */
void cbpf_disasm(const struct cbpf_prog *p, size_t i, char text[CBPF_TEXT_LEN]);

/*
 * Runs the program with libpcap's interpreter, the oracle, and returns its result. What that
 * interpreter leaves undefined is defined as in compiled filters, and loops end. `len` is the real
 * length, `cap_len` what `packet` holds.
 */
uint32_t cbpf_run(const struct cbpf_prog *p, const uint8_t *packet, uint32_t cap_len, uint32_t len);
/* True if libpcap's interpreter defines everything that the program does. cbpf_run_plain() may then
 * run it, which is faster: it does not inspect each instruction for each packet. */
bool cbpf_is_plain(const struct cbpf_prog *p);
uint32_t cbpf_run_plain(const struct cbpf_prog *p, const uint8_t *packet, uint32_t cap_len,
			uint32_t len);

/* ---- Capture files, read through libpcap (pcap and pcapng) ---------------------------------- */

struct cbpf_file;

struct cbpf_packet {
	uint64_t time_s; /* since 1970 */
	uint32_t time_ns;
	uint32_t len; /* on the wire */
	uint32_t cap_len;
	const uint8_t *data; /* valid until the next read */
};

/*
 * Opens a file, "-" for standard input. 0, or -errno: -EINVAL (input) if it is not a capture file.
 */
int cbpf_file_open(struct cbpf_file **out, const char *path, struct err *e);
/* The same for a stream, which is closed even on failure; `path` is for messages. */
int cbpf_file_open_stream(struct cbpf_file **out, FILE *f, const char *path, struct err *e);
/* True if a machine of the other byte order wrote the file. */
bool cbpf_file_swapped(const struct cbpf_file *f);
/* The upper bits of its link type field, such as the length of the frame check sequence. */
unsigned cbpf_file_upper_bits(const struct cbpf_file *f);
/* The LINKTYPE number of its packets, and its snap length. */
int cbpf_file_linktype(const struct cbpf_file *f);
int cbpf_file_snap_len(const struct cbpf_file *f);
/* 1 with a packet, 0 at the end, -errno. */
int cbpf_file_next(struct cbpf_file *f, struct cbpf_packet *p, struct err *e);
void cbpf_file_close(struct cbpf_file *f);

#ifdef __cplusplus
}
#endif
#endif
