/* SPDX-License-Identifier: MIT */
/* together.h - one function for many things at a time, in threads. */
#ifndef BPFCAP_TESTS_LIB_TOGETHER_H
#define BPFCAP_TESTS_LIB_TOGETHER_H

#include <stddef.h>

/*
 * Calls fn for each of `cnt` things of `size` bytes in `all`, all at a time, and waits for them:
 * for what waits for the kernel's grace periods, and so may wait together. One after another under
 * ASan: in a guardian, forked beside other threads, its allocator's locks may stay taken.
 */
void together(void *(*fn)(void *), void *all, size_t size, size_t cnt);

#endif
