/* SPDX-License-Identifier: MIT */
/* code.c - what clang makes of this as text and as bytes must be the same to bpfasm. */
typedef unsigned long long u64;
typedef unsigned int u32;
typedef unsigned short u16;
typedef signed char s8;

static __attribute__((noinline)) u64 mix(u64 a, u32 b)
{
	for (u32 i = 0; i < b; i++)
		a = (a << 7 | a >> 57) ^ (b * i);
	return a;
}

u64 entry(u64 *p, u32 *q, s8 *r)
{
	u64 v = __sync_fetch_and_add(p, 1) + __sync_fetch_and_or(p + 1, 2) +
		__sync_fetch_and_and(p + 2, 3) + __sync_fetch_and_xor(p + 3, 4);
	u32 w = __sync_fetch_and_add(q, 1) + __sync_lock_test_and_set(q + 1, 5) +
		__sync_val_compare_and_swap(q + 2, 6, 7);

	__sync_fetch_and_add(p + 4, v);
	v += __sync_lock_test_and_set(p + 5, w) + __sync_val_compare_and_swap(p + 6, v, 8);
	if (r[3] < 0 || (u16)w > 0xfffe || v == 0x123456789abcdefULL)
		return mix(v, w);
	p[7] = __builtin_bswap64(v) / (w + 1);
	q[8] = __builtin_bswap32(w) % 10;
	return mix(v ^ 0xffffffff00000000ULL, 16);
}
