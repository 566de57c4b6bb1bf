/* SPDX-License-Identifier: MIT */
/*
 * ebpf_run.h - a strict reference interpreter of eBPF, for tests and for tools without root.
 *
 *	uint8_t value[16];
 *	const struct ebpf_region r[] = {{.addr = 0x1000, .data = value, .len = 16}};
 *	struct ebpf_machine m = {.regions = r, .region_cnt = 1, .ctx = 0x1000};
 *
 *	err = ebpf_run(&prog, &m, &r0, &e);
 *
 * The interpreter reports operations that the instruction set leaves undefined or that the kernel's
 * verifier rejects: access to memory outside the regions, reads of registers and stack bytes that
 * were never written or that a call clobbered, unaligned stack accesses, endless loops. Values have
 * no types: the verifier distinguishes pointers from numbers, the interpreter only knows addresses.
 * It gives the same results on every host; memory has the host's byte order, as in the kernel.
 */
#ifndef BPFCAP_EBPF_RUN_H
#define BPFCAP_EBPF_RUN_H

#include "bpfcap/ebpf.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Memory that the program may use: the bytes at `data` appear at address `addr`. Regions must not
 * overlap, and must end below EBPF_RUN_RESERVED, where the interpreter's own addresses start. A
 * region that a 32-bit context field points to (__sk_buff.data) must be below 4 GiB.
 */
struct ebpf_region {
	uint64_t addr;
	void *data;
	size_t len; /* bytes */
	bool writable;
};

#define EBPF_RUN_RESERVED UINT64_C(0xf000000000000000)

/* The value of the register after `r1 = map_fd FD ll`: only valid as an argument of a helper. */
#define EBPF_RUN_MAP(fd) (UINT64_C(0xf100000000000000) + (uint32_t)(fd))

struct ebpf_machine;

/*
 * Implements helpers: args are R1..R5. Returns 0 with *r0, or -errno, which ends the run: -ENOSYS
 * for an unknown helper. ebpf_run_memory() gives access to the program's memory.
 */
typedef int (*ebpf_run_helper)(struct ebpf_machine *m, int helper, const uint64_t args[5],
			       uint64_t *r0);

/* Called before each instruction with its slot and R0..R10. */
typedef void (*ebpf_run_trace)(struct ebpf_machine *m, size_t slot, const uint64_t regs[11]);

struct ebpf_machine {
	const struct ebpf_region *regions;
	size_t region_cnt;
	uint64_t ctx; /* R1 at the start */

	/*
	 * What LD_ABS, LD_IND and the built-in helpers read; NULL: all loads are outside the
	 * packet.
	 */
	const void *packet;
	uint32_t packet_len;	 /* bytes */
	uint32_t packet_net_off; /* offset of the network header, for SKF_NET_OFF */

	/* ebpf_check() has accepted the program: saves time in repeated runs */
	bool checked;
	uint64_t step_max;	/* instructions; 0: 1,000,000 */
	ebpf_run_helper helper; /* NULL: ebpf_run_builtin() */
	ebpf_run_trace trace;	/* may be NULL */
	void *user;		/* for the callbacks */

	uint64_t step_cnt; /* out: instructions run */
	void *state;	   /* the interpreter's own during the run */
};

/*
 * Runs a program from its first slot to the last exit. Returns 0 with *r0, or -errno with a
 * sentence that names the instruction: -EINVAL if ebpf_check() rejects the program or an operation
 * is undefined, -EFAULT for memory that does not exist or is not writable, -ELOOP after step_max
 * instructions, -ENOTSUP for instructions that need a kernel (kfuncs, addresses of functions and
 * map values), or the result of a helper.
 */
int ebpf_run(const struct ebpf_prog *p, struct ebpf_machine *m, uint64_t *r0, struct err *e);

/*
 * For helpers: returns the bytes at an address of the program. NULL if they are not all in one
 * region or stack frame, not writable (with `stores`), or not yet written (stack, without
 * `stores`). With `stores`, stack bytes count as written afterwards.
 */
void *ebpf_run_memory(struct ebpf_machine *m, uint64_t addr, size_t len, bool stores);

/*
 * Helpers that need no kernel: skb_load_bytes, skb_load_bytes_relative, xdp_load_bytes and
 * xdp_get_buff_len (of m->packet), probe_read and probe_read_kernel (of the regions: addresses
 * outside read as zeros and return -EFAULT). Returns -ENOSYS for all others. To be called from an
 * ebpf_run_helper.
 */
int ebpf_run_builtin(struct ebpf_machine *m, int helper, const uint64_t args[5], uint64_t *r0);

#ifdef __cplusplus
}
#endif
#endif
