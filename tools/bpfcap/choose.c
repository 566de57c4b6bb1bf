/* SPDX-License-Identifier: MIT */
/*
 * choose.c - the options that select packets, applied to what a file holds of each packet: -i, -f,
 * --reason, --pid and --netns. Takes options and packets. Fails for a namespace that does not exist
 * and for files that hold nothing to select by.
 */
#include "choose.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bpfcap/cbpf.h"

#include "../common/fail.h"

int choose_init(struct choice *c, const struct cap_options *o, struct err *e)
{
	*c = (struct choice){.options = o,
			     .needs_names = o->ifaces.cnt || o->hooks.cnt || o->reasons.cnt ||
					    o->pid || o->gather || o->gather_by};
	return o->netns ? probe_netns_inode(o->netns, &c->netns, e) : 0;
}

/* A cooked capture holds direction and, in version 2, interface of each packet. */
static bool is_cooked(int linktype)
{
	return linktype == CBPF_LINKTYPE_LINUX_SLL || linktype == CBPF_LINKTYPE_LINUX_SLL2;
}

int choose_check(const struct choice *c, const char *path, const struct input_iface *f,
		 struct err *e)
{
	const struct cap_options *o = c->options;
	const struct {
		bool given;
		const char *name, *what;
	} needs[] = {
		{o->direction && !is_cooked(f->linktype), "-Q", "directions"},
		{o->ifaces.cnt && f->linktype != CBPF_LINKTYPE_LINUX_SLL2, "-i", "interfaces"},
		{o->hooks.cnt, "-f", "hooks"},
		{o->reasons.cnt, "--reason", "drop reasons"},
		{o->pid, "--pid", "processes"},
		{o->netns, "--netns", "network namespaces"},
		{o->owner, "--owner", "owners"},
		{o->stack, "-S", "stacks"},
		{o->gather || o->gather_by, "--gather", "hooks"},
	};

	for (size_t i = 0; f->from_pcap && i < sizeof(needs) / sizeof(needs[0]); i++)
		if (needs[i].given)
			return err_input(e, -EINVAL, "options",
					 "%s has no meaning with %s: a pcap file holds no %s; "
					 "capture to a pcapng file",
					 needs[i].name, path, needs[i].what);
	return 0;
}

static bool takes_iface(const struct word_list *patterns, const char *name)
{
	for (size_t i = 0; i < patterns->cnt; i++)
		if (strcmp(patterns->words[i], "any") == 0 ||
		    (name && (strcmp(patterns->words[i], name) == 0 ||
			      fnmatch(patterns->words[i], name, 0) == 0)))
			return true;
	return patterns->cnt == 0;
}

bool choose_is_hook(const char *spec, const char *name)
{
	const char *last = strrchr(spec, ':');
	size_t len = strlen(spec);
	char pattern[256];

	if (fnmatch(spec, name, 0) == 0 || (strncmp(name, spec, len) == 0 && name[len] == ':'))
		return true;
	last = last ? last + 1 : spec;
	len = strcspn(last, "@");
	if (!*last || len >= sizeof(pattern))
		return false;
	memcpy(pattern, last, len);
	pattern[len] = '\0';
	return fnmatch(pattern, name, 0) == 0;
}

static bool takes_hook(const struct word_list *specs, const char *name)
{
	for (size_t i = 0; name && i < specs->cnt; i++)
		if (choose_is_hook(specs->words[i], name))
			return true;
	return specs->cnt == 0;
}

bool choose_is_reason(const char *name, const char *reason)
{
	static const char prefix[] = "SKB_DROP_REASON_";

	if (strncasecmp(name, prefix, sizeof(prefix) - 1) == 0)
		name += sizeof(prefix) - 1;
	return reason && strcasecmp(name, reason) == 0;
}

static bool takes_reason(const struct word_list *names, const char *reason)
{
	for (size_t i = 0; i < names->cnt; i++)
		if (choose_is_reason(names->words[i], reason))
			return true;
	return names->cnt == 0;
}

bool choose_takes(const struct choice *c, const struct packet *pk)
{
	const struct cap_options *o = c->options;

	if ((c->netns && pk->ev->netns != c->netns) || (o->pid && pk->ev->pid != o->pid))
		return false;
	return !pk->saved || (takes_iface(&o->ifaces, pk->saved->iface) &&
			      takes_hook(&o->hooks, pk->saved->hook) &&
			      takes_reason(&o->reasons, pk->saved->reason));
}
