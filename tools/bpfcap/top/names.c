/* SPDX-License-Identifier: MIT */
/* names.c - a row of --top in words: takes a key, appends text that is safe for a terminal. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "top.h"

enum { TYPE_IP4 = 0x0800, TYPE_IP6 = 0x86dd };

const char *top_hook(const struct top *t, const struct probe_tally_key *key)
{
	if (t->probe)
		return probe_hook_name(t->probe, key->hook);
	return key->hook < t->name_cnt ? t->names[key->hook] : NULL;
}

void top_put_reason(struct text *to, const struct top *t, const struct probe_tally_key *key)
{
	const char *name = t->probe		       ? probe_reason_name(t->probe, key->reason)
			   : key->reason < t->name_cnt ? t->names[key->reason]
						       : NULL;

	if (!key->has_reason)
		return;
	if (name)
		text_name(to, name);
	else
		text_printf(to, "reason %" PRIu32, key->reason);
}

void top_put_place(struct text *to, const struct top *t, const struct probe_tally_key *key)
{
	char text[256];

	if (!key->location)
		return;
	if (!t->probe) {
		text_name(to, t->names[key->location]);
		return;
	}
	probe_symbol(t->probe, key->location, text, sizeof(text));
	text_name(to, text);
}

static bool is_ip(const struct probe_tally_key *key)
{
	return key->ethertype == TYPE_IP4 || key->ethertype == TYPE_IP6;
}

const char *top_protocol(const struct probe_tally_key *key)
{
	static const struct {
		uint16_t number;
		const char *name;
	} types[] = {{0x0806, "ARP"},  {0x8035, "RARP"}, {0x8863, "PPPoE"}, {0x8864, "PPPoE"},
		     {0x8847, "MPLS"}, {0x88cc, "LLDP"}, {0x888e, "EAPOL"}, {0x8809, "LACP"}},
	  protocols[] = {{1, "ICMP"},  {2, "IGMP"},   {4, "IPIP"},   {6, "TCP"},
			 {17, "UDP"},  {33, "DCCP"},  {41, "IPv6"},  {47, "GRE"},
			 {50, "ESP"},  {51, "AH"},    {58, "ICMP6"}, {89, "OSPF"},
			 {103, "PIM"}, {112, "VRRP"}, {132, "SCTP"}, {136, "UDP-Lite"}};
	uint16_t number = is_ip(key) ? key->protocol : key->ethertype;
	size_t cnt = is_ip(key) ? sizeof(protocols) / sizeof(protocols[0])
				: sizeof(types) / sizeof(types[0]);

	for (size_t i = 0; i < cnt; i++)
		if ((is_ip(key) ? protocols : types)[i].number == number)
			return (is_ip(key) ? protocols : types)[i].name;
	return NULL;
}

void top_put_protocol(struct text *to, const struct probe_tally_key *key)
{
	const char *name = top_protocol(key);

	if (name)
		text_put(to, name);
	else if (is_ip(key))
		text_printf(to, "IP protocol %u", key->protocol);
	else if (key->ethertype)
		text_printf(to, "EtherType 0x%04x", key->ethertype);
	else
		text_put(to, "unknown");
}

void top_put_address(struct text *to, const struct probe_tally_key *key, bool source)
{
	char text[INET6_ADDRSTRLEN];

	if (is_ip(key) && inet_ntop(key->ethertype == TYPE_IP4 ? AF_INET : AF_INET6,
				    source ? key->src : key->dst, text, sizeof(text)))
		text_put(to, text);
}

bool top_has_ports(const struct probe_tally_key *key)
{
	return key->src_port || key->dst_port;
}

void top_put_flow(struct text *to, const struct probe_tally_key *key)
{
	top_put_protocol(to, key);
	if (!is_ip(key))
		return;
	text_put(to, " ");
	top_put_address(to, key, true);
	if (top_has_ports(key))
		text_printf(to, ".%u", ntohs(key->src_port));
	text_put(to, " > ");
	top_put_address(to, key, false);
	if (top_has_ports(key))
		text_printf(to, ".%u", ntohs(key->dst_port));
}

void top_put_process(struct text *to, const struct probe_tally *row)
{
	if (!row->key.pid) {
		text_put(to, "-");
		return;
	}
	text_name(to, row->comm);
	text_printf(to, "%s%" PRIu32, row->comm[0] ? " " : "", row->key.pid);
}
