/* SPDX-License-Identifier: MIT */
/* object.c - programs with maps, variables and a function apart: for bpfasm to link and run. */
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name)	 __attribute__((section(name), used))
#define NUMBER(name, n)	 int(*name)[n]
#define OF_TYPE(name, t) t *name

struct key {
	u32 a, b;
};

struct {
	NUMBER(type, 1); /* hash */
	NUMBER(max_entries, 100);
	OF_TYPE(key, struct key);
	OF_TYPE(value, u64);
} counts SEC(".maps");

struct {
	NUMBER(type, 2); /* array */
	NUMBER(max_entries, 3);
	NUMBER(key_size, 4);
	NUMBER(value_size, 16);
} sums SEC(".maps");

struct __sk_buff {
	u32 len;
};

const volatile u32 limit = 7;
u32 hits = 40;
u32 zero;
static volatile u32 table[4] = {1, 2, 3, 4};
char license_text[] SEC("license") = "GPL";

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const map_update)(void *map, const void *key, const void *value,
				u64 flags) = (void *)2;

static __attribute__((noinline)) u64 add(u64 a, u32 *b)
{
	return a + *b + table[2];
}

/* 7 + 41 + 3 + 5 + 0 + 2 */
SEC("tc") int first(struct __sk_buff *skb)
{
	struct key k = {1, 2};
	u32 i = 0;
	u64 five = 5, *count, *sum = map_lookup(&sums, &i);

	map_update(&counts, &k, &five, 0);
	count = map_lookup(&counts, &k);
	if (!sum || !count)
		return -1;
	hits++;
	zero += 2;
	return add(limit, &hits) + *count + *sum + zero;
}

/* len + 40 + 3 */
SEC("tc") int second(struct __sk_buff *skb)
{
	return add(skb->len, &hits);
}

SEC("xdp") int third(void *ctx)
{
	return 2;
}
