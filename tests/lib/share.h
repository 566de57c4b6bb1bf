/* SPDX-License-Identifier: MIT */
/* tests/lib/share.h - how much of a long test to do: emulated kernels do a part. */
#ifndef TESTS_LIB_SHARE_H
#define TESTS_LIB_SHARE_H

#include <stdlib.h>

/* TEST_SHARE=N in the environment: an Nth of `cnt` rounds, at least one. */
static inline int test_share(int cnt)
{
	const char *text = getenv("TEST_SHARE");
	int share = text ? atoi(text) : 1;

	return share > 1 && cnt > share ? cnt / share : cnt;
}

#endif
