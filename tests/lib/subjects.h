/* SPDX-License-Identifier: MIT */
/* subjects.h - the filters that bench/filter.c measures. */
#ifndef BPFCAP_TESTS_LIB_SUBJECTS_H
#define BPFCAP_TESTS_LIB_SUBJECTS_H

#include <stddef.h>

#include "lists.h"

struct subject {
	const char *expr; /* NULL: a list */
	const char *short_name;
	const char *match, *other; /* names of packets */
	enum list_kind list;
	unsigned cnt;	   /* of the list */
	double faster_min; /* than every yardstick; 0: no limit of its own */
};

extern const struct subject subjects[];
extern const size_t subject_cnt;

#endif
