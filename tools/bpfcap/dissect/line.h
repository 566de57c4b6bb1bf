/* SPDX-License-Identifier: MIT */
/* line.h - what the dissectors share: the line being written, and who calls whom. */
#ifndef BPFCAP_TOOLS_BPFCAP_DISSECT_LINE_H
#define BPFCAP_TOOLS_BPFCAP_DISSECT_LINE_H

#include "dissect.h"
#include "../slice.h"

struct dissect {
	struct text *out;
	struct dissect_opts opts;
	unsigned depth; /* IP headers around this one: tunnels nest as deep as a packet lets them */
};

#define DISSECT_ADDR_LEN 46 /* INET6_ADDRSTRLEN */

/* The network header above a transport protocol. */
struct dissect_net {
	char src[DISSECT_ADDR_LEN], dst[DISSECT_ADDR_LEN];
	uint8_t version; /* 4 or 6 */
	bool named;	 /* the addresses are on the line already */
	bool fragment;	 /* more fragments follow */
};

/* " [|proto]": the captured bytes end inside this header. */
void dissect_cut(struct dissect *d, const char *proto);

/* " [length 12 < 20] (invalid)": the header is none, and nothing more is said of it. */
void dissect_invalid(struct dissect *d, const char *what, uint32_t is, const char *relation,
		     uint32_t other);

/* "00:11:22:33:44:55" for any length; needs the bytes to be there. */
void dissect_mac(struct dissect *d, struct slice s, uint32_t off, uint32_t n);
void dissect_addr4(char text[DISSECT_ADDR_LEN], struct slice s, uint32_t off);
void dissect_addr6(char text[DISSECT_ADDR_LEN], struct slice s, uint32_t off);

/* "src > dst: ", or with ports "src.1 > dst.2: ", or if the addresses stand already "1 > 2: ". */
void dissect_endpoints(struct dissect *d, struct dissect_net *net);
void dissect_ports(struct dissect *d, struct dissect_net *net, struct slice s);

/* False, with nothing printed, for an EtherType that has no dissector. */
bool dissect_ethertype(struct dissect *d, uint16_t type, struct slice s);
const char *dissect_ethertype_name(uint16_t type); /* "Unknown" if so */
/* An Ethernet frame; returns the length of its header with all VLAN tags. */
uint32_t dissect_ethernet(struct dissect *d, struct slice s);

void dissect_ip_any(struct dissect *d, struct slice s); /* by the version in the first byte */
void dissect_ip4(struct dissect *d, struct slice s);
void dissect_ip6(struct dissect *d, struct slice s);
void dissect_arp(struct dissect *d, struct slice s);

/* The payload of an IP packet by protocol number (not for IPv6 extension headers). */
void dissect_transport(struct dissect *d, struct dissect_net *net, uint8_t proto, struct slice s);
const char *dissect_ipproto_name(uint8_t proto); /* "ICMP"; "unknown" if so */

void dissect_tcp(struct dissect *d, struct dissect_net *net, struct slice s);
/* False: they end early, cut off or wrong, and that has been said. */
bool dissect_tcp_options(struct dissect *d, struct slice opts);
void dissect_udp(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_icmp(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_icmp6(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_igmp(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_gre(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_esp(struct dissect *d, struct dissect_net *net, struct slice s);

#endif
