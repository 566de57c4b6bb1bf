/* SPDX-License-Identifier: MIT */
/* testtc.h - the tc objects of lo, or of another device, as other programs make them, and
 * how they look. */
#ifndef BPFCAP_TESTS_LIB_TESTTC_H
#define BPFCAP_TESTS_LIB_TESTTC_H

#include <stdint.h>

#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "testnet.h"

#define TESTTC_SHOW_LEN 8192
#define TESTTC_LO	1
#define TESTTC_INGRESS	(TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS))
#define TESTTC_EGRESS	(TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS))

/* The device; lo unless set. */
extern int testtc_ifindex;

/* Its qdiscs and filters as text. */
void testtc_show(char text[TESTTC_SHOW_LEN]);

/* Makes (RTM_NEWQDISC) or removes (RTM_DELQDISC) "clsact" or "ingress". 0 or -errno. */
int testtc_qdisc(uint16_t type, const char *kind);

/* A BPF filter named "foreign". 0 or -errno. */
int testtc_filter(uint32_t parent, uint32_t prio, int prog_fd);

/* cmocka fixtures: a network namespace and two tc programs that count. Ours leaves the verdict to
 * others (TC_ACT_UNSPEC), the other one ends the classification (TC_ACT_OK). */
extern struct testnet_counter testtc_ours, testtc_other;
int testtc_setup(void **state);
int testtc_teardown(void **state);

/* Skips the test where there are no rights or no clsact. */
void testtc_need(void);

#endif
