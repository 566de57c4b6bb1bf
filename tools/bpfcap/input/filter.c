/* SPDX-License-Identifier: MIT */
/*
 * filter.c - filters packets of files: takes an expression and interfaces, gives verdicts. Link
 * type, byte order and format of a file decide how an expression is compiled. Fails with libpcap's
 * reason, or because no packet can match.
 */
#include "filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/cbpf2ebpf.h"

#include "../../../src/util.h"
#include "../../common/fail.h"

#include "inside.h"

/* One load of metadata, which is not in the packet's bytes. */
struct asked {
	size_t insn;
	bool ifindex; /* else the direction */
};

struct filter_kind {
	int linktype;
	bool swapped, from_pcap;
	bool answered; /* the file has the metadata that the filter loads, for some packet */
	bool plain;    /* libpcap's interpreter defines all that the program does */
	int failed;    /* -errno: the expression has no meaning for this link type */
	struct err why;
	struct cbpf_prog prog;
	struct cbpf2ebpf_matcher *matcher; /* NULL: an interpreter runs the program */
	struct asked *asked;
	size_t asked_cnt;
};

static bool is_kind(const struct filter_kind *k, const struct input_iface *f)
{
	return k->linktype == f->linktype && k->swapped == f->swapped &&
	       k->from_pcap == f->from_pcap;
}

static struct filter_kind *find(struct filters *f, const struct input_iface *iface)
{
	if (f->last < f->cnt && is_kind(&f->kinds[f->last], iface))
		return &f->kinds[f->last];
	for (f->last = 0; f->last < f->cnt; f->last++)
		if (is_kind(&f->kinds[f->last], iface))
			return &f->kinds[f->last];
	return NULL;
}

/* ---- What is not in the bytes ------------------------------------------------------------- */

static bool is_ancillary(const struct cbpf_insn *in)
{
	return (in->code & 0xe7) == (BPF_LD | BPF_ABS) && in->k >= (uint32_t)SKF_AD_OFF &&
	       in->k < (uint32_t)SKF_AD_OFF + SKF_AD_MAX;
}

/* Lists the loads of direction and interface; -ENOTSUP: it loads more than files hold. */
static int list_asked(struct filter_kind *k)
{
	k->asked = calloc(k->prog.cnt, sizeof(*k->asked));
	if (!k->asked)
		return -ENOMEM;
	for (size_t i = 0; i < k->prog.cnt; i++) {
		struct cbpf_insn *in = &k->prog.insns[i];
		uint32_t what = in->k - (uint32_t)SKF_AD_OFF;

		if (!is_ancillary(in))
			continue;
		if (what != SKF_AD_PKTTYPE && what != SKF_AD_IFINDEX)
			return -ENOTSUP;
		k->asked[k->asked_cnt++] = (struct asked){i, what == SKF_AD_IFINDEX};
		in->code = BPF_LD | BPF_IMM;
	}
	return k->asked_cnt ? 0 : -ENOTSUP;
}

/* Puts the file's metadata of a packet into the program; false if the file has none. */
static bool answer(struct filter_kind *k, const struct probe_event *ev)
{
	for (size_t i = 0; i < k->asked_cnt; i++) {
		struct cbpf_insn *in = &k->prog.insns[k->asked[i].insn];

		if (k->asked[i].ifindex ? ev->ifindex == 0 : ev->dir == PROBE_DIR_UNKNOWN)
			return false;
		in->k = k->asked[i].ifindex	   ? ev->ifindex
			: ev->dir == PROBE_DIR_OUT ? PACKET_OUTGOING
						   : PACKET_HOST;
	}
	k->answered = true;
	return true;
}

/* ---- Compiling ---------------------------------------------------------------------------- */

/* In pcapng, direction and interface can be known: as in a live capture. */
static int compile_asking(struct filter_kind *k, const char *expr)
{
	int rc = cbpf_compile_on(expr, k->linktype, 0, UINT32_MAX, &k->prog, NULL);

	if (rc == 0)
		rc = list_asked(k);
	if (rc < 0) {
		cbpf_prog_free(&k->prog);
		free(k->asked);
		k->asked = NULL;
		k->asked_cnt = 0;
	}
	return rc;
}

/* At such offsets libpcap finds nothing, and the kernel headers. */
static bool counts_from_headers(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++)
		if ((p->insns[i].code & 0xe7) == (BPF_LD | BPF_ABS) && p->insns[i].k > INT32_MAX)
			return true;
	return false;
}

/* Also makes the matcher, unless metadata is loaded, which differs from packet to packet. */
static bool rejects_all(struct filter_kind *k)
{
	struct cbpf2ebpf_filter *f;
	struct cbpf2ebpf_info info;
	bool yes = cbpf2ebpf_filter_new(&f, &k->prog, k->linktype, NULL, NULL) == 0 &&
		   cbpf2ebpf_analyze(f, &info, NULL) == 0 && info.matches_none;

	if (f && !counts_from_headers(&k->prog))
		(void)cbpf2ebpf_matcher_new(&k->matcher, f, NULL);
	cbpf2ebpf_filter_free(f);
	return yes;
}

/*
 * libpcap's optimizer also refuses such filters, but is wrong about some; so we prove it ourselves.
 */
static int check_never(struct filter_kind *k, const char *expr, struct err *e)
{
	static const char *const ip4_only[] = {"tcp[", "udp[", "icmp[", "igmp[", "sctp["};
	const char *why = "";

	if (k->asked_cnt || !rejects_all(k))
		return 0;
	for (size_t i = 0; i < sizeof(ip4_only) / sizeof(ip4_only[0]); i++)
		if (strstr(expr, "ip6") && strstr(expr, ip4_only[i]))
			why = "; tcp[...], udp[...] and icmp[...] look at IPv4 packets only";
	return err_input(e, -EINVAL, "filter", "expression rejects all packets (in '%.60s%s')%s",
			 expr, strlen(expr) > 60 ? "..." : "", why);
}

static int compile(struct filter_kind *k, const char *expr, struct err *e)
{
	int rc = cbpf_compile_file(expr, k->linktype, k->swapped, false, &k->prog, e);

	if (rc == -EINVAL)
		k->why = *e;
	if (rc == -EINVAL && !k->from_pcap && compile_asking(k, expr) == 0)
		rc = 0;
	if (rc == 0)
		rc = check_never(k, expr, e);
	if (rc == 0)
		k->plain = cbpf_is_plain(&k->prog);
	return rc;
}

static bool is_syntax_error(const char *expr)
{
	struct cbpf_prog p = {0};
	int rc = cbpf_compile(expr, CBPF_LINKTYPE_ETHERNET, UINT32_MAX, false, &p, NULL);

	cbpf_prog_free(&p);
	return rc != 0;
}

/* libpcap may know the number of a link type without having code for it. */
static int name_file(const struct filter_kind *k, const char *path, struct err *e)
{
	if (cbpf_linktype_name(k->linktype))
		return e->code;
	return err_input(e, -EINVAL, "filter",
			 "%s: packets of link type %d cannot be filtered: libpcap does not know it",
			 path, k->linktype);
}

static bool accepts_all(const struct filters *f)
{
	return (!f->expr || !*f->expr) && !f->inner_only;
}

int filters_add(struct filters *f, const struct input_iface *iface, const char *path, struct err *e)
{
	struct filter_kind *k;
	int rc;

	f->last_iface = NULL; /* it may be gone, and this one in its place */
	if (accepts_all(f))
		return 0;
	if (f->through && !f->walk && inside_open(&f->walk, f->expr, f->through, e) != 0)
		return e->code;
	if (find(f, iface))
		return 0;
	k = grow(f->kinds, &f->cap, f->cnt + 1, sizeof(*k));
	if (!k)
		return err_run(e, -ENOMEM, "filter", "out of memory");
	f->kinds = k;
	k += f->cnt;
	*k = (struct filter_kind){.linktype = iface->linktype,
				  .swapped = iface->swapped,
				  .from_pcap = iface->from_pcap};
	rc = compile(k, f->expr, e);
	if (rc != 0)
		cbpf_prog_free(&k->prog);
	f->cnt++;
	if (rc != -EINVAL)
		return rc;
	k->failed = rc;
	rc = name_file(k, path, e);
	k->why = *e;
	return iface->from_pcap || is_syntax_error(f->expr) ? rc : 0;
}

int filters_check(const struct filters *f, struct err *e)
{
	for (size_t i = 0; i < f->cnt; i++)
		if (!f->kinds[i].failed && (!f->kinds[i].asked_cnt || f->kinds[i].answered))
			return 0;
	if (!f->cnt)
		return 0;
	*e = f->kinds[0].why;
	return e->code;
}

/* Whether the packet itself matches. */
static bool match(struct filters *f, const struct input_item *it)
{
	const struct probe_event *ev = &it->ev;
	struct filter_kind *k = it->iface == f->last_iface ? &f->kinds[f->last] : NULL;

	if (!k)
		k = find(f, it->iface);
	f->last_iface = k ? it->iface : NULL;
	if (!k || k->failed || (k->asked_cnt && !answer(k, ev)))
		return false;
	if (k->matcher)
		return cbpf2ebpf_matches(k->matcher, ev->data, ev->cap_len, ev->len);
	return (k->plain ? cbpf_run_plain : cbpf_run)(&k->prog, ev->data, ev->cap_len, ev->len);
}

bool filters_match(struct filters *f, struct input_item *it)
{
	if (accepts_all(f) || (!f->inner_only && match(f, it)))
		return true;
	return f->walk && inside_match(f->walk, &it->ev);
}

void filters_free(struct filters *f)
{
	for (size_t i = 0; i < f->cnt; i++) {
		cbpf_prog_free(&f->kinds[i].prog);
		cbpf2ebpf_matcher_free(f->kinds[i].matcher);
		free(f->kinds[i].asked);
	}
	free(f->kinds);
	cbpf2ebpf_walk_free(f->walk);
	*f = (struct filters){0};
}
