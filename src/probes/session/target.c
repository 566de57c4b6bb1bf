/* SPDX-License-Identifier: MIT */
/*
 * target.c - what programs may be written for: the running kernel, or a version.
 *
 * For the running kernel only the name comes from its version: 5.4's features are the base, and
 * everything beyond them that our programs use is tried.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bpfcap/dsl.h"
#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"
#include "../../util.h"
#include "state.h"

/* True if the kernel accepts this socket filter. Frees `b`. */
static bool loads(struct ebpf_builder *b, uint32_t type)
{
	struct ebpf_prog p = {0};
	bool yes = false;

	if (ebpf_finish(b, &p, NULL) == 0)
		yes = kbpf_has_insns(type, p.insns, p.cnt) == 1;
	ebpf_free(b);
	ebpf_prog_free(&p);
	return yes;
}

static bool has_insns(const struct ebpf_target *base, enum ebpf_feature f)
{
	struct ebpf_target t = *base;
	struct ebpf_builder *b;

	ebpf_target_set(&t, f, true);
	b = ebpf_new(&t, EBPF_PROG_SOCKET_FILTER);
	EMIT(b, ST(DW, MEM(R10, -8), 0), MOV(R1, 1));
	if (f == EBPF_FEATURE_ATOMIC_FETCH)
		EMIT(b, ebpf_atomic(EBPF_ATOMIC_XCHG, DW, MEM(R10, -8), R1));
	else
		EMIT(b, ebpf_alu64_reg(EBPF_MOVSX8, R1, R1));
	EMIT(b, MOV(R0, 0), EXIT());
	return loads(b, BPF_PROG_TYPE_SOCKET_FILTER);
}

/*
 * Does the kernel accept a load of four bytes at packet offset `off`? The verifier assumes that
 * packets begin 2 bytes after a multiple of 4.
 *
 *	return data + 8 <= data_end ? *(u32 *)(data + off) : 0
 */
static bool loads_packet_word(const struct ebpf_target *t, int off)
{
	struct ebpf_builder *b = ebpf_new(t, EBPF_PROG_SCHED_CLS);
	ebpf_label end = ebpf_label_new(b);

	EMIT(b, MOV(R0, 0), LDX(W, R2, CTX(R1, __sk_buff, data)),
	     LDX(W, R3, CTX(R1, __sk_buff, data_end)), MOV(R4, R2), ADD(R4, 8),
	     JGT(R4, R3, end), LDX(W, R0, MEM(R2, off)), LABEL(end), EXIT());
	return loads(b, BPF_PROG_TYPE_SCHED_CLS);
}

/* Helpers that our programs call where they exist. */
static const struct {
	enum ebpf_prog_type type;
	int helper;
} wanted[] = {
	{EBPF_PROG_RAW_TRACEPOINT, EBPF_FN_probe_read_kernel},
	{EBPF_PROG_KPROBE, EBPF_FN_get_attach_cookie},
	{EBPF_PROG_KPROBE, EBPF_FN_probe_read_user},
	{EBPF_PROG_SCHED_CLS, EBPF_FN_probe_read_kernel},
	{EBPF_PROG_SCHED_CLS, EBPF_FN_get_current_pid_tgid},
	{EBPF_PROG_SCHED_CLS, EBPF_FN_get_current_comm},
	{EBPF_PROG_XDP, EBPF_FN_xdp_get_buff_len},
	{EBPF_PROG_XDP, EBPF_FN_xdp_load_bytes},
	{EBPF_PROG_SOCKET_FILTER, EBPF_FN_probe_read_kernel},
	{EBPF_PROG_SOCKET_FILTER, EBPF_FN_get_current_pid_tgid},
	{EBPF_PROG_SOCKET_FILTER, EBPF_FN_get_current_comm},
};

static void probe_helpers(struct ebpf_target *t, uint32_t types)
{
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (types >> wanted[i].type & 1 &&
		    kbpf_has_helper(wanted[i].type, wanted[i].helper) == 1)
			ebpf_target_set_helper(t, wanted[i].type, wanted[i].helper, true);
}

static void probe_features(struct ebpf_target *t, uint32_t types)
{
	static const enum ebpf_feature insns[] = {EBPF_FEATURE_ATOMIC_FETCH, EBPF_FEATURE_CPU_V4};

	for (size_t i = 0; i < ARRAY_LEN(insns); i++)
		ebpf_target_set(t, insns[i], has_insns(t, insns[i]));
	/* Without permission to load such programs, the machine's default stays. */
	if (loads_packet_word(t, 2))
		ebpf_target_set(t, EBPF_FEATURE_UNALIGNED, loads_packet_word(t, 0));
	if (types >> EBPF_PROG_SCHED_CLS & 1)
		ebpf_target_set(t, EBPF_FEATURE_LINK_TCX, kbpf_has_tcx() == 1);
	if (types >> EBPF_PROG_XDP & 1)
		ebpf_target_set(t, EBPF_FEATURE_LINK_XDP, kbpf_has_xdp_link() == 1);
}

static int probe_running(struct ebpf_target *t, uint32_t types, struct err *e)
{
	struct utsname u;
	unsigned major = 0, minor = 0;
	int rc = ebpf_target_by_version(t, PROBE_BASE_VERSION, e);

	if (rc < 0)
		return rc;
	(void)uname(&u); /* cannot fail with a valid pointer */
	if (sscanf(u.release, "%u.%u", &major, &minor) == 2)
		t->version = major << 16 | minor << 8;
	(void)snprintf(t->name, sizeof(t->name), "running kernel %.16s", u.release);
	probe_helpers(t, types);
	probe_features(t, types);
	return 0;
}

bool probe_shows_pointers(void)
{
	struct ebpf_target t;
	struct ebpf_builder *b;

	if (ebpf_target_by_version(&t, PROBE_BASE_VERSION, NULL) < 0)
		return false;
	b = ebpf_new(&t, EBPF_PROG_SOCKET_FILTER);
	EMIT(b, NEG(R1), MOV(R0, R1), EXIT());
	return loads(b, BPF_PROG_TYPE_SOCKET_FILTER);
}

int probe_session_target(struct ebpf_target *t, const char *kernel, uint32_t types, struct err *e)
{
	if (!kernel || strcmp(kernel, "auto") == 0)
		return probe_running(t, types, e);
	return ebpf_target_by_version(t, kernel, e);
}

int probe_target(struct ebpf_target *t, const char *kernel, struct err *e)
{
	return probe_session_target(t, kernel, UINT32_MAX, e);
}

/* Programs of this type exist only with the option. Where that is unknown, the hook will say. */
static bool lacks_events(void)
{
	static const struct ebpf_insn nothing[] = {{.code = 0xb7}, {.code = 0x95}};

	return kbpf_has_insns(BPF_PROG_TYPE_PERF_EVENT, nothing, ARRAY_LEN(nothing)) == 0;
}

#define NO_EVENTS                                                                                  \
	"it lacks CONFIG_BPF_EVENTS, which needs CONFIG_PERF_EVENTS and CONFIG_KPROBE_EVENTS "     \
	"or CONFIG_UPROBE_EVENTS"

/* Whether programs of these types can write to BPF ring buffers on a kernel without BPF_EVENTS. */
static int check_ringbuf(const struct ebpf_target *t, uint32_t types, struct err *e)
{
	const uint32_t packet_types =
		1u << EBPF_PROG_SOCKET_FILTER | 1u << EBPF_PROG_SCHED_CLS | 1u << EBPF_PROG_XDP;

	if (kbpf_has_helper(BPF_PROG_TYPE_SOCKET_FILTER, EBPF_FN_ringbuf_output) != 1)
		return err_run(e, -ENOTSUP, "kernel",
			       "this kernel does not pass anything from BPF programs to "
			       "processes: " NO_EVENTS "; try -f socket");
	if (types & ~packet_types)
		return err_run(e, -ENOTSUP, "kernel",
			       "this kernel has no tracing programs: " NO_EVENTS
			       "; try -f tc or -f socket");
	if (types >> EBPF_PROG_XDP & 1 &&
	    !ebpf_target_has_helper(t, EBPF_PROG_XDP, EBPF_FN_xdp_load_bytes))
		return err_run(e, -ENOTSUP, "kernel",
			       "without CONFIG_BPF_EVENTS, programs at xdp can pass packets to "
			       "processes from Linux 5.18 on; try -f tc");
	return 1;
}

int probe_session_choose_rings(const struct ebpf_target *t, uint32_t types, struct err *e)
{
	const char *wish = secure_getenv("BPFCAP_RINGS"); /* for tests */

	if (lacks_events())
		return check_ringbuf(t, types, e);
	return wish && strcmp(wish, "bpf") == 0 &&
	       kbpf_has_helper(BPF_PROG_TYPE_SOCKET_FILTER, EBPF_FN_ringbuf_output) == 1 &&
	       (!(types >> EBPF_PROG_XDP & 1) ||
		ebpf_target_has_helper(t, EBPF_PROG_XDP, EBPF_FN_xdp_load_bytes));
}
