/* SPDX-License-Identifier: MIT */
/* src/util.h - what every layer may use: array length, arrays that grow, time. */
#ifndef BPFCAP_SRC_UTIL_H
#define BPFCAP_SRC_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* Signed, so that they go with times of either kind. */
#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

/* Time since boot, which no one sets: CLOCK_MONOTONIC. */
static inline uint64_t mono_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* fails only for clocks that do not exist */
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Makes room in a growing array. `array` is NULL or from malloc and holds *cap elements of
 * `elem_len` bytes. Returns an array of at least `need` elements (its capacity doubles, so that
 * appending one at a time takes linear time), and updates *cap. Returns NULL when memory is short
 * or the size would overflow; the old array is then still valid and the caller's. Usage:
 *
 *	more = grow(list->item, &list->cap, list->cnt + 1, sizeof(*more));
 *	if (!more)
 *		return -ENOMEM;
 *	list->item = more;
 */
static inline void *grow(void *array, size_t *cap, size_t need, size_t elem_len)
{
	size_t more = *cap ? *cap : 16;

	if (need <= *cap)
		return array;
	while (more < need) {
		if (more > SIZE_MAX / 2)
			return NULL;
		more *= 2;
	}
	if (more > SIZE_MAX / elem_len)
		return NULL;
	array = realloc(array, more * elem_len);
	if (array)
		*cap = more;
	return array;
}

#endif
