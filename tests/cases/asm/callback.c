/* SPDX-License-Identifier: MIT */
/* callback.c - a program that passes a function of its own to a helper: 5 * 3. */
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))

char license_text[] SEC("license") = "GPL";
const volatile u32 step = 3;
static u32 total;

/* bpf_loop, of Linux 5.17 */
static long (*const loop)(u32 cnt, void *callback, void *user, u64 flags) = (void *)181;

static long add_step(u32 i, void *user)
{
	total += step;
	return 0;
}

SEC("tc") int run_loop(void *skb)
{
	loop(5, add_step, 0, 0);
	return total;
}
