/* SPDX-License-Identifier: MIT */
/* probe_usdt.c - places of USDT arguments, as gcc and clang write them into notes. */
#include "../../src/probes/uprobe/usdt.h"
#include "../lib/test.h"

static const struct {
	const char *machine, *args;
	unsigned n;
	struct usdt_arg arg;
} good[] = {
	{"x86_64", "-4@%eax 8@-16(%rbp) 4@$5", 0, {USDT_REGISTER, 4, true, 80, -1, 1, 0}},
	{"x86_64", "-4@%eax 8@-16(%rbp) 4@$5", 1, {USDT_MEMORY, 8, false, 32, -1, 1, -16}},
	{"x86_64", "-4@%eax 8@-16(%rbp) 4@$5", 2, {USDT_CONSTANT, 4, false, -1, -1, 1, 5}},
	{"x86_64", "8@(%rdi)", 0, {USDT_MEMORY, 8, false, 112, -1, 1, 0}},
	{"x86_64", "1@%sil -2@%r10w", 0, {USDT_REGISTER, 1, false, 104, -1, 1, 0}},
	{"x86_64", "1@%sil -2@%r10w", 1, {USDT_REGISTER, 2, true, 56, -1, 1, 0}},
	{"x86_64", "1@%bl", 0, {USDT_REGISTER, 1, false, 40, -1, 1, 0}},
	{"x86_64", "8@%r15", 0, {USDT_REGISTER, 8, false, 0, -1, 1, 0}},
	{"x86_64", "-8@$-1", 0, {USDT_CONSTANT, 8, true, -1, -1, 1, -1}},
	{"x86_64", "8@8(%rdi,%rsi,4)", 0, {USDT_MEMORY, 8, false, 112, 104, 4, 8}},
	{"x86_64", "4@112(%rsp) 8@(,%rax,8)", 0, {USDT_MEMORY, 4, false, 152, -1, 1, 112}},
	{"x86_64", "4@112(%rsp) 8@(,%rax,8)", 1, {USDT_MEMORY, 8, false, -1, 80, 8, 0}},
	{"aarch64", "8@x0 -4@w19 4@[sp, 28]", 0, {USDT_REGISTER, 8, false, 0, -1, 1, 0}},
	{"aarch64", "8@x0 -4@w19 4@[sp, 28]", 1, {USDT_REGISTER, 4, true, 152, -1, 1, 0}},
	{"aarch64", "8@x0 -4@w19 4@[sp, 28]", 2, {USDT_MEMORY, 4, false, 248, -1, 1, 28}},
	{"aarch64", "8@[x2] -4@-7", 0, {USDT_MEMORY, 8, false, 16, -1, 1, 0}},
	{"aarch64", "8@[x2] -4@-7", 1, {USDT_CONSTANT, 4, true, -1, -1, 1, -7}},
};

TEST(reads_places_as_assemblers_write_them)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct usdt_arg *want = &good[i].arg;
		struct usdt_arg got;

		if (!probe_usdt_arg(&got, good[i].machine, good[i].args, good[i].n))
			fail_msg("%s", good[i].args);
		assert_int_equal(got.kind, want->kind);
		assert_int_equal(got.len, want->len);
		assert_int_equal(got.is_signed, want->is_signed);
		assert_int_equal(got.base, want->base);
		assert_int_equal(got.index, want->index);
		assert_int_equal(got.scale, want->scale);
		assert_int_equal(got.value, want->value);
	}
}

TEST(refuses_places_that_no_program_can_read)
{
	static const struct {
		const char *machine, *args;
		unsigned n;
	} bad[] = {
		{"x86_64", "", 0},
		{"x86_64", "8@%rax", 1},
		{"x86_64", "3@%rax", 0},
		{"x86_64", "8f@%xmm0", 0},
		{"x86_64", "8@%xmm0", 0},
		{"x86_64", "8@%r16", 0},
		{"x86_64", "8@%rip", 0},
		{"x86_64", "8@data(%rip)", 0},
		{"x86_64", "8@data", 0},
		{"x86_64", "8@8(%rdi", 0},
		{"x86_64", "8@8(%rdi,%rsi,3)", 0},
		{"x86_64", "8@()", 0},
		{"x86_64", "8@$", 0},
		{"x86_64", "8@", 0},
		{"x86_64", "@%rax", 0},
		{"aarch64", "8@x31", 0},
		{"aarch64", "8@[x1, x2]", 0},
		{"aarch64", "8@[sp, 16", 0},
		{"aarch64", "8@%rax", 0},
		{"sparc64", "8@%rax", 0},
	};
	struct usdt_arg a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (probe_usdt_arg(&a, bad[i].machine, bad[i].args, bad[i].n))
			fail_msg("%s: accepted", bad[i].args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_places_as_assemblers_write_them),
		cmocka_unit_test(refuses_places_that_no_program_can_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
