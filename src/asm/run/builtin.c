/* SPDX-License-Identifier: MIT */
/*
 * builtin.c - the interpreter's own helpers, which read the packet and the machine's memory.
 * Results are the kernel's (for missing bytes -EFAULT in R0 and zeros in the buffer). Return
 * -EINVAL for arguments that the verifier rejects.
 */
#include <errno.h>
#include <string.h>

#include "state.h"

enum { START_MAC = 0, START_NET = 1 }; /* start of skb_load_bytes_relative: BPF_HDR_START_* */

static uint64_t fault(void *to, size_t len)
{
	memset(to, 0, len);
	return (uint64_t)-EFAULT;
}

/* The buffer of `len` bytes that a helper fills; NULL: the verifier rejects the call. */
static void *buffer(struct ebpf_machine *m, uint64_t addr, uint64_t len, bool zero_ok)
{
	static uint8_t nothing;

	if (len == 0)
		return zero_ok ? &nothing : NULL;
	return len <= UINT32_MAX ? ebpf_run_memory(m, addr, (size_t)len, true) : NULL;
}

/* r0 = skb_load_bytes[_relative](ctx, off, to, len, start), xdp_load_bytes(ctx, off, to, len) */
static int load_bytes(struct ebpf_machine *m, const uint64_t args[5], uint64_t start,
		      uint64_t off_max, uint64_t *r0)
{
	const uint64_t off = (uint32_t)args[1], len = args[3];
	uint8_t *to = buffer(m, args[2], len, false);

	if (args[0] != m->ctx || !to)
		return -EINVAL;
	*r0 = 0;
	if (!m->packet || off > off_max || start > m->packet_len ||
	    off + len > m->packet_len - start)
		*r0 = fault(to, (size_t)len);
	else
		memcpy(to, (const uint8_t *)m->packet + start + off, (size_t)len);
	return 0;
}

static int load_relative(struct ebpf_machine *m, const uint64_t args[5], uint64_t *r0)
{
	const uint32_t start = (uint32_t)args[4];

	if (start == START_MAC || start == START_NET)
		return load_bytes(m, args, start == START_NET ? m->packet_net_off : 0, UINT16_MAX,
				  r0);
	*r0 = (uint64_t)-EFAULT;
	return 0;
}

/* r0 = probe_read(to, len, from) */
static int probe_read(struct ebpf_machine *m, const uint64_t args[5], uint64_t *r0)
{
	const size_t len = (size_t)args[1];
	void *to = buffer(m, args[0], args[1], true);
	const void *from;

	if (!to)
		return -EINVAL;
	*r0 = 0;
	from = len ? ebpf_run_memory(m, args[2], len, false) : to;
	if (!from)
		*r0 = fault(to, len);
	else if (len)
		memmove(to, from, len);
	return 0;
}

int ebpf_run_builtin(struct ebpf_machine *m, int helper, const uint64_t args[5], uint64_t *r0)
{
	switch (helper) {
	case EBPF_FN_skb_load_bytes:
	case EBPF_FN_xdp_load_bytes:
		return load_bytes(m, args, 0, INT32_MAX, r0);
	case EBPF_FN_xdp_get_buff_len:
		*r0 = m->packet_len;
		return args[0] == m->ctx ? 0 : -EINVAL;
	case EBPF_FN_skb_load_bytes_relative:
		return load_relative(m, args, r0);
	case EBPF_FN_probe_read:
	case EBPF_FN_probe_read_kernel:
		return probe_read(m, args, r0);
	default:
		return -ENOSYS;
	}
}
