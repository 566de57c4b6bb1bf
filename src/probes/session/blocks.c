/* SPDX-License-Identifier: MIT */
/*
 * blocks.c - memory for a flood, in large pages which a thread clears ahead and gives back: gives
 * blocks. Cannot fail: a block that is not ready takes longer to use.
 *
 * In a virtual machine the kernel may take 20 ms to clear a large page, and the first access to a
 * small one costs more than filling it. The rings must not wait for either.
 */
#include "blocks.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../thread.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

enum {
	CNT_MIN = 2,
	MEMORY_PART = 8, /* of the machine's memory at most */
	READY_PART = 4,	 /* of the blocks, which always stay ready */
	AHEAD_CNT = 8,	 /* of those that are used: the thread shares the CPUs with the flood */
};

static unsigned block_cnt(void)
{
	uint64_t limit = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	unsigned cnt = BLOCK_CNT_MAX;

	while (cnt > CNT_MIN && cnt > limit / MEMORY_PART / BLOCK_LEN)
		cnt /= 2;
	return cnt;
}

static unsigned ready_cnt(const struct blocks *b)
{
	return (b->cnt + READY_PART - 1) / READY_PART;
}

static size_t mapping_len(const struct blocks *b)
{
	return (b->cnt + 1) * BLOCK_LEN; /* one more for the alignment */
}

/* Large pages if there are any, else small ones. */
static void touch(uint8_t *block)
{
	*(volatile uint8_t *)(block + BLOCK_ROOM) = 0;
	(void)madvise(block, BLOCK_LEN, MADV_POPULATE_WRITE);
}

static void tend_block(struct blocks *b, unsigned i)
{
	uint8_t *block = probe_block(b, (int)i);

	if (__atomic_load_n(&b->leaving[i], __ATOMIC_ACQUIRE)) {
		(void)madvise(block, BLOCK_LEN, MADV_DONTNEED);
		b->ready[i] = false;
		__atomic_store_n(&b->leaving[i], false, __ATOMIC_RELEASE);
	}
	if (i >= __atomic_load_n(&b->wanted_cnt, __ATOMIC_ACQUIRE) || b->ready[i])
		return;
	touch(block);
	b->ready[i] = true;
}

/* It keeps its privileges: setresuid() aborts the process if a thread may not change its user. */
static void *tend(void *user)
{
	struct blocks *b = user;

	while (!__atomic_load_n(&b->quit, __ATOMIC_ACQUIRE)) {
		for (unsigned i = 0; i < b->cnt && !__atomic_load_n(&b->quit, __ATOMIC_ACQUIRE);
		     i++)
			tend_block(b, i);
		while (sem_wait(&b->go) != 0 && errno == EINTR)
			;
	}
	return NULL;
}

void probe_blocks_open(struct blocks *b)
{
	void *mapping;

	b->cnt = block_cnt();
	mapping = mmap(NULL, mapping_len(b), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapping == MAP_FAILED) {
		b->cnt = 0;
		return;
	}
	(void)madvise(mapping, mapping_len(b), MADV_HUGEPAGE);
	(void)madvise(mapping, mapping_len(b), MADV_DONTFORK); /* else each page is copied later */
	b->mapping = mapping;
	b->memory = (uint8_t *)mapping + (BLOCK_LEN - (uintptr_t)mapping % BLOCK_LEN);
	b->wanted_cnt = ready_cnt(b);
	if (sem_init(&b->go, 0, 0) == 0)
		b->has_thread = probe_thread_start(&b->thread, tend, b);
}

void probe_blocks_close(struct blocks *b)
{
	__atomic_store_n(&b->quit, true, __ATOMIC_RELEASE);
	if (b->has_thread) {
		(void)sem_post(&b->go);
		(void)pthread_join(b->thread, NULL);
	}
	if (b->mapping)
		(void)munmap(b->mapping, mapping_len(b));
	*b = (struct blocks){0};
}

int probe_blocks_find(const struct blocks *b)
{
	for (unsigned i = 0; i < b->cnt; i++)
		if (!b->used[i] && !__atomic_load_n(&b->leaving[i], __ATOMIC_ACQUIRE))
			return (int)i;
	return -1;
}

void probe_blocks_use(struct blocks *b, int i)
{
	unsigned wanted = (unsigned)i + 1 + AHEAD_CNT;

	b->used[i] = true;
	if (wanted <= b->wanted_cnt)
		return;
	__atomic_store_n(&b->wanted_cnt, wanted < b->cnt ? wanted : b->cnt, __ATOMIC_RELEASE);
	(void)sem_post(&b->go);
}

void probe_blocks_release(struct blocks *b, int i)
{
	b->used[i] = false;
}

void probe_blocks_rest(struct blocks *b)
{
	unsigned was = b->wanted_cnt, cnt = ready_cnt(b);

	if (was == cnt || !b->has_thread)
		return;
	__atomic_store_n(&b->wanted_cnt, cnt, __ATOMIC_RELEASE);
	for (unsigned i = cnt; i < was; i++)
		__atomic_store_n(&b->leaving[i], true, __ATOMIC_RELEASE);
	(void)sem_post(&b->go);
}
