/* SPDX-License-Identifier: MIT */
/*
 * run_maps.c - maps for programs in the interpreter: arrays and hashes, per-CPU ones as on a
 * machine with one CPU. Each map has its values in one region, keys elsewhere. Fails with -ENOTSUP
 * (input) for other types, -E2BIG for more than MEMORY_MAX bytes, -ENOMEM.
 */
#include "run_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../common/fail.h"

enum { HASH = 1, ARRAY = 2, PERCPU_HASH = 5, PERCPU_ARRAY = 6, LRU_HASH = 9, LRU_PERCPU_HASH = 10 };
enum { NO_EXIST = 1, EXIST = 2 }; /* BPF_NOEXIST, BPF_EXIST */

#define MEMORY_MAX (64u << 20)
#define FIRST_ADDR UINT64_C(0x100000000) /* above packets and contexts */

struct map {
	const struct ebpf_map_def *def;
	bool is_array;
	size_t stride; /* bytes from one value to the next */
	uint64_t addr;
	uint8_t *values, *keys;
	bool *used;
};

struct run_maps {
	struct map *all;
	size_t cnt;
};

static int make(struct map *m, const struct ebpf_map_def *d, struct err *e)
{
	const bool is_hash = d->type == HASH || d->type == PERCPU_HASH || d->type == LRU_HASH ||
			     d->type == LRU_PERCPU_HASH;

	m->def = d;
	m->is_array = d->type == ARRAY || d->type == PERCPU_ARRAY;
	if ((!is_hash && !m->is_array) || !d->key_len || !d->value_len || !d->entry_cnt ||
	    (m->is_array && d->key_len != sizeof(uint32_t)))
		return err_input(e, -ENOTSUP, "run",
				 "map %s: the interpreter only supports hashes and arrays",
				 d->name);
	m->stride = ((size_t)d->value_len + 7) & ~(size_t)7;
	if (d->entry_cnt > MEMORY_MAX / m->stride || d->entry_cnt > MEMORY_MAX / d->key_len)
		return err_input(e, -E2BIG, "run", "map %s is larger than %u MiB", d->name,
				 MEMORY_MAX >> 20);
	m->values = calloc(d->entry_cnt, m->stride);
	m->keys = calloc(d->entry_cnt, d->key_len);
	m->used = calloc(d->entry_cnt, sizeof(*m->used));
	if (!m->values || !m->keys || !m->used)
		return err_run(e, -ENOMEM, "run", "out of memory");
	if (d->data)
		memcpy(m->values, d->data, d->value_len);
	return 0;
}

int run_maps_make(struct run_maps **out, const struct ebpf_source *s, struct err *e)
{
	struct run_maps *m = calloc(1, sizeof(*m));
	int rc = 0;

	*out = m;
	if (s->map_cnt > RUN_MAPS_MAX)
		return err_input(e, -E2BIG, "run",
				 "the program has %zu maps; the interpreter supports %d",
				 s->map_cnt, RUN_MAPS_MAX);
	if (m)
		m->all = calloc(s->map_cnt + 1, sizeof(*m->all));
	if (!m || !m->all)
		return err_run(e, -ENOMEM, "run", "out of memory");
	for (; m->cnt < s->map_cnt && !rc; m->cnt++) {
		m->all[m->cnt].addr = FIRST_ADDR * (m->cnt + 1);
		rc = make(&m->all[m->cnt], &s->maps[m->cnt], e);
	}
	return rc;
}

void run_maps_free(struct run_maps *m)
{
	for (size_t i = 0; m && i < m->cnt; i++) {
		free(m->all[i].values);
		free(m->all[i].keys);
		free(m->all[i].used);
	}
	if (m)
		free(m->all);
	free(m);
}

void run_maps_regions(const struct run_maps *m, struct ebpf_region *r)
{
	for (size_t i = 0; i < m->cnt; i++)
		r[i] = (struct ebpf_region){m->all[i].addr, m->all[i].values,
					    m->all[i].stride * m->all[i].def->entry_cnt, true};
}

uint64_t run_maps_value(const struct run_maps *m, int number, uint32_t off)
{
	if (number < 0 || (size_t)number >= m->cnt || off >= m->all[number].def->value_len)
		return 0;
	return m->all[number].addr + off;
}

/* The entry of a key; entry_cnt: none. */
static size_t find(const struct map *m, const uint8_t *key)
{
	const size_t cnt = m->def->entry_cnt, len = m->def->key_len;
	uint32_t slot;

	if (m->is_array) {
		memcpy(&slot, key, sizeof(slot));
		return slot < cnt ? slot : cnt;
	}
	for (size_t i = 0; i < cnt; i++)
		if (m->used[i] && memcmp(m->keys + i * len, key, len) == 0)
			return i;
	return cnt;
}

static size_t find_free(const struct map *m)
{
	size_t i = 0;

	while (i < m->def->entry_cnt && m->used[i])
		i++;
	return i;
}

/* Returns 0 or -errno, as the kernel does. */
static int update(struct map *m, const uint8_t *key, const uint8_t *value, uint64_t flags)
{
	const size_t cnt = m->def->entry_cnt;
	size_t i = find(m, key);

	if (flags > EXIST)
		return -EINVAL;
	if (i < cnt && flags == NO_EXIST)
		return -EEXIST;
	if (i == cnt && m->is_array)
		return -E2BIG;
	if (i == cnt && flags == EXIST)
		return -ENOENT;
	if (i == cnt)
		i = find_free(m);
	if (i == cnt)
		return -E2BIG;
	m->used[i] = true;
	memcpy(m->keys + i * m->def->key_len, key, m->def->key_len);
	memcpy(m->values + i * m->stride, value, m->def->value_len);
	return 0;
}

static int delete (struct map *m, const uint8_t *key)
{
	const size_t i = find(m, key);

	if (m->is_array)
		return -EINVAL;
	if (i == m->def->entry_cnt)
		return -ENOENT;
	m->used[i] = false;
	return 0;
}

static struct map *by_handle(const struct run_maps *maps, uint64_t handle)
{
	for (size_t i = 0; i < maps->cnt; i++)
		if (handle == EBPF_RUN_MAP(i))
			return &maps->all[i];
	return NULL;
}

int run_maps_helper(const struct run_maps *maps, struct ebpf_machine *m, int helper,
		    const uint64_t args[5], uint64_t *r0)
{
	const uint8_t *key, *value;
	struct map *map;
	size_t i;

	if (helper < EBPF_FN_map_lookup_elem || helper > EBPF_FN_map_delete_elem)
		return ebpf_run_builtin(m, helper, args, r0);
	map = by_handle(maps, args[0]);
	key = map ? ebpf_run_memory(m, args[1], map->def->key_len, false) : NULL;
	if (!key)
		return -EFAULT;
	if (helper == EBPF_FN_map_lookup_elem) {
		i = find(map, key);
		*r0 = i < map->def->entry_cnt ? map->addr + i * map->stride : 0;
		return 0;
	}
	if (helper == EBPF_FN_map_delete_elem) {
		*r0 = (uint64_t) delete (map, key);
		return 0;
	}
	value = ebpf_run_memory(m, args[2], map->def->value_len, false);
	if (!value)
		return -EFAULT;
	*r0 = (uint64_t)update(map, key, value, args[3]);
	return 0;
}
