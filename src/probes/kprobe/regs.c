/* SPDX-License-Identifier: MIT */
/*
 * regs.c - the registers that hold a function's arguments, by machine.
 *
 * Offsets in the kernel's struct pt_regs of asm/ptrace.h, and the C calling convention of each.
 */
#include <string.h>
#include <sys/utsname.h>

#include "../../util.h"
#include "kprobe.h"

/*
 * The instruction pointer that a probe at a function's entry sees: on x86 it is after the
 * breakpoint's byte, and after an endbr64 at the start of the function; on s390x after the
 * breakpoint; on ppc64le at the local entry point.
 */
/* clang-format off */
static const struct kprobe_regs regs[] = {
	{"x86_64", EBPF_DW, 6, {112, 104, 96, 88, 72, 64}, 128, {1, 5}, true},
	{"aarch64", EBPF_DW, 8, {0, 8, 16, 24, 32, 40, 48, 56}, 256, {0, 4}, true},
	{"riscv64", EBPF_DW, 8, {80, 88, 96, 104, 112, 120, 128, 136}, 0, {0, 0}, true},
	{"arm", EBPF_W, 4, {0, 4, 8, 12}, 60, {0, 0}, false},
	{"s390x", EBPF_DW, 5, {40, 48, 56, 64, 72}, 16, {2, 6}, false},
	{"ppc64le", EBPF_DW, 8, {24, 32, 40, 48, 56, 64, 72, 80}, 256, {0, 8}, true},
	{"loongarch64", EBPF_DW, 8, {32, 40, 48, 56, 64, 72, 80, 88}, 264, {0, 0}, true},
	{"mips64", EBPF_DW, 8, {32, 40, 48, 56, 64, 72, 80, 88}, 296, {0, 0}, true},
};
/* clang-format on */

/* uname(2) gives "armv7l" and the like on ARM, and "aarch64_be". */
static bool is_machine(const struct kprobe_regs *r, const char *machine)
{
	return strcmp(r->machine, machine) == 0 ||
	       (strcmp(r->machine, "arm") == 0 && strncmp(machine, "armv", 4) == 0);
}

/* It is where the first argument was, except on two machines. */
int probe_kprobe_result_at(const struct kprobe_regs *r)
{
	if (strcmp(r->machine, "x86_64") == 0)
		return 80;
	return strcmp(r->machine, "mips64") == 0 ? 16 : r->arg[0];
}

const struct kprobe_regs *probe_kprobe_regs(const char *machine)
{
	struct utsname u;

	if (!machine) {
		(void)uname(&u); /* cannot fail with a valid pointer */
		machine = u.machine;
	}
	for (size_t i = 0; i < ARRAY_LEN(regs); i++)
		if (is_machine(&regs[i], machine))
			return &regs[i];
	return NULL;
}
