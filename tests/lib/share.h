/* SPDX-License-Identifier: MIT */
/* share.h - how much of a long test to do: emulated kernels do a part. */
#ifndef BPFCAP_TESTS_LIB_SHARE_H
#define BPFCAP_TESTS_LIB_SHARE_H

#include <stdlib.h>

/* TEST_SHARE=N in the environment: one round in N is to be done. */
static inline int test_stride(void)
{
	const char *text = getenv("TEST_SHARE");
	int n = text ? atoi(text) : 1;

	return n > 1 ? n : 1;
}

/* Of `cnt` rounds, the share; at least one. */
static inline int test_share(int cnt)
{
	int n = cnt / test_stride();

	return n > 1 ? n : 1;
}

#endif
