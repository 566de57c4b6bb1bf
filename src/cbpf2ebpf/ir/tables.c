/* SPDX-License-Identifier: MIT */
/*
 * tables.c - makes the perfect hash tables of tables.h. Takes numbers, gives the bytes of a map's
 * value and the offset of each table.
 *
 * The numbers are distributed to buckets of about four. From the fullest bucket on, each gets the
 * first multiplier that moves all its numbers to free slots. This takes linear time, and equal
 * lists give equal tables. If no multiplier works, the table is enlarged; after a few attempts the
 * caller falls back to search trees.
 */
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../util.h"

#define NUMBER_CNT_MIN 48	  /* shorter lists are as fast as trees: bench/filter */
#define NUMBER_CNT_MAX 500000	  /* of one list */
#define LEN_MAX	       (1u << 22) /* the longest map value that kernels allow */
#define BUCKET_CNT     4	  /* numbers in a bucket, on average */
#define TRY_CNT	       4096	  /* multipliers for a bucket */
#define FACTOR_CNT     16	  /* factors for pairs */
#define LARGER_CNT     3	  /* how often a table may be doubled */

/* ---- One table ---------------------------------------------------------------------------- */

struct bucket {
	uint32_t first, cnt; /* into build.dealt */
	uint32_t at;	     /* which it is */
};

struct build {
	struct c2e_table *t;
	uint32_t *dealt; /* the numbers, by bucket */
	struct bucket *buckets;
	uint8_t *taken; /* slots */
	uint32_t *multipliers, *slots;
};

static uint32_t bucket_of(const struct c2e_table *t, uint32_t x)
{
	return x * C2E_TABLE_FIRST >> (32 - t->bucket_bits);
}

static uint32_t slot_of(const struct c2e_table *t, uint32_t x, uint32_t multiplier)
{
	return x * multiplier >> (32 - t->slot_bits);
}

static int by_cnt(const void *x, const void *y)
{
	const struct bucket *a = x, *b = y;

	if (a->cnt != b->cnt)
		return a->cnt < b->cnt ? 1 : -1;
	return a->at < b->at ? -1 : a->at > b->at;
}

/* Distributes the numbers to buckets and sorts these, the fullest first. */
static void deal(struct build *b)
{
	const struct c2e_table *t = b->t;
	uint32_t bucket_cnt = 1u << t->bucket_bits, next = 0;

	for (uint32_t i = 0; i < bucket_cnt; i++)
		b->buckets[i] = (struct bucket){.at = i};
	for (uint32_t i = 0; i < t->cnt; i++)
		b->buckets[bucket_of(t, t->numbers[i])].cnt++;
	for (uint32_t i = 0; i < bucket_cnt; i++) {
		b->buckets[i].first = next;
		next += b->buckets[i].cnt;
		b->buckets[i].cnt = 0;
	}
	for (uint32_t i = 0; i < t->cnt; i++) {
		struct bucket *to = &b->buckets[bucket_of(t, t->numbers[i])];

		b->dealt[to->first + to->cnt++] = t->numbers[i];
	}
	qsort(b->buckets, bucket_cnt, sizeof(b->buckets[0]), by_cnt);
}

/*
 * Places the bucket's numbers with the multiplier; false, and nothing changed, if a slot is taken.
 */
static bool put(struct build *b, const struct bucket *from, uint32_t multiplier)
{
	const uint32_t *numbers = &b->dealt[from->first];
	uint32_t done = 0, slot;

	for (; done < from->cnt; done++) {
		slot = slot_of(b->t, numbers[done], multiplier);
		if (b->taken[slot])
			break;
		b->taken[slot] = 1;
		b->slots[slot] = numbers[done];
	}
	if (done == from->cnt)
		return true;
	while (done-- > 0)
		b->taken[slot_of(b->t, numbers[done], multiplier)] = 0;
	return false;
}

static bool place(struct build *b, const struct bucket *from)
{
	for (uint32_t i = 1; i <= TRY_CNT; i++) {
		uint32_t multiplier = i * 0x85ebca6bu | 1;

		if (!put(b, from, multiplier))
			continue;
		b->multipliers[from->at] = multiplier;
		return true;
	}
	return false;
}

/* Free slots get a number of the list, which no other number equals. */
static void fill_rest(struct build *b)
{
	for (uint32_t i = 0; i < 1u << b->t->slot_bits; i++)
		if (!b->taken[i])
			b->slots[i] = b->t->numbers[0];
}

static uint32_t table_len(const struct c2e_table *t)
{
	uint32_t slot = t->pairs ? sizeof(struct c2e_pair) : 4;

	return (4u << t->bucket_bits) + (slot << t->slot_bits);
}

/* Writes the pairs to their slots, and one of them to the free slots. */
static void write_pairs(const struct c2e_table *t, const uint32_t *multipliers)
{
	struct c2e_pair *slots = (struct c2e_pair *)(multipliers + (1u << t->bucket_bits));

	for (uint32_t i = 0; i < 1u << t->slot_bits; i++)
		slots[i] = t->pairs[0];
	for (uint32_t i = 0; i < t->cnt; i++) {
		uint32_t x = t->numbers[i];

		slots[slot_of(t, x, multipliers[bucket_of(t, x)])] = t->pairs[i];
	}
}

/* Writes the table of t's size to `bytes`. -ENOSPC: the table is too small, -ENOMEM. */
static int write_table(struct c2e_table *t, void *bytes)
{
	struct build b = {.t = t,
			  .dealt = malloc(t->cnt * sizeof(*b.dealt)),
			  .buckets = malloc(sizeof(*b.buckets) << t->bucket_bits),
			  .taken = calloc(1u << t->slot_bits, 1),
			  .multipliers = bytes,
			  .slots = (uint32_t *)bytes + (1u << t->bucket_bits)};
	int rc = b.dealt && b.buckets && b.taken ? 0 : -ENOMEM;

	memset(bytes, 0, table_len(t));
	if (rc == 0)
		deal(&b);
	for (uint32_t i = 0; rc == 0 && i < 1u << t->bucket_bits && b.buckets[i].cnt > 0; i++)
		rc = place(&b, &b.buckets[i]) ? 0 : -ENOSPC;
	if (rc == 0)
		fill_rest(&b);
	if (rc == 0 && t->pairs)
		write_pairs(t, b.multipliers);
	free(b.dealt);
	free(b.buckets);
	free(b.taken);
	return rc;
}

/* ---- All of them -------------------------------------------------------------------------- */

/* The smallest number of bits, at least one, that can count up to cnt. */
static unsigned bits_for(uint32_t cnt)
{
	unsigned bits = 1;

	while (1u << bits < cnt)
		bits++;
	return bits;
}

/* Appends the table to the bytes of the others. -E2BIG, -ENOSPC, -ENOMEM. */
static int append_bytes(struct cbpf2ebpf_tables *all, struct c2e_table *t)
{
	uint32_t len = table_len(t);
	uint8_t *grown;
	int rc;

	if (len > LEN_MAX - all->len)
		return -E2BIG;
	grown = grow(all->bytes, &all->byte_cap, all->len + len, 1);
	if (!grown)
		return -ENOMEM;
	all->bytes = grown;
	rc = write_table(t, grown + all->len);
	if (rc < 0)
		return rc;
	t->off = all->len;
	all->len += len;
	return 0;
}

static int append(struct cbpf2ebpf_tables *all, struct c2e_table t)
{
	struct c2e_table *grown = grow(all->all, &all->cap, all->cnt + 1, sizeof(*grown));
	int rc = -ENOSPC;

	if (!grown)
		return -ENOMEM;
	all->all = grown;
	t.bucket_bits = bits_for((t.cnt + BUCKET_CNT - 1) / BUCKET_CNT);
	t.slot_bits = bits_for(t.cnt + t.cnt / 4);
	for (unsigned i = 0; i <= LARGER_CNT && rc == -ENOSPC; i++) {
		rc = append_bytes(all, &t);
		t.slot_bits += rc == -ENOSPC;
	}
	if (rc == 0)
		all->all[all->cnt++] = t;
	return rc;
}

static void free_table(struct c2e_table *t)
{
	free(t->numbers);
	free(t->pairs);
}

/* ---- Numbers ------------------------------------------------------------------------------ */

/* Does the table hold these numbers? *use gets its other numbers, if they are few. */
static bool serves(const struct c2e_table *t, const uint32_t *numbers, uint32_t cnt,
		   struct c2e_table_use *use)
{
	uint32_t found = 0;

	use->more_cnt = 0;
	if (t->pairs || t->cnt < cnt || t->cnt - cnt > C2E_TABLE_MORE)
		return false;
	for (uint32_t i = 0; i < t->cnt; i++) {
		if (found < cnt && t->numbers[i] == numbers[found])
			found++;
		else if (use->more_cnt < t->cnt - cnt)
			use->more[use->more_cnt++] = t->numbers[i];
		else
			return false;
	}
	return found == cnt;
}

static bool find(const struct cbpf2ebpf_tables *all, const uint32_t *numbers, uint32_t cnt,
		 struct c2e_table_use *use)
{
	bool found = false;

	for (uint32_t i = 0; i < all->cnt; i++) {
		struct c2e_table_use other = {.table = i};

		if (!serves(&all->all[i], numbers, cnt, &other) ||
		    (found && other.more_cnt >= use->more_cnt))
			continue;
		*use = other;
		found = true;
	}
	return found;
}

bool c2e_tables_find(struct cbpf2ebpf_tables *all, const uint32_t *numbers, uint32_t cnt,
		     struct c2e_table_use *use)
{
	struct c2e_table t = {.cnt = cnt};

	if (cnt == 0 || cnt > NUMBER_CNT_MAX)
		return false;
	if (find(all, numbers, cnt, use))
		return true;
	if (all->bound)
		return false;
	t.numbers = malloc(cnt * sizeof(*numbers));
	if (!t.numbers)
		return false;
	memcpy(t.numbers, numbers, cnt * sizeof(*numbers));
	*use = (struct c2e_table_use){.table = all->cnt};
	if (append(all, t) == 0)
		return true;
	free_table(&t);
	return false;
}

/* ---- Pairs -------------------------------------------------------------------------------- */

static int by_number(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

/* Numbers the pairs with the factor; false if two get the same number. */
static bool number_pairs(struct c2e_table *t, uint32_t factor, uint32_t *sorted)
{
	t->factor = factor;
	for (uint32_t i = 0; i < t->cnt; i++)
		sorted[i] = t->numbers[i] = t->pairs[i].a * factor + t->pairs[i].b;
	qsort(sorted, t->cnt, sizeof(*sorted), by_number);
	for (uint32_t i = 1; i < t->cnt; i++)
		if (sorted[i] == sorted[i - 1])
			return false;
	return true;
}

static bool append_pairs(struct cbpf2ebpf_tables *all, struct c2e_table t)
{
	uint32_t *sorted = malloc(t.cnt * sizeof(*sorted));
	bool good = false;

	for (uint32_t i = 1; sorted && !good && i <= FACTOR_CNT; i++)
		good = number_pairs(&t, i * 0xc2b2ae35u | 1, sorted);
	free(sorted);
	return good && append(all, t) == 0;
}

int c2e_tables_find_pairs(struct cbpf2ebpf_tables *all, const struct c2e_pair *pairs, uint32_t cnt)
{
	struct c2e_table t = {.cnt = cnt};

	for (uint32_t i = 0; i < all->cnt; i++)
		if (all->all[i].pairs && all->all[i].cnt == cnt &&
		    memcmp(all->all[i].pairs, pairs, cnt * sizeof(*pairs)) == 0)
			return (int)i;
	if (all->bound || cnt == 0 || cnt > NUMBER_CNT_MAX)
		return -1;
	t.numbers = malloc(cnt * sizeof(*t.numbers));
	t.pairs = malloc(cnt * sizeof(*t.pairs));
	if (t.numbers && t.pairs) {
		memcpy(t.pairs, pairs, cnt * sizeof(*pairs));
		if (append_pairs(all, t))
			return (int)all->cnt - 1;
	}
	free_table(&t);
	return -1;
}

/* ---- Public ------------------------------------------------------------------------------- */

struct cbpf2ebpf_tables *cbpf2ebpf_tables_new(uint32_t min)
{
	struct cbpf2ebpf_tables *t = calloc(1, sizeof(*t));

	if (t)
		t->min = min ? min : NUMBER_CNT_MIN;
	return t;
}

void cbpf2ebpf_tables_free(struct cbpf2ebpf_tables *t)
{
	for (uint32_t i = 0; t && i < t->cnt; i++)
		free_table(&t->all[i]);
	if (t) {
		free(t->all);
		free(t->bytes);
	}
	free(t);
}

const void *cbpf2ebpf_tables_bytes(const struct cbpf2ebpf_tables *t, uint32_t *len)
{
	*len = t->len;
	return t->bytes;
}

void cbpf2ebpf_tables_bind(struct cbpf2ebpf_tables *t, int fd)
{
	t->bound = true;
	t->fd = fd;
}
