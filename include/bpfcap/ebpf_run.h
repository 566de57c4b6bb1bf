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
 * What the instruction set leaves undefined, and what the kernel's verifier would never let run,
 * is reported and not performed: memory outside the regions, registers and stack bytes that were
 * never written, registers after a call, a stack access that is not aligned, endless loops.
 * Values have no types: where the verifier knows pointers from numbers, this only knows addresses.
 * It runs the same on every host; memory is in the host's byte order, as for the kernel.
 */
#ifndef BPFCAP_EBPF_RUN_H
#define BPFCAP_EBPF_RUN_H

#include "bpfcap/ebpf.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Memory that the program may use: the bytes at `data` appear at address `addr`. Regions must not
 * overlap, nor touch the interpreter's own addresses, which are those from EBPF_RUN_RESERVED up.
 * Those that a 32-bit context field points to (__sk_buff.data) need addresses below 4 GiB.
 */
struct ebpf_region {
	uint64_t addr;
	void *data;
	size_t len; /* bytes */
	bool writable;
};

#define EBPF_RUN_RESERVED UINT64_C(0xf000000000000000)

/* What `r1 = map_fd FD ll` puts into the register: only good as an argument of a helper. */
#define EBPF_RUN_MAP(fd) (UINT64_C(0xf100000000000000) + (uint32_t)(fd))

struct ebpf_machine;

/*
 * A helper's call: args are R1..R5. Returns 0 with *r0, or -errno, which ends the run: -ENOSYS when
 * the helper is not known here. Memory is reached by ebpf_run_memory().
 */
typedef int (*ebpf_run_helper)(struct ebpf_machine *m, int helper, const uint64_t args[5],
			       uint64_t *r0);

/* Called before each instruction with its slot and R0..R10. */
typedef void (*ebpf_run_trace)(struct ebpf_machine *m, size_t slot, const uint64_t regs[11]);

struct ebpf_machine {
	const struct ebpf_region *regions;
	size_t region_cnt;
	uint64_t ctx; /* R1 at the start */

	/* What LD_ABS, LD_IND and the built-in helpers read; NULL: no load is inside. */
	const void *packet;
	uint32_t packet_len;	 /* bytes */
	uint32_t packet_net_off; /* where the network header begins, for SKF_NET_OFF */

	bool checked;		/* ebpf_check() took the program already: for many runs of one */
	uint64_t step_max;	/* instructions; 0: 1,000,000 */
	ebpf_run_helper helper; /* NULL: ebpf_run_builtin() */
	ebpf_run_trace trace;	/* may be NULL */
	void *user;		/* for the callbacks */

	uint64_t step_cnt; /* out: instructions run */
	void *state;	   /* the interpreter's own during the run */
};

/*
 * Runs a program from its first slot to the last exit. Returns 0 with *r0, or, with a sentence that
 * names the instruction: -EINVAL for a program that ebpf_check() refuses or something undefined,
 * -EFAULT for memory that is not there or not writable, -ELOOP for more than step_max instructions,
 * -ENOTSUP for what cannot be interpreted (kfuncs, addresses of functions and map values), or what
 * a helper returned.
 */
int ebpf_run(const struct ebpf_prog *p, struct ebpf_machine *m, uint64_t *r0, struct err *e);

/*
 * For helpers: the bytes behind an address of the program, or NULL if they are not all in one
 * region or stack frame, not writable (for `write`), or not yet written (stack, for reading).
 * Stack bytes count as written after a call with `write`.
 */
void *ebpf_run_memory(struct ebpf_machine *m, uint64_t addr, size_t len, bool stores);

/*
 * Helpers that need no kernel: skb_load_bytes, skb_load_bytes_relative, xdp_load_bytes and
 * xdp_get_buff_len (of m->packet), probe_read and probe_read_kernel (of the regions: what is
 * outside reads as zeros and gives -EFAULT).
 * -ENOSYS for all others. For use from an ebpf_run_helper.
 */
int ebpf_run_builtin(struct ebpf_machine *m, int helper, const uint64_t args[5], uint64_t *r0);

#ifdef __cplusplus
}
#endif
#endif
