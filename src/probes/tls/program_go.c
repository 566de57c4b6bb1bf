/* SPDX-License-Identifier: MIT */
/*
 * program_go.c - the program at the function to which Go's crypto/tls passes each secret: takes the
 * function's arguments, gives a record for each call.
 */
#include <string.h>

#include "../kprobe/kprobe.h"
#include "bpfcap/dsl.h"
#include "emit.h"

/* What func (c *Config) writeKeyLog(label string, clientRandom, secret []byte) is called with. */
enum go_arg {
	GO_LABEL,
	GO_LABEL_LEN,
	GO_RANDOM,
	GO_RANDOM_LEN,
	GO_RANDOM_CAP,
	GO_SECRET,
	GO_SECRET_LEN,
	GO_SECRET_CAP,
	GO_ARG_CNT
};

#define GO_ARG(arg) MEM(R10, GO_ARGS + 8 * (int)(arg))

/* Offsets in struct pt_regs of the registers that hold them since Go passes arguments in registers
 * (1.17, on arm64 1.18), and of the stack pointer: before, they lay on the stack. */
static const struct go_regs {
	const char *machine;
	uint16_t arg[GO_ARG_CNT];
	uint16_t sp;
} go_regs[] = {
	{"x86_64", {40, 88, 112, 104, 72, 64, 56, 48}, 152},
	{"aarch64", {8, 16, 24, 32, 40, 48, 56, 64}, 248},
};

static const struct go_regs *find_go_regs(void)
{
	const struct kprobe_regs *own = probe_kprobe_regs(NULL);

	for (size_t i = 0; own && i < sizeof(go_regs) / sizeof(go_regs[0]); i++)
		if (strcmp(go_regs[i].machine, own->machine) == 0)
			return &go_regs[i];
	return NULL;
}

bool probe_tls_program_knows_go(void)
{
	return find_go_regs() != NULL;
}

/*
 * In: GO_ARGS. Clobbers R1.
 *
 *	if (random_len != 32 || (secret_len != 32 && secret_len != 48) ||
 *	    label_len > TLS_GO_LABEL_MAX) goto no;
 */
static void emit_go_check(struct ebpf_builder *b, ebpf_label no)
{
	ebpf_label good = ebpf_label_new(b);

	/* clang-format off */
	EMIT(b, LDX(DW, R1, GO_ARG(GO_RANDOM_LEN)),
		JNE(R1, TLS_RANDOM_LEN, no),
		LDX(DW, R1, GO_ARG(GO_LABEL_LEN)),
		JGT(R1, TLS_GO_LABEL_MAX, no),
		LDX(DW, R1, GO_ARG(GO_SECRET_LEN)),
		JEQ(R1, 32, good),
		JNE(R1, TLS_SECRET_MAX, no),
	     LABEL(good));
	/* clang-format on */
}

/*
 * In: R6 = context. GO_ARGS = the arguments in registers if they can be, else those on the stack;
 * else goto out. The first on the stack is c, above the return address. Clobbers R0..R5, R8.
 */
static void emit_go_args(struct ebpf_builder *b, enum ebpf_helper probe_read, ebpf_label out)
{
	const struct go_regs *regs = find_go_regs();
	ebpf_label on_stack = ebpf_label_new(b), done = ebpf_label_new(b);

	for (int i = 0; i < GO_ARG_CNT; i++)
		EMIT(b, LDX(DW, R1, MEM(R6, regs->arg[i])), STX(DW, GO_ARG(i), R1));
	emit_go_check(b, on_stack);
	EMIT(b, JA(done), LABEL(on_stack), LDX(DW, R8, MEM(R6, regs->sp)));
	probe_tls_emit_read(b, probe_read, GO_ARGS, 8 * GO_ARG_CNT, 2 * 8, out);
	emit_go_check(b, out);
	EMIT(b, LABEL(done));
}

/*
 * In: R6 = context. Clobbers R0..R5, R8.
 *
 *	record.random = *random; record.secret[0] = secret; record.secret[1] = label;
 *	record.secret[2] = label's address; output
 */
void probe_tls_emit_go(struct ebpf_builder *b, const struct tls_program *p, ebpf_label out)
{
	enum ebpf_helper probe_read = probe_tls_read_helper(p->target);
	ebpf_label is_short = ebpf_label_new(b), label = ebpf_label_new(b),
		   output = ebpf_label_new(b);

	probe_tls_emit_clear(b);
	emit_go_args(b, probe_read, out);
	EMIT(b, LDX(DW, R8, GO_ARG(GO_RANDOM)));
	probe_tls_emit_read(b, probe_read, AT(random), TLS_RANDOM_LEN, 0, out);
	EMIT(b, LDX(DW, R8, GO_ARG(GO_SECRET)), LDX(DW, R1, GO_ARG(GO_SECRET_LEN)),
	     STX(H, MEM(R10, AT(secret_len)), R1), JEQ(R1, 32, is_short));
	probe_tls_emit_read(b, probe_read, SLOT(TLS_SLOT_GO_SECRET), TLS_SECRET_MAX, 0, out);
	EMIT(b, JA(label), LABEL(is_short));
	probe_tls_emit_read(b, probe_read, SLOT(TLS_SLOT_GO_SECRET), 32, 0, out);
	EMIT(b, LABEL(label), LDX(DW, R1, GO_ARG(GO_LABEL_LEN)),
	     STX(H, MEM(R10, AT(label_len)), R1), LDX(DW, R8, GO_ARG(GO_LABEL)),
	     STX(DW, MEM(R10, SLOT(TLS_SLOT_GO_ADDRESS)), R8));
	probe_tls_emit_read(b, probe_read, SLOT(TLS_SLOT_GO_LABEL), TLS_GO_LABEL_MAX, 0, output);
	EMIT(b, LABEL(output));
	probe_tls_emit_process(b);
	probe_tls_emit_output(b, p, out);
}
