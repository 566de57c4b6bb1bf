/* SPDX-License-Identifier: MIT */
/*
 * packet.c - names for the numbers of an event: takes an event and its session, appends text.
 */
#include "packet.h"

#include <inttypes.h>
#include <string.h>

const char *packet_hook(const struct packet *pk)
{
	return pk->probe ? probe_hook_name(pk->probe, pk->ev->hook) : NULL;
}

const char *packet_dir(const struct packet *pk)
{
	static const char *const names[] = {
		[PROBE_DIR_UNKNOWN] = NULL, [PROBE_DIR_IN] = "In", [PROBE_DIR_OUT] = "Out"};

	return names[pk->ev->dir];
}

void packet_put_iface(struct text *t, const struct packet *pk)
{
	const char *name;

	if (pk->ev->ifname[0]) {
		text_name(t, pk->ev->ifname);
		return;
	}
	if (!pk->ev->ifindex)
		return;
	name = pk->probe ? probe_iface_name(pk->probe, pk->ev->ifindex) : NULL;
	if (name)
		text_name(t, name);
	else
		text_printf(t, "if%" PRIu32, pk->ev->ifindex);
}

void packet_put_reason(struct text *t, const struct packet *pk)
{
	const char *name;

	if (!pk->ev->has_reason)
		return;
	name = pk->probe ? probe_reason_name(pk->probe, pk->ev->reason) : NULL;
	if (name)
		text_name(t, name);
	else
		text_printf(t, "reason %" PRIu32, pk->ev->reason);
}

void packet_put_symbol(struct text *t, const struct packet *pk, uint64_t addr)
{
	char text[256];

	if (!pk->probe)
		return;
	probe_symbol(pk->probe, addr, text, sizeof(text));
	text_name(t, text);
}

void packet_put_location(struct text *t, const struct packet *pk)
{
	if (pk->ev->location)
		packet_put_symbol(t, pk, pk->ev->location);
}

void packet_put_made(struct text *t, const struct packet *pk)
{
	if (pk->ev->made_len)
		text_printf(t, "the first %" PRIu32 " bytes", pk->ev->made_len);
}

void packet_put_since(struct text *t, const struct packet *pk)
{
	const struct gather_note *n = pk->note;

	if (n && n->later)
		text_printf(t, "%" PRIu64 ".%03u us later received in %s, first in %s",
			    n->since_ns / 1000, (unsigned)(n->since_ns % 1000), packet_hook(pk),
			    probe_hook_name(pk->probe, n->first_hook));
}

static void put_task(struct text *t, const char name[PROBE_COMM_LEN], uint32_t pid)
{
	char comm[PROBE_COMM_LEN + 1] = "";

	if (!pid)
		return;
	memcpy(comm, name, PROBE_COMM_LEN);
	text_name(t, comm);
	text_printf(t, " %" PRIu32, pid);
}

void packet_put_process(struct text *t, const struct packet *pk)
{
	put_task(t, pk->ev->comm, pk->ev->pid);
}

void packet_put_owner(struct text *t, const struct packet *pk)
{
	put_task(t, pk->ev->owner_comm, pk->ev->owner_pid);
}
