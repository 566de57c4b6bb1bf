/* SPDX-License-Identifier: MIT */
/* blocks.h - memory for a flood, in blocks that a thread makes ready before they are used. */
#ifndef BPFCAP_SRC_PROBES_SESSION_BLOCKS_H
#define BPFCAP_SRC_PROBES_SESSION_BLOCKS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK_LEN     (2ul << 20)	/* a large page */
#define BLOCK_ROOM    (BLOCK_LEN - 8ul) /* the thread writes to the rest */
#define BLOCK_CNT_MAX 64

struct blocks {
	uint8_t *memory; /* NULL: none */
	void *mapping;	 /* which contains it */
	unsigned cnt;
	pthread_t thread;
	bool has_thread;
	sem_t go;
	bool used[BLOCK_CNT_MAX];  /* of the session's own thread */
	bool ready[BLOCK_CNT_MAX]; /* of the other */
	/* shared: */
	bool leaving[BLOCK_CNT_MAX]; /* to be given back to the kernel first */
	unsigned wanted_cnt;	     /* so many shall be ready */
	bool quit;
};

/* Without memory or a thread there is less, or it is not ready. */
void probe_blocks_open(struct blocks *b);
void probe_blocks_close(struct blocks *b);
/* The first block that can be used. -1: none. */
int probe_blocks_find(const struct blocks *b);
void probe_blocks_use(struct blocks *b, int i);
void probe_blocks_release(struct blocks *b, int i);
/* No block is used: gives back what only a flood needs. */
void probe_blocks_rest(struct blocks *b);

static inline uint8_t *probe_block(const struct blocks *b, int i)
{
	return b->memory + (size_t)i * BLOCK_LEN;
}

#endif
