/* SPDX-License-Identifier: MIT */
/* testpages.h - whether tracing hooks must capture what this kernel keeps in pages. */
#ifndef BPFCAP_TESTS_LIB_TESTPAGES_H
#define BPFCAP_TESTS_LIB_TESTPAGES_H

#include <stdbool.h>

/* On x86-64, where page structs are one array: the kernel's list of symbols has what fills it. */
bool testpages_wanted(void);

#endif
