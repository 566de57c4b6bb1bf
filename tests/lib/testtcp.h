/* SPDX-License-Identifier: MIT */
/* testtcp.h - a TCP connection of a test with itself, over the loopback device. */
#ifndef BPFCAP_TESTS_LIB_TESTTCP_H
#define BPFCAP_TESTS_LIB_TESTTCP_H

#include <stdint.h>

/* Opens both ends; what end 0 sends comes from `port`, and it does not wait. Fails the test. */
void testtcp_connect(int end[2], uint16_t port);

#endif
