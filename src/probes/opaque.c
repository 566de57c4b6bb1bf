/* SPDX-License-Identifier: MIT */
/*
 * opaque.c - hides kernel addresses from those to whom the kernel does not show them: takes an
 * address, gives it or a keyed hash of it (SipHash-2-4). Cannot fail.
 *
 * The rule is that of /proc/kallsyms: kernel.kptr_restrict, CAP_SYSLOG and, without a restriction,
 * kernel.perf_event_paranoid.
 */
#include "opaque.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpfcap/kbpf.h"

#include "../util.h"

static bool has_cap_syslog(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &head, half) == 0 &&
	       half[CAP_TO_INDEX(CAP_SYSLOG)].effective & CAP_TO_MASK(CAP_SYSLOG);
}

static long setting(const char *path, long without)
{
	char *text;
	long value;

	if (kbpf_read_file(AT_FDCWD, path, &text, NULL) < 0)
		return without;
	value = strtol(text, NULL, 10);
	free(text);
	return value;
}

static bool are_shown(void)
{
	switch (setting("/proc/sys/kernel/kptr_restrict", 1)) {
	case 0:
		if (setting("/proc/sys/kernel/perf_event_paranoid", 2) <= 1)
			return true;
		/* fall through */
	case 1:
		return has_cap_syslog();
	default:
		return false;
	}
}

void probe_opaque_init(struct opaque *o)
{
	o->hides = !are_shown();
	if (!o->hides || getrandom(o->key, sizeof(o->key), GRND_NONBLOCK) == sizeof(o->key))
		return;
	o->key[0] = mono_now_ns(); /* early in the boot of the machine */
	o->key[1] = (uint64_t)getpid();
}

static uint64_t turn(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static void rounds(uint64_t v[4], int cnt)
{
	while (cnt--) {
		v[0] += v[1];
		v[1] = turn(v[1], 13) ^ v[0];
		v[0] = turn(v[0], 32);
		v[2] += v[3];
		v[3] = turn(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = turn(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = turn(v[1], 17) ^ v[2];
		v[2] = turn(v[2], 32);
	}
}

uint64_t probe_opaque_id(const struct opaque *o, uint64_t addr)
{
	const uint64_t len_word = UINT64_C(8) << 56;
	uint64_t v[4] = {
		o->key[0] ^ UINT64_C(0x736f6d6570736575),
		o->key[1] ^ UINT64_C(0x646f72616e646f6d),
		o->key[0] ^ UINT64_C(0x6c7967656e657261),
		o->key[1] ^ UINT64_C(0x7465646279746573),
	};

	if (!o->hides || !addr)
		return addr;
	v[3] ^= addr;
	rounds(v, 2);
	v[0] ^= addr;
	v[3] ^= len_word;
	rounds(v, 2);
	v[0] ^= len_word;
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
