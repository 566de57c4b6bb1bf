/* SPDX-License-Identifier: MIT */
/*
 * stub.c - decides whether a compiled function is a stub: runs it in the interpreter with the
 * values that a filter leaves, and with arguments missing. Fails with advice on how to write a
 * stub, or if it has a filter already.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/dsl.h"
#include "bpfcap/ebpf_run.h"
#include "bpfcap/inject.h"
#include "../../util.h"

#define STUB_INSNS_MAX 64 /* stubs have only a few instructions */
#define STEPS_MAX      1000
#define ARGS	       0x3e /* one bit for each of R1..R5 */
#define CODE_CALL      0x85

/*
 * What is run: r1 to r5 are lost in a call, those of `args` are set, the function follows.
 *
 *	call nothing
 *	rN = ...
 *	(the function)
 * nothing:
 *	r0 = 0
 *	exit
 */
static int build(const struct ebpf_insn *insns, size_t cnt, unsigned args, uint32_t result,
		 struct ebpf_prog *p)
{
	struct ebpf_builder *b = ebpf_new(NULL, EBPF_PROG_ANY);
	ebpf_label nothing = ebpf_label_new(b);
	int rc;

	EMIT(b, CALL_FN(nothing));
	for (uint8_t n = 1; n <= 5; n++)
		if (args & 1u << n)
			EMIT(b, LDDW(EBPF_R_(n), n == 4 ? result : 0));
	for (size_t i = 0; i < cnt; i++)
		EMIT(b, ebpf_raw(insns[i]));
	EMIT(b, LABEL(nothing), MOV(R0, 0), EXIT());
	rc = ebpf_finish(b, p, NULL);
	ebpf_free(b);
	return rc;
}

/*
 * What the function returns when only the registers in `args` are set: R4 to the result of a
 * filter, the others to 0. -errno if it reads another register, or does what no stub does.
 */
static int run(const struct ebpf_insn *insns, size_t cnt, unsigned args, uint32_t result,
	       uint64_t *r0)
{
	struct ebpf_machine m = {.step_max = STEPS_MAX};
	struct ebpf_prog p;
	int rc = build(insns, cnt, args, result, &p);

	if (rc)
		return rc;
	rc = ebpf_run(&p, &m, r0, NULL);
	ebpf_prog_free(&p);
	return rc;
}

/* With all arguments, does it return whether the filter's result is not 0? */
static bool tells_result(const struct ebpf_insn *insns, size_t cnt)
{
	static const uint32_t results[] = {0, 1, 0xffff, 0x40000, 0x80000000, 0xffffffff};
	uint64_t r0;

	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		if (run(insns, cnt, ARGS, results[i], &r0) || (r0 != 0) != (results[i] != 0))
			return false;
	return true;
}

/* The arguments that it does not need: "R1, R3". False: there are none. */
static bool name_unread(const struct ebpf_insn *insns, size_t cnt, char text[32])
{
	size_t len = 0;
	uint64_t r0;

	for (unsigned n = 1; n <= 5; n++)
		if (run(insns, cnt, ARGS & ~(1u << n), 1, &r0) == 0)
			len += (size_t)snprintf(text + len, 32 - len, "%sR%u", len ? ", " : "", n);
	return len > 0;
}

static bool calls(const struct ebpf_insn *insns, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		if (insns[i].code == CODE_CALL)
			return true;
	return false;
}

/* What inject.c's emit_stub_end() writes between a filter and the stub that it is in. */
static const struct ebpf_insn filter_end[] = {
	{.code = 0xb7, .dst = 1}, {.code = 0xb7, .dst = 2}, {.code = 0xb7, .dst = 3},
	{.code = 0xbf, .dst = 4}, {.code = 0xb7, .dst = 5},
};

/* Is there a stub after the end of a filter? */
static bool has_filter(const struct ebpf_insn *insns, size_t cnt)
{
	const size_t end_cnt = ARRAY_LEN(filter_end);

	for (size_t i = cnt > STUB_INSNS_MAX + end_cnt ? cnt - STUB_INSNS_MAX - end_cnt : 0;
	     i + end_cnt < cnt; i++)
		if (memcmp(&insns[i], filter_end, sizeof(filter_end)) == 0 &&
		    tells_result(insns + i + end_cnt, cnt - i - end_cnt))
			return true;
	return false;
}

int cbpf2ebpf_stub_check(const struct ebpf_insn *insns, size_t cnt, const char *name, struct err *e)
{
	char unread[32];

	if (has_filter(insns, cnt))
		return err_input(
			e, -EINVAL, "inject",
			"%s has a filter already: insert one expression, (A) and (B), into the "
			"object without it",
			name);
	if (cnt > STUB_INSNS_MAX)
		return err_input(e, -EINVAL, "inject",
				 "%s is no stub: it has %zu instructions, a stub %d at most", name,
				 cnt, STUB_INSNS_MAX);
	if (!calls(insns, cnt) && name_unread(insns, cnt, unread))
		return err_input(
			e, -EINVAL, "inject",
			"%s does not read %s: clang drops arguments that are not used; "
			"write it as: static __attribute__((noinline)) bool %s(void *_skb, "
			"void *__skb, void *___skb, void *data, void *data_end) { return "
			"data != data_end && _skb == __skb && __skb == ___skb; }",
			name, unread, name);
	if (calls(insns, cnt) || !tells_result(insns, cnt))
		return err_input(
			e, -EINVAL, "inject",
			"%s is no stub: a stub returns data != data_end && _skb == __skb && "
			"__skb == ___skb, and calls nothing",
			name);
	return 0;
}
