/* SPDX-License-Identifier: MIT */
/*
 * libpcap.c - calls libpcap to compile expressions, for link types, and as an interpreter. Only
 * this file and libpcap_file.c include pcap.h, whose struct bpf_insn differs from the kernel's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "code.h"
#include "expr.h"
#include "libpcap.h"
#include "place.h"
#include "../../util.h"

/*
 * libpcap's generator is quadratic: expressions of at least this many characters and parts are
 * split. With its optimizer the whole gives better programs, as long as that takes no more than 0.1
 * s.
 */
#define LONG_LEN	    256
#define PARTS_MIN	    16
#define PARTS_MIN_OPTIMIZED 128

_Static_assert(CBPF_NETMASK_UNKNOWN == PCAP_NETMASK_UNKNOWN, "same value");
_Static_assert(sizeof(struct bpf_insn) == sizeof(struct cbpf_insn), "same layout");

/* ---- Link types --------------------------------------------------------------------------- */

/* libpcap's DLT_ numbers equal those in files (LINKTYPE_), except for these. */
static const struct {
	int linktype, dlt;
} other_numbers[] = {
	{CBPF_LINKTYPE_RAW, DLT_RAW},
	{CBPF_LINKTYPE_LOOP, DLT_LOOP},
};
#define OTHER_NUMBER_CNT ARRAY_LEN(other_numbers)

static int dlt_of(int linktype)
{
	for (size_t i = 0; i < OTHER_NUMBER_CNT; i++)
		if (other_numbers[i].linktype == linktype)
			return other_numbers[i].dlt;
	return linktype;
}

int cbpf_linktype_of_dlt(int dlt)
{
	for (size_t i = 0; i < OTHER_NUMBER_CNT; i++)
		if (other_numbers[i].dlt == dlt)
			return other_numbers[i].linktype;
	return dlt;
}

int cbpf_linktype_by_name(const char *name, struct err *e)
{
	int dlt = pcap_datalink_name_to_val(name);

	if (dlt < 0)
		return err_input(
			e, -EINVAL, "filter",
			"unknown link type '%s'; EN10MB, RAW and LINUX_SLL2 are usual ones", name);
	return cbpf_linktype_of_dlt(dlt);
}

const char *cbpf_linktype_name(int linktype)
{
	return pcap_datalink_val_to_name(dlt_of(linktype));
}

/* ---- Expressions -------------------------------------------------------------------------- */

static int take_program(const struct bpf_program *from, struct cbpf_prog *to, struct err *e)
{
	to->insns = calloc(from->bf_len, sizeof(*to->insns));
	if (!to->insns)
		return err_run(e, -ENOMEM, "filter", "no memory for the filter");
	memcpy(to->insns, from->bf_insns, from->bf_len * sizeof(*to->insns));
	to->cnt = from->bf_len;
	return 0;
}

struct compiler {
	pcap_t *pcap;
	uint32_t netmask; /* 0 in files, as tcpdump does */
	bool optimize;
	const char *whole; /* of which a part may be compiled */
	struct err *err;
};

static bool refuses(void *user, const char *expr)
{
	const struct compiler *c = user;
	struct bpf_program prog = {0};

	if (pcap_compile(c->pcap, &prog, expr, 0, c->netmask) < 0)
		return strstr(pcap_geterr(c->pcap), "syntax error");
	pcap_freecode(&prog);
	return false;
}

static int refuse(struct compiler *c)
{
	char why[PCAP_ERRBUF_SIZE], place[PLACE_LEN];

	(void)snprintf(why, sizeof(why), "%s", pcap_geterr(c->pcap));
	c2e_place(c->whole, why, refuses, c, place);
	return err_input(c->err, -EINVAL, "filter", "%s%s", why, place);
}

static int compile(void *user, const char *expr, struct cbpf_prog *out)
{
	struct compiler *c = user;
	struct bpf_program prog = {0};
	int rc;

	if (pcap_compile(c->pcap, &prog, expr, c->optimize, c->netmask) < 0)
		return refuse(c);
	rc = take_program(&prog, out, c->err);
	pcap_freecode(&prog);
	return rc;
}

/*
 * Link types whose headers have a fixed length: libpcap adds no code before the whole program that
 * a part would not need.
 */
static bool has_fixed_header(int dlt)
{
	static const int dlts[] = {DLT_EN10MB, DLT_RAW,	 DLT_NULL,	DLT_LOOP,
				   DLT_IPV4,   DLT_IPV6, DLT_LINUX_SLL, DLT_LINUX_SLL2};

	for (size_t i = 0; i < ARRAY_LEN(dlts); i++)
		if (dlts[i] == dlt)
			return true;
	return false;
}

/*
 * Compiles a long expression in parts; -ENOTSUP if it cannot be split. -EINVAL: libpcap refuses a
 * part, and would refuse the whole (only its optimizer also refuses a part that never matches).
 */
static int compile_parts(struct compiler *c, const char *expr, struct cbpf_prog *out)
{
	uint32_t min = c->optimize ? PARTS_MIN_OPTIMIZED : PARTS_MIN;
	int rc = -ENOTSUP;

	if (has_fixed_header(pcap_datalink(c->pcap)) && strlen(expr) >= LONG_LEN)
		rc = c2e_expr_compile(expr, min, compile, c, out);
	if (rc == -ENOMEM)
		return err_run(c->err, rc, "filter", "no memory for the filter");
	return rc == -EINVAL && c->optimize ? -ENOTSUP : rc;
}

/*
 * libpcap compiles for a file as for a file only if it has opened one: this one has no packets.
 * Byte order and origin matter for DLT_NULL, and for what files do not hold (inbound, ifindex).
 */
static pcap_t *open_empty(int linktype, bool swapped, struct err *e)
{
	struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, accuracy, snap_len, linktype;
	} head = {0xa1b2c3d4, 2, 4, 0, 0, UINT16_MAX, (uint32_t)linktype};
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap;
	FILE *f;

	if (swapped) {
		head.magic = __builtin_bswap32(head.magic);
		head.major = __builtin_bswap16(head.major);
		head.minor = __builtin_bswap16(head.minor);
		head.snap_len = __builtin_bswap32(head.snap_len);
		head.linktype = __builtin_bswap32(head.linktype);
	}
	f = fmemopen(&head, sizeof(head), "r");
	pcap = f ? pcap_fopen_offline(f, why) : NULL;
	if (!pcap) {
		if (f)
			fclose(f);
		(void)err_run(e, -ENOMEM, "filter", "libpcap cannot be set up: %s", why);
	}
	return pcap;
}

static int compile_with(struct compiler *c, const char *expr, struct cbpf_prog *out)
{
	int rc;

	*out = (struct cbpf_prog){0};
	if (!c->pcap)
		return -ENOMEM;
	c->whole = expr = expr ? expr : "";
	rc = compile_parts(c, expr, out);
	if (rc == -ENOTSUP)
		rc = compile(c, expr, out);
	pcap_close(c->pcap);
	return rc;
}

static int compile_for(const struct compiler *like, const char *expr, int linktype,
		       uint32_t snap_len, struct cbpf_prog *out)
{
	struct compiler c = *like;

	c.pcap = pcap_open_dead(dlt_of(linktype), (int)snap_len);
	if (!c.pcap)
		(void)err_run(c.err, -ENOMEM, "filter", "no memory for libpcap");
	return compile_with(&c, expr, out);
}

int cbpf_compile(const char *expr, int linktype, uint32_t snap_len, bool optimize,
		 struct cbpf_prog *out, struct err *e)
{
	const struct compiler c = {.netmask = CBPF_NETMASK_UNKNOWN, .optimize = optimize, .err = e};

	return compile_for(&c, expr, linktype, snap_len, out);
}

int cbpf_compile_on(const char *expr, int linktype, uint32_t netmask, uint32_t snap_len,
		    struct cbpf_prog *out, struct err *e)
{
	/* libpcap compares the mask with a loaded word as it is, in host order; tcpdump gives it
	 * the network order, and misses broadcasts on little-endian machines. */
	const struct compiler c = {.netmask = ntohl(netmask), .err = e};

	return compile_for(&c, expr, linktype, snap_len, out);
}

/* libpcap asks the kernel for tags only if it captures at an Ethernet interface. */
static pcap_t *open_live(uint32_t snap_len, int *code, struct err *e)
{
	struct if_nameindex *all = if_nameindex();
	pcap_t *pcap = NULL;
	char why[PCAP_ERRBUF_SIZE];

	*code = 0;
	for (struct if_nameindex *i = all; i && i->if_index && *code != PCAP_ERROR_PERM_DENIED;
	     i++) {
		pcap = pcap_create(i->if_name, why);
		if (!pcap)
			continue;
		(void)pcap_set_snaplen(pcap, (int)snap_len);
		(void)pcap_set_buffer_size(pcap, 1);
		*code = pcap_activate(pcap);
		if (*code >= 0 && pcap_datalink(pcap) == DLT_EN10MB)
			break;
		pcap_close(pcap);
		pcap = NULL;
	}
	if_freenameindex(all);
	if (!pcap)
		*code = err_run(
			e, *code == PCAP_ERROR_PERM_DENIED ? -EPERM : -ENODEV, "filter",
			"a filter of VLAN tags at a packet socket needs CAP_NET_RAW, and an "
			"Ethernet interface that is up, such as lo");
	return pcap;
}

int cbpf_compile_live(const char *expr, int linktype, uint32_t netmask, uint32_t snap_len,
		      struct cbpf_prog *out, struct err *e)
{
	bool tags = linktype == CBPF_LINKTYPE_ETHERNET && cbpf_is_about_tags(expr);
	struct compiler c = {.netmask = netmask, .optimize = true, .err = e};
	int rc = -EINVAL;

	for (int tries = 2; rc == -EINVAL && tries > 0; tries--) {
		c.pcap = tags ? open_live(snap_len, &rc, e) : NULL;
		if (c.pcap)
			rc = compile_with(&c, expr, out);
		else if (!tags)
			rc = compile_for(&c, expr, linktype, snap_len, out);
		c.optimize = false; /* which refuses some expressions without reason */
	}
	return rc;
}

int cbpf_compile_file(const char *expr, int linktype, bool swapped, bool optimize,
		      struct cbpf_prog *out, struct err *e)
{
	struct compiler c = {
		.pcap = open_empty(linktype, swapped, e), .optimize = optimize, .err = e};

	return compile_with(&c, expr, out);
}

uint32_t cbpf_run_plain(const struct cbpf_prog *p, const uint8_t *packet, uint32_t cap_len,
			uint32_t len)
{
	return bpf_filter((const struct bpf_insn *)p->insns, packet, len, cap_len);
}
