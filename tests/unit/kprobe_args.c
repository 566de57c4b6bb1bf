/* SPDX-License-Identifier: MIT */
/*
 * kprobe_args.c - which arguments a function uses, for functions written here in assembly, of which
 * one sees what they use.
 */
#include <stdlib.h>
#include <string.h>

#include "../../src/probes/kprobe/args.h"
#include "../../src/probes/kprobe/insn_x86.h"
#include "../lib/test.h"

#ifdef __x86_64__

#define NOPS "nop;nop;nop;nop;nop;nop;nop;nop;"

/* f_NAME: code. What follows each keeps a read of a whole chunk inside this section. */
#define FUNC(name, code)                                                                           \
	__asm__(".pushsection .text; .balign 16; f_" #name ": " code "; .popsection");             \
	extern const char f_##name[] __asm__("f_" #name);

/* clang-format off */
FUNC(nothing, "ret")
FUNC(first, "mov (%rdi),%eax; ret")
FUNC(second_only, "xor %edi,%edi; mov 8(%rsi),%rax; ret")
FUNC(overwritten, "mov $1,%edx; xor %ecx,%ecx; lea (%rdx,%rcx),%rax; sub %r8d,%r8d; add %r8,%rax; ret")
FUNC(part_written, "mov $1,%dl; mov %rdx,%rax; ret")
FUNC(low_word_written, "movw $1,%cx; mov %rcx,%rax; ret")
FUNC(one_way, "test %rdi,%rdi; je 1f; mov (%rsi),%eax; ret; 1: xor %eax,%eax; ret")
FUNC(loop, "1: dec %rdi; jne 1b; mov (%rdx),%eax; ret")
FUNC(hands_on, "jmp f_first")
FUNC(calls, "push %rbx; call f_second_only; mov %rdx,%rax; pop %rbx; ret")
FUNC(after_call, "nop; call f_nothing; mov %rcx,%rax; ret")
FUNC(table, "mov (%rdi),%rax; jmp *%rax")
FUNC(retpoline, "call 2f; 1: pause; jmp 1b; 2: mov %rax,(%rsp); ret")
FUNC(calls_retpoline, "xor %edi,%edi; xor %esi,%esi; xor %edx,%edx; xor %ecx,%ecx; xor %r9d,%r9d;"
		      "call f_retpoline; ret")
FUNC(traced, "endbr64; call f_first; xor %eax,%eax; mov (%rdx),%edx; ret")
FUNC(ftraced, "call f_nothing; mov (%rcx),%eax; ret")
FUNC(hands_to_ftraced, "xor %eax,%eax; call f_ftraced; ret")
FUNC(broken_into, "int3; mov (%rcx),%eax; ret")
FUNC(hands_to_broken, "xor %esi,%esi; xor %edx,%edx; call f_broken_into; ret")
FUNC(detour, "pushf; push %rcx; push %rdx; push %rsi; push %rdi; push %r8; push %r9;"
	     "mov %rsp,%rsi; mov $1,%edi; call f_nothing; ret")
FUNC(optimized, "jmp f_detour")
FUNC(hands_to_optimized, "xor %eax,%eax; call f_optimized; ret")
FUNC(nop5, ".byte 0x0f,0x1f,0x44,0,0; ret")
FUNC(endbr_nop5, "endbr64; .byte 0x0f,0x1f,0x44,0,0; ret")
FUNC(sealed, ".byte 0x66,0x0f,0x1f,0; .byte 0x0f,0x1f,0x44,0,0; mov (%rcx),%eax; ret")
FUNC(sealed_new, ".byte 0x0f,0x1f,0x40,0xd6; .byte 0x66,0x66,0x66,0x66,0x90; mov (%rcx),%eax; ret")
FUNC(sealed_traced, ".byte 0x66,0x0f,0x1f,0; call f_nothing; mov (%rcx),%eax; ret")
FUNC(sealed_new_traced, ".byte 0x0f,0x1f,0x40,0xd6; call f_nothing; mov (%rcx),%eax; ret")
FUNC(sealed_probed, ".byte 0x66,0x0f,0x1f,0; .byte 0xcc,0x1f,0x44,0,0; mov (%rcx),%eax; ret")
FUNC(endbr_probed, "endbr64; .byte 0xcc,0x66,0x66,0x66,0x90; mov (%rcx),%eax; ret")
FUNC(probed, ".byte 0xcc,0x1f,0x44,0,0; mov (%rcx),%eax; ret")
FUNC(jumped, "endbr64; .byte 0xe9; .long f_detour - . - 4; mov (%rcx),%eax; ret")
FUNC(hands_to_probed, "xor %eax,%eax; call f_sealed_probed; ret")
FUNC(return_thunk, "ret; int3")
FUNC(safe_ret, "lea 8(%rsp),%rsp; ret; int3")
FUNC(srso_thunk, "call f_safe_ret; ud2")
FUNC(thunked, "endbr64; .byte 0x0f,0x1f,0x44,0,0; mov (%rcx),%eax; jmp f_return_thunk; int3")
FUNC(thunked_srso, ".byte 0x66,0x0f,0x1f,0; call f_nothing; mov (%rcx),%eax; jmp f_srso_thunk")
FUNC(variadic, "sub $64,%rsp; mov %rsi,8(%rsp); mov %rdx,16(%rsp); mov %rcx,24(%rsp);"
	       "mov %r8,32(%rsp); mov %r9,40(%rsp); mov %rdi,%rax; add $64,%rsp; ret")
FUNC(calls_variadic, "mov $1,%edi; xor %eax,%eax; call f_variadic; ret")
FUNC(high_byte, "mov %dh,%al; ret")
FUNC(copies, "mov %rdx,%rcx; rep movsb; ret")
FUNC(shifts, "mov %edi,%eax; shl %cl,%eax; ret")
FUNC(divides, "mov %edi,%eax; cltd; idivl %esi; ret")
FUNC(vector, "movd %xmm0,%eax; ret")
__asm__(".pushsection .text; .fill 512,1,0x90; .popsection");
/* clang-format on */

static bool read_self(void *user, uint64_t addr, void *bytes, size_t len)
{
	(void)user;
	memcpy(bytes, (const void *)(uintptr_t)addr, len);
	return true;
}

static bool read_nothing(void *user, uint64_t addr, void *bytes, size_t len)
{
	(void)user;
	(void)addr;
	(void)bytes;
	(void)len;
	return false;
}

enum { DI = 1, SI = 2, DX = 4, CX = 8, R8_ = 16, ANY = 63 };

TEST(arguments_are_found_in_the_code)
{
	static const struct {
		const char *func;
		unsigned uses;
		const char *name;
		bool traceable;
	} rows[] = {
#define ROW(name, uses) {f_##name, uses, #name, false}
#define ROW_TRACED(name, uses)                                                                     \
	{                                                                                          \
		f_##name, uses, #name, true                                                        \
	}
		ROW(nothing, 0),
		ROW(first, DI),
		ROW(second_only, SI),
		ROW(overwritten, 0),
		ROW(part_written, DX),
		ROW(low_word_written, CX),
		ROW(one_way, DI | SI),
		ROW(loop, DI | DX),
		ROW(hands_on, DI),
		ROW(calls, SI),
		ROW(after_call, 0),
		ROW(table, ANY),
		ROW(calls_retpoline, R8_),
		ROW(traced, DI | DX),
		ROW(ftraced, CX),
		ROW(hands_to_ftraced, CX),
		ROW(broken_into, ANY),
		ROW(hands_to_broken, ANY & ~(SI | DX)),
		ROW(optimized, ANY),
		ROW(hands_to_optimized, ANY),
		ROW_TRACED(traced, DX),
		ROW(calls_variadic, 0),
		ROW(high_byte, DX),
		ROW(copies, DI | SI | DX),
		ROW(shifts, DI | CX),
		ROW(divides, DI | SI),
		ROW(vector, ANY),
		ROW(sealed, CX),
		ROW(sealed_new, CX),
		ROW(sealed_traced, CX),
		ROW(sealed_new_traced, CX),
		ROW(sealed_probed, CX),
		ROW(endbr_probed, CX),
		ROW(probed, CX),
		ROW(hands_to_probed, CX),
		ROW_TRACED(jumped, CX),
		ROW_TRACED(sealed_traced, CX),
		ROW_TRACED(sealed_probed, CX),
		ROW(thunked, CX),
		ROW(thunked_srso, CX),
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned uses = probe_kprobe_args_x86((uint64_t)(uintptr_t)rows[i].func,
						      rows[i].traceable, read_self, NULL);

		if (uses != rows[i].uses)
			fail_msg("%s uses %#x and is said to use %#x", rows[i].name, rows[i].uses,
				 uses);
	}
}

/* Instructions without effect at the start may be skipped, calls of the function tracer may not. */
TEST(bytes_that_do_nothing_are_found)
{
	static const struct {
		const char *func;
		unsigned len;
	} rows[] = {{f_nop5, 5},       {f_endbr_nop5, 9},    {f_sealed, 9},
		    {f_sealed_new, 9}, {f_sealed_traced, 0}, {f_sealed_probed, 0},
		    {f_ftraced, 0},    {f_traced, 0},	     {f_first, 0}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			probe_kprobe_entry_x86((uint64_t)(uintptr_t)rows[i].func, read_self, NULL),
			rows[i].len);
}

TEST(unreadable_code_rules_out_nothing)
{
	assert_int_equal(probe_kprobe_args_x86(4096, false, read_nothing, NULL), ANY);
	assert_int_equal(probe_kprobe_args_x86(4096, true, read_nothing, NULL), ANY);
	assert_int_equal(probe_kprobe_entry_x86(4096, read_nothing, NULL), 0);
}

/* Any bytes are some instruction, of at most 15 bytes, or none. */
TEST(random_bytes_end_the_search)
{
	uint8_t bytes[KPROBE_INSN_LEN];
	struct kprobe_insn insn;

	srand(1);
	for (int i = 0; i < 1000000; i++) {
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)(rand() >> 7);
		probe_kprobe_insn_x86(&insn, bytes);
		assert_true(insn.flow == KPROBE_UNKNOWN ||
			    (insn.len > 0 && insn.len <= KPROBE_INSN_LEN));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_found_in_the_code),
		cmocka_unit_test(bytes_that_do_nothing_are_found),
		cmocka_unit_test(unreadable_code_rules_out_nothing),
		cmocka_unit_test(random_bytes_end_the_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

TEST(arguments_are_found_in_the_code)
{
	print_message("the code of this machine is not looked at\n");
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(arguments_are_found_in_the_code)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
