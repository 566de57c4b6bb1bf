/* SPDX-License-Identifier: MIT */
/* together.c - a thread for each thing; aborts where there are no more threads. */
#include "together.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#define TOGETHER_MAX 64

#ifdef __SANITIZE_ADDRESS__
static const size_t at_a_time = 1;
#else
static const size_t at_a_time = TOGETHER_MAX;
#endif

static void some(void *(*fn)(void *), uint8_t *all, size_t size, size_t cnt)
{
	pthread_t thread[TOGETHER_MAX];

	for (size_t i = 0; i < cnt; i++)
		if (pthread_create(&thread[i], NULL, fn, all + i * size) != 0)
			abort();
	for (size_t i = 0; i < cnt; i++)
		if (pthread_join(thread[i], NULL) != 0)
			abort();
}

void together(void *(*fn)(void *), void *all, size_t size, size_t cnt)
{
	for (size_t i = 0; i < cnt; i += at_a_time)
		some(fn, (uint8_t *)all + i * size, size,
		     cnt - i < at_a_time ? cnt - i : at_a_time);
}
