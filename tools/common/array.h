/* SPDX-License-Identifier: MIT */
/* array.h - arrays that grow: takes an array and its capacity, gives a larger one. */
#ifndef BPFCAP_TOOLS_COMMON_ARRAY_H
#define BPFCAP_TOOLS_COMMON_ARRAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Returns an array of at least `need` elements of `elem_len` bytes and updates *cap, the capacity.
 * `array` is NULL or from malloc. The capacity doubles, so that appending takes linear time. NULL
 * without memory; the old array is then still valid and the caller's.
 */
static inline void *array_grow(void *array, size_t *cap, size_t need, size_t elem_len)
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
