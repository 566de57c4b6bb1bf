/* SPDX-License-Identifier: MIT */
/* lists.h - expressions that are long lists joined by `or`. */
#ifndef BPFCAP_TESTS_LIB_LISTS_H
#define BPFCAP_TESTS_LIB_LISTS_H

enum list_kind { LIST_HOSTS, LIST_HOSTS6, LIST_PORTS, LIST_NETS, LIST_KIND_CNT };

const char *list_name(enum list_kind kind);

/*
 * `cnt` different hosts, ports or nets. The last one is in the packet "tcp syn" of packets.h, or
 * for LIST_HOSTS6 in "ip6 tcp". malloc'ed; aborts without memory.
 */
char *list_expression(enum list_kind kind, unsigned cnt);

#endif
