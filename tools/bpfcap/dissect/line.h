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
	bool cut;	/* field.h: a field lay beyond the captured bytes */
	const char *proto; /* the protocol that is named if so */
};

#define DISSECT_ADDR_LEN 46 /* INET6_ADDRSTRLEN */

/* The network header above a transport protocol. */
struct dissect_net {
	char src[DISSECT_ADDR_LEN], dst[DISSECT_ADDR_LEN];
	uint8_t version; /* 4 or 6 */
	uint8_t ttl;
	bool named;	 /* the addresses are on the line already */
	bool fragment;	 /* more fragments follow */
	bool routed;	 /* a routing header: the last address is not the one in the header */
	struct slice ip; /* the header itself */
};

/* ---- dissect.c: what many dissectors print --------------------------------------------------- */

/* " [|proto]": the captured bytes end inside this header. */
void dissect_cut(struct dissect *d, const char *proto);

/* " [length 12 < 20] (invalid)": the header is malformed, and nothing more is printed of it. */
void dissect_invalid(struct dissect *d, const char *what, uint32_t is, const char *relation,
		     uint32_t other);

/* The name of a network protocol; omitted after a link-layer header, which has it. */
void dissect_name(struct dissect *d, const char *name);

/* "00:11:22:33:44:55" for any length; the bytes must have been captured. */
void dissect_mac(struct dissect *d, struct slice s, uint32_t off, uint32_t n);
void dissect_addr4(char text[DISSECT_ADDR_LEN], struct slice s, uint32_t off);
void dissect_addr6(char text[DISSECT_ADDR_LEN], struct slice s, uint32_t off);

/* "src > dst: ", with ports "src.1 > dst.2: ", or "1 > 2: " if the line has the addresses. */
void dissect_endpoints(struct dissect *d, struct dissect_net *net);
void dissect_ports(struct dissect *d, struct dissect_net *net, struct slice s);

/* An IP packet of the version in its first byte. */
void dissect_ip_any(struct dissect *d, struct slice s);

/* ---- ether.c --------------------------------------------------------------------------------- */

/* An Ethernet frame; returns the length of its header with all VLAN tags. */
uint32_t dissect_ethernet(struct dissect *d, struct slice s);
/* "src > dst" of an Ethernet frame. */
void dissect_ethernet_addresses(struct dissect *d, struct slice frame);
/* False, with nothing printed, for an EtherType that has no dissector. */
bool dissect_ethertype(struct dissect *d, uint16_t type, struct slice s);
const char *dissect_ethertype_name(uint16_t type); /* "Unknown" if so */

/* ---- serial.c: each returns the length of the link-layer header ------------------------------ */

uint32_t dissect_link_ppp(struct dissect *d, struct slice s);
uint32_t dissect_link_ppp_hdlc(struct dissect *d, struct slice s);
uint32_t dissect_link_hdlc(struct dissect *d, struct slice s);
uint32_t dissect_link_frame_relay(struct dissect *d, struct slice s);

/* ---- What an Ethernet or 802.3 frame carries: one file for each ------------------------------ */

/* ip4.c */
void dissect_ip4(struct dissect *d, struct slice s);
/* ip6.c */
void dissect_ip6(struct dissect *d, struct slice s);
/* arp.c */
void dissect_arp(struct dissect *d, struct slice s);
/* llc.c */
void dissect_llc(struct dissect *d, struct slice s, struct slice frame);
/* mpls.c */
void dissect_mpls(struct dissect *d, struct slice s);
/* pppoe.c */
void dissect_pppoe(struct dissect *d, struct slice s);
/* ppp.c: with or without the address and control field; from the protocol field on */
void dissect_ppp(struct dissect *d, struct slice s);
void dissect_ppp_protocol(struct dissect *d, struct slice s);
/* slow.c */
void dissect_slow(struct dissect *d, struct slice s);
/* eapol.c */
void dissect_eapol(struct dissect *d, struct slice s);
/* lldp.c */
void dissect_lldp(struct dissect *d, struct slice s);
/* stp.c */
void dissect_stp(struct dissect *d, struct slice s);
/* cdp.c */
void dissect_cdp(struct dissect *d, struct slice s);

/* ---- transport.c ----------------------------------------------------------------------------- */

/* The payload of an IP packet by protocol number (not for IPv6 extension headers). */
void dissect_transport(struct dissect *d, struct dissect_net *net, uint8_t proto, struct slice s);
const char *dissect_ipproto_name(uint8_t proto); /* "ICMP"; "unknown" if so */

/* ---- What an IP packet carries --------------------------------------------------------------- */

/* tcp.c */
void dissect_tcp(struct dissect *d, struct dissect_net *net, struct slice s);
/*
 * tcp_opts.c: `sack_base` is subtracted from the numbers of sack. False: the options end early, cut
 * off or malformed, and the line says so.
 */
bool dissect_tcp_options(struct dissect *d, struct slice opts, uint32_t sack_base,
			 struct slice segment);
/* mptcp.c: an MPTCP option with its kind and length; false: it is malformed. */
bool dissect_mptcp(struct dissect *d, struct slice opt, uint8_t tcp_flags);
/* udp.c */
void dissect_udp(struct dissect *d, struct dissect_net *net, struct slice s);
/* icmp.c */
void dissect_icmp(struct dissect *d, struct dissect_net *net, struct slice s);
/* icmp6.c */
void dissect_icmp6(struct dissect *d, struct dissect_net *net, struct slice s);
/* icmp6_info.c: what follows the name of a type; each is false where the message is cut off */
bool dissect_node_query(struct dissect *d, struct slice s);
bool dissect_node_reply(struct dissect *d, struct slice s);
bool dissect_renumber(struct dissect *d, struct slice s);
bool dissect_rpl(struct dissect *d, struct slice s);
/* nd_options.c: the options of neighbor discovery */
void dissect_nd_options(struct dissect *d, struct slice s);
/* igmp.c */
void dissect_igmp(struct dissect *d, struct dissect_net *net, struct slice s);
/* gre.c */
void dissect_gre(struct dissect *d, struct dissect_net *net, struct slice s);
/* ipsec.c */
void dissect_esp(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_ah(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_nat_traversal(struct dissect *d, struct slice s); /* ESP in UDP */
/* sctp.c */
void dissect_sctp(struct dissect *d, struct dissect_net *net, struct slice s);
/* routing.c */
void dissect_ospf(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_vrrp(struct dissect *d, struct dissect_net *net, struct slice s);
void dissect_pim(struct dissect *d, struct dissect_net *net, struct slice s);

/* ---- What a TCP segment or UDP datagram carries ---------------------------------------------- */

/* ports.c: by the ports; false, with nothing printed: no dissector knows them. */
bool dissect_tcp_payload(struct dissect *d, uint16_t src, uint16_t dst, struct slice s);
bool dissect_udp_payload(struct dissect *d, uint16_t src, uint16_t dst, struct slice s);
/* dns.c */
void dissect_dns(struct dissect *d, struct slice s);
void dissect_dns_tcp(struct dissect *d, struct slice s);
void dissect_mdns(struct dissect *d, struct slice s);
/* dhcp.c */
void dissect_dhcp(struct dissect *d, struct slice s);
void dissect_dhcp6(struct dissect *d, struct slice s);
/* ntp.c */
void dissect_ntp(struct dissect *d, struct slice s);
/* lspping.c */
void dissect_lspping(struct dissect *d, struct slice s);
/* vxlan.c */
void dissect_vxlan(struct dissect *d, struct slice s);
/* geneve.c */
void dissect_geneve(struct dissect *d, struct slice s);
/* gtp.c */
void dissect_gtp(struct dissect *d, struct slice s);
/* bgp.c */
void dissect_bgp(struct dissect *d, struct slice s);
/* textproto.c */
void dissect_http(struct dissect *d, struct slice s);
void dissect_rtsp(struct dissect *d, struct slice s);
void dissect_sip(struct dissect *d, struct slice s);
void dissect_ftp(struct dissect *d, struct slice s);
void dissect_smtp(struct dissect *d, struct slice s);
void dissect_whois(struct dissect *d, struct slice s);
void dissect_ssh(struct dissect *d, struct slice s);

#endif
