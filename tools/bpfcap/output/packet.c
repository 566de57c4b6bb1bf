/* SPDX-License-Identifier: MIT */
/*
 * packet.c - names for the numbers of an event: takes an event and its session, or what a file says
 * of it, and appends text.
 */
#include "packet.h"

#include <inttypes.h>
#include <string.h>

#include "bpfcap/cbpf.h"

const char *packet_hook(const struct packet *pk)
{
	if (pk->saved)
		return pk->saved->hook;
	return pk->probe ? probe_hook_name(pk->probe, pk->ev->hook) : NULL;
}

const char *packet_dir(const struct packet *pk)
{
	static const char *const names[] = {
		[PROBE_DIR_UNKNOWN] = NULL, [PROBE_DIR_IN] = "In", [PROBE_DIR_OUT] = "Out"};

	return names[pk->ev->dir];
}

bool packet_has_iface(const struct packet *pk)
{
	return pk->ev->ifindex || pk->ev->ifname[0] || (pk->saved && pk->saved->iface);
}

bool packet_has_cpu(const struct packet *pk)
{
	return pk->probe ? pk->ev->cpu >= 0 : pk->saved && pk->saved->has_cpu;
}

void packet_put_iface(struct text *t, const struct packet *pk)
{
	const char *name = pk->saved ? pk->saved->iface : NULL;

	if (!name && pk->ev->ifname[0])
		name = pk->ev->ifname;
	if (!name && pk->ev->ifindex && pk->probe)
		name = probe_iface_name(pk->probe, pk->ev->ifindex);
	if (name)
		text_name(t, name);
	else if (pk->ev->ifindex)
		text_printf(t, "if%" PRIu32, pk->ev->ifindex);
}

void packet_put_netns(struct text *t, const struct packet *pk, struct netns_names *names)
{
	const char *name =
		pk->item ? pk->item->iface->netns_name : netns_name(names, pk->ev->netns);

	if (!pk->ev->netns)
		return;
	if (name)
		text_name(t, name);
	else
		text_printf(t, "%" PRIu32, pk->ev->netns);
}

void packet_put_reason(struct text *t, const struct packet *pk)
{
	const char *name = pk->saved ? pk->saved->reason : NULL;

	if (!pk->ev->has_reason)
		return;
	if (pk->probe)
		name = probe_reason_name(pk->probe, pk->ev->reason);
	if (name)
		text_name(t, name);
	else
		text_printf(t, "reason %" PRIu32, pk->ev->reason);
}

static void put_symbol(struct text *t, const struct packet *pk, uint64_t addr)
{
	char text[256];

	if (!pk->probe)
		return;
	probe_symbol(pk->probe, addr, text, sizeof(text));
	text_name(t, text);
}

void packet_put_frame(struct text *t, const struct packet *pk, unsigned i)
{
	char text[256];

	if (pk->saved) {
		text_put(t, pk->saved->frames[i]);
	} else if (pk->probe) {
		probe_frame(pk->probe, pk->ev, i, text, sizeof(text));
		text_name(t, text);
	}
}

void packet_put_location(struct text *t, const struct packet *pk)
{
	if (pk->saved && pk->saved->location)
		text_put(t, pk->saved->location);
	else if (pk->ev->location)
		put_symbol(t, pk, pk->ev->location);
}

void packet_put_call(struct text *t, const struct packet *pk)
{
	for (uint32_t i = 0; i < pk->ev->call_len; i++)
		text_printf(t, "%02x", pk->ev->call_out[i]);
}

void packet_put_made(struct text *t, const struct packet *pk)
{
	if (pk->ev->made_len)
		text_printf(t, "the first %" PRIu32 " bytes", pk->ev->made_len);
}

void packet_put_inside(struct text *t, const struct packet *pk)
{
	const struct probe_event *ev = pk->ev;

	if (ev->inner_layer)
		text_printf(t, "layer %u, %s at byte %u", ev->inner_layer,
			    ev->inner_linktype == CBPF_LINKTYPE_ETHERNET ? "Ethernet" : "IP",
			    ev->inner_off);
}

void packet_put_since(struct text *t, const struct packet *pk)
{
	const struct gather_note *n = pk->note;
	const char *hook = packet_hook(pk);

	if (n && n->later)
		text_printf(t, "%" PRIu64 ".%03u us later received in %s, first in %s",
			    n->since_ns / 1000, (unsigned)(n->since_ns % 1000), hook ? hook : "?",
			    pk->first_hook);
}

static void put_comm(struct text *t, const char name[PROBE_COMM_LEN])
{
	char comm[PROBE_COMM_LEN + 1] = "";

	memcpy(comm, name, PROBE_COMM_LEN);
	text_name(t, comm);
}

static void put_task(struct text *t, const char *saved, const char name[PROBE_COMM_LEN],
		     uint32_t pid)
{
	if (!pid)
		return;
	if (saved) {
		text_put(t, saved);
		return;
	}
	put_comm(t, name);
	text_printf(t, " %" PRIu32, pid);
}

/* The name alone. */
static void put_task_name(struct text *t, const char *saved, const char name[PROBE_COMM_LEN])
{
	const char *space = saved ? strrchr(saved, ' ') : NULL;

	if (space)
		text_bytes(t, saved, (size_t)(space - saved));
	else
		put_comm(t, name);
}

void packet_put_comm(struct text *t, const struct packet *pk)
{
	put_task_name(t, pk->saved ? pk->saved->process : NULL, pk->ev->comm);
}

void packet_put_owner_comm(struct text *t, const struct packet *pk)
{
	put_task_name(t, pk->saved ? pk->saved->owner : NULL, pk->ev->owner_comm);
}

void packet_put_process(struct text *t, const struct packet *pk)
{
	put_task(t, pk->saved ? pk->saved->process : NULL, pk->ev->comm, pk->ev->pid);
}

void packet_put_owner(struct text *t, const struct packet *pk)
{
	put_task(t, pk->saved ? pk->saved->owner : NULL, pk->ev->owner_comm, pk->ev->owner_pid);
}
