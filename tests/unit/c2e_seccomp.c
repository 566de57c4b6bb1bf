/* SPDX-License-Identifier: MIT */
/*
 * c2e_seccomp.c - seccomp filters are told from packet filters: the kernel takes the former for
 * system calls, libpcap made the latter.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/test.h"
#include "bpfcap/cbpf.h"
#include "bpfcap/err.h"

#define NR   0	/* offsetof(struct seccomp_data, nr) */
#define ARG0 16 /* and the low half of args[0] */

enum { INSNS_MAX = 6 };

/* All of them let the calls pass that the child makes. */
static const struct cbpf_insn seccomp[][INSNS_MAX] = {
	{{0x20, 0, 0, NR}, {0x15, 0, 1, 0xffff}, {0x06, 0, 0, 0x50001}, {0x06, 0, 0, 0x7fff0000}},
	{{0x20, 0, 0, NR}, {0x15, 0, 1, 0xffff}, {0x06, 0, 0, 0}, {0x06, 0, 0, 0x7ffc0000}},
	{{0x20, 0, 0, ARG0},
	 {0x54, 0, 0, 0xff},
	 {0x02, 0, 0, 3},
	 {0x60, 0, 0, 3},
	 {0x06, 0, 0, 0x7fff0000}},
};

enum { SECCOMP_CNT = sizeof(seccomp) / sizeof(seccomp[0]) };

static size_t length(const struct cbpf_insn *insns)
{
	size_t cnt = 0;

	while (cnt < INSNS_MAX && insns[cnt].code)
		cnt++;
	return cnt;
}

/* 0, or the errno of the kernel. */
static int install(const struct cbpf_insn *insns)
{
	struct sock_filter copy[INSNS_MAX];
	struct sock_fprog prog = {(unsigned short)length(insns), copy};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		for (size_t i = 0; i < prog.len; i++)
			copy[i] = (struct sock_filter){insns[i].code, insns[i].jt, insns[i].jf,
						       insns[i].k};
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
			_exit(errno);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

TEST(filters_that_the_kernel_takes_for_system_calls_are_recognized)
{
	for (size_t i = 0; i < SECCOMP_CNT; i++) {
		struct cbpf_insn insns[INSNS_MAX];
		struct cbpf_prog p = {insns, length(seccomp[i])};
		int code = install(seccomp[i]);

		for (size_t k = 0; k < p.cnt; k++)
			insns[k] = seccomp[i][k];
		assert_true(cbpf_is_seccomp(&p));
		if (code == EINVAL && i == 0) {
			print_message("this kernel has no seccomp filters\n");
			skip();
		}
		assert_int_equal(code, 0);
	}
}

TEST(filters_of_libpcap_are_never_taken_for_them)
{
	static const char *const exprs[] = {"",
					    "tcp",
					    "ether[0:4] = 0",
					    "ether[4:4] = 17",
					    "len > 100",
					    "less 60",
					    "host 10.0.0.1",
					    "ip[0] = 69",
					    "ether[16:4] & 255 = 3",
					    "vlan",
					    "arp or rarp",
					    "greater 1000"};
	static const uint32_t lens[] = {1, 60, 0xffff, 0x40000, 0x50000, 0x30000};

	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++)
		for (size_t k = 0; k < sizeof(lens) / sizeof(lens[0]); k++) {
			struct cbpf_prog p;
			struct err e;

			if (cbpf_compile(exprs[i], CBPF_LINKTYPE_ETHERNET, lens[k], true, &p, &e) <
			    0)
				fail_msg("%s", e.text);
			assert_false(cbpf_is_seccomp(&p));
			cbpf_prog_free(&p);
		}
}

TEST(a_program_that_loads_bytes_or_returns_another_number_is_a_packet_filter)
{
	static const struct {
		unsigned at;
		struct cbpf_insn insn;
	} change[] = {
		{0, {0x30, 0, 0, NR}},	    /* a byte */
		{0, {0x20, 0, 0, 2}},	    /* not a member */
		{0, {0x20, 0, 0, 64}},	    /* beyond the last one */
		{0, {0x40, 0, 0, NR}},	    /* at X */
		{0, {0x80, 0, 0, 0}},	    /* the length: then nothing is loaded */
		{2, {0x06, 0, 0, 0x40000}}, /* no action */
		{2, {0x16, 0, 0, 0}},	    /* returns A */
		{3, {0x06, 0, 0, 0x50001}}, /* no call would pass */
	};

	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		struct cbpf_insn insns[INSNS_MAX];
		struct cbpf_prog p = {insns, length(seccomp[0])};

		for (size_t k = 0; k < p.cnt; k++)
			insns[k] = seccomp[0][k];
		insns[change[i].at] = change[i].insn;
		assert_false(cbpf_is_seccomp(&p));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_that_the_kernel_takes_for_system_calls_are_recognized),
		cmocka_unit_test(filters_of_libpcap_are_never_taken_for_them),
		cmocka_unit_test(
			a_program_that_loads_bytes_or_returns_another_number_is_a_packet_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
