/* SPDX-License-Identifier: MIT */
/*
 * rawtp.c - raw tracepoints: rawtp:NAME[@N], and rx, tx, drop.
 *
 * The context is the array of the tracepoint's arguments. The position of the sk_buff is known for
 * common tracepoints; for others the user names it. No tracefs is needed. Attaching fails with
 * -EINVAL if the program reads an argument that the event does not have: kfree_skb has a reason
 * from 5.17 on, or earlier if the vendor backported it.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/dsl.h"
#include "../capture/capture.h"
#include "../../util.h"
#include "hook.h"

#define ARGS_MAX 12 /* arguments of a raw tracepoint */

#define IN  PROBE_DIR_IN
#define OUT PROBE_DIR_OUT
#define ANY PROBE_DIR_UNKNOWN

/* Arguments from 0, from the TP_PROTO of each. */
static const struct known_tracepoint {
	const char *event; /* may be a glob */
	int8_t skb, location, reason;
	enum probe_dir dir;
} known[] = {
	{"netif_receive_skb", 0, -1, -1, IN},
	{"net_dev_queue", 0, -1, -1, OUT},
	{"kfree_skb", 0, 1, 2, ANY},
	{"consume_skb", 0, -1, -1, ANY},
	{"net_dev_xmit", 0, -1, -1, OUT},
	{"net_dev_start_xmit", 0, -1, -1, OUT},
	{"netif_rx", 0, -1, -1, IN},
	{"netif_rx_entry", 0, -1, -1, IN},
	{"netif_rx_ni_entry", 0, -1, -1, IN},
	{"netif_receive_skb_entry", 0, -1, -1, IN},
	{"netif_receive_skb_list_entry", 0, -1, -1, IN},
	{"napi_gro_receive_entry", 0, -1, -1, IN},
	{"napi_gro_frags_entry", 0, -1, -1, IN},
	{"skb_copy_datagram_iovec", 0, -1, -1, IN},
	{"qdisc_enqueue", 2, -1, -1, OUT},
	{"qdisc_dequeue", 3, -1, -1, OUT},
	{"qdisc_drop", 3, -1, -1, OUT},
	{"icmp_send", 0, -1, -1, ANY},
	{"tcp_retransmit_skb", 1, -1, -1, OUT},
	{"tcp_send_reset", 1, -1, -1, ANY},
	{"tcp_bad_csum", 0, -1, -1, IN},
	{"tcp_probe", 1, -1, -1, IN},
	{"tcp_sendmsg_locked", 2, -1, -1, OUT},
	{"tcp_hash_*", 1, -1, -1, ANY},
	{"tcp_ao_*", 1, -1, -1, ANY},
	{"sock_rcvqueue_full", 1, -1, -1, IN},
	{"udp_fail_queue_rcv_skb", 2, -1, -1, IN},
	{"devlink_trap_report", 1, -1, -1, ANY},
	{"ovs_do_execute_action", 1, -1, -1, ANY},
	{"ovs_dp_upcall", 1, -1, -1, ANY},
};

struct rawtp {
	bool attached;
	int fd; /* the link, once attached */
};

static void look_up(struct hook *h)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const struct known_tracepoint *k = &known[i];

		if (fnmatch(k->event, h->event, 0) != 0)
			continue;
		h->skb_at = k->skb;
		h->location_at = k->location;
		h->reason_at = k->reason;
		h->reason_size = EBPF_W;
		h->dir = k->dir;
		return;
	}
}

static int parse(struct hook *h, const char *rest, struct err *e)
{
	int arg = -1;

	if (!probe_hook_split_arg(h->event, rest, "", &arg) || arg >= ARGS_MAX)
		return err_input(e, -EINVAL, "hook",
				 "'%s' is not a hook: after 'rawtp:' comes NAME or NAME@N, where "
				 "argument N (1 to 12) is the sk_buff",
				 h->spec);
	look_up(h);
	if (arg >= 0)
		h->skb_at = arg;
	if (h->skb_at < 0)
		return err_input(e, -EINVAL, "hook",
				 "rawtp:%s: bpfcap does not know which argument is the sk_buff; "
				 "say which, as in "
				 "rawtp:%s@1",
				 h->event, h->event);
	memcpy(h->name, h->event, sizeof(h->name));
	return 0;
}

/* if (at >= 0) slot = args[at] */
static void emit_keep(struct ebpf_builder *b, int at, int slot)
{
	if (at >= 0)
		EMIT(b, LDX(DW, R2, MEM(R1, at * 8)), STX(DW, MEM(R10, slot), R2));
}

static void emit_prologue(const struct emit *m)
{
	struct ebpf_builder *b = m->b;
	const struct hook *h = m->h;

	EMIT(b, LDX(DW, R6, MEM(R1, h->skb_at * 8)));
	emit_keep(b, h->location_at, SLOT_LOCATION);
	emit_keep(b, h->reason_at, SLOT_REASON);
}

/* Those up to the last one that is known to exist. */
static void emit_args(const struct emit *m)
{
	const struct hook *h = m->h;
	int last = h->skb_at;

	if (h->location_at > last)
		last = h->location_at;
	if (h->reason_at > last)
		last = h->reason_at;
	EMIT(m->b, LDX(DW, R2, MEM(R10, SLOT_CTX)));
	for (int i = 0; i <= last; i++)
		probe_emit_call_arg(m, (unsigned)i, EBPF_DW, i * 8);
}

static int attach(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e)
{
	struct rawtp *r = h->state;

	(void)env;
	r->fd = kbpf_raw_tracepoint_attach(prog_fd, h->event, e);
	r->attached = r->fd >= 0;
	if (r->fd == -EINVAL)
		return err_input(e, r->fd, "hook",
				 "rawtp:%s has fewer than %d arguments in this kernel", h->event,
				 h->skb_at + 1);
	return r->attached ? 0 : r->fd;
}

static void detach(struct hook *h)
{
	struct rawtp *r = h->state;

	if (r->attached)
		close(r->fd);
	r->attached = false;
}

static bool degrade(struct hook *h)
{
	if (h->reason_at < 0)
		return false;
	h->reason_at = -1;
	return true;
}

const struct hook_ops probe_hook_rawtp = {
	.kind = {.type = EBPF_PROG_RAW_TRACEPOINT,
		 .tracing = true,
		 .emit = probe_emit_tracing_program,
		 .emit_prologue = emit_prologue,
		 .emit_args = emit_args},
	.state_len = sizeof(struct rawtp),
	.parse = parse,
	.attach = attach,
	.detach = detach,
	.degrade = degrade,
};
