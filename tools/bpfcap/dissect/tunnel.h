/* SPDX-License-Identifier: MIT */
/* tunnel.h - where a header ends and the packet inside begins, for fields of JSON. */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_TUNNEL_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_TUNNEL_H

#include "../slice.h"

enum { TUNNEL_ETHERNET = 0x6558 }; /* the EtherType of Ethernet in GRE, Geneve ... */

struct tunnel {
	const char *name;	 /* "vxlan"; NULL: nothing to say of the header */
	const char *number_name; /* "vni" */
	uint32_t number;
	uint16_t type; /* the EtherType of what is inside */
	struct slice inner;
};

/* False: it carries no packet, or its header is malformed or cut off. */
bool tunnel_in_frame(uint16_t ethertype, struct slice s, struct tunnel *in);
bool tunnel_in_ip(uint8_t proto, struct slice s, struct tunnel *in);
bool tunnel_in_udp(uint16_t dst_port, struct slice s, struct tunnel *in);

#endif
