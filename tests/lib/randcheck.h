/* SPDX-License-Identifier: MIT */
/* randcheck.h - checks that random filters agree with libpcap, however they are run. */
#ifndef BPFCAP_TESTS_LIB_RANDCHECK_H
#define BPFCAP_TESTS_LIB_RANDCHECK_H

#include "agrees.h"

/*
 * The main function of such a test. C2E_RANDOM says how many programs and how many expressions
 * (default `cnt` of each, of which TEST_SHARE does a part), C2E_SEED where to begin. Each sees all
 * packets of packets_ethernet(), every truncation of one of them, and some of its own with random
 * bytes. What fails is made smaller and shown as tests/cases/filter/programs.txt has it.
 */
int random_check(filter_agrees agrees, void (*need)(void), int cnt);

#endif
