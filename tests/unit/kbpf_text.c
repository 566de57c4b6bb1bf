/* SPDX-License-Identifier: MIT */
/* kbpf_text.c - CPU lists, whole files, and owners in names of filters. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../src/loader/file.h"
#include "../../src/loader/owner.h"
#include "bpfcap/kbpf.h"
#include "../lib/test.h"

TEST(cpu_lists_are_read)
{
	static const struct {
		const char *text;
		int cnt, first, last;
	} cases[] = {
		{"0\n", 1, 0, 0},
		{"0-3\n", 4, 0, 3},
		{"0-3,8,10-11\n", 7, 0, 11},
		{"5", 1, 5, 5},
		{"", 0, -1, -1},
		{"\n", 0, -1, -1},
		{"x", -EINVAL, -1, -1},
		{"3-", -EINVAL, 0, 0},
		{"3-1", -EINVAL, 0, 0},
		{"0-99999999999", -EINVAL, 0, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int cpus[16] = {-1};

		assert_int_equal(kbpf_file_cpu_list_parse(cases[i].text, cpus, 16), cases[i].cnt);
		if (cases[i].cnt > 0) {
			assert_int_equal(cpus[0], cases[i].first);
			assert_int_equal(cpus[cases[i].cnt - 1], cases[i].last);
		}
		assert_int_equal(kbpf_file_cpu_list_parse(cases[i].text, NULL, 0), cases[i].cnt);
	}
}

/* Lengths around those at which the buffer grows. */
TEST(whole_files_are_read)
{
	char path[] = "/tmp/kbpf_text_XXXXXX";
	int fd = mkstemp(path);
	size_t len;
	char *text;

	assert_true(fd >= 0);
	for (size_t size = 0; size < 9000; size++) {
		if (size % 4096 < 4 || size % 4096 > 4092) {
			assert_int_equal(kbpf_read_file(AT_FDCWD, path, &text, &len), 0);
			assert_int_equal(len, size);
			assert_int_equal(strlen(text), size);
			free(text);
		}
		assert_int_equal(write(fd, "x", 1), 1);
	}
	close(fd);
	unlink(path);
	assert_int_equal(kbpf_read_file(AT_FDCWD, path, &text, &len), -ENOENT);
	assert_null(text);
}

TEST(owner_names_are_read_back)
{
	static const char *const wrong[] = {
		"",
		"bpfcap",
		"bpfcap:1",
		"bpfcap:1:2",
		"bpfcap:0:00000002",
		"bpfcap:-1:00000002",
		"bpfcap:1:00000002:",
		"bpfcap:1:00000002:x",
		"bpfcap:1:00000002 ",
		"bpfcap:1:000000002",
		"bpfcap:1:0000000A",
		"bpfcap:01:00000002",
		"xbpfcap:1:00000002",
		"bpfcap:1:00000002:qq",
		"bpfcap:1:00000002q",
	};
	char name[OWNER_NAME_LEN];
	struct owner o, self;
	bool made;

	kbpf_owner_self(&self);
	for (int i = 0; i < 2; i++) {
		kbpf_owner_format(&self, i, name);
		assert_true(kbpf_owner_parse(name, &o, &made));
		assert_true(kbpf_owner_same(&o, &self));
		assert_int_equal(made, i);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(kbpf_owner_parse(wrong[i], &o, &made));
	o = (struct owner){INT32_MAX, UINT32_MAX};
	kbpf_owner_format(&o, true, name);
	assert_true(kbpf_owner_parse(name, &self, &made));
	assert_true(kbpf_owner_same(&o, &self));
}

TEST(program_names_hold_the_token)
{
	static const char *const wrong[] = {"",
					    "bpfcap_rx",
					    "bpfcap_0000001",
					    "bpfcap_000000zz",
					    "xpfcap_00000001",
					    "bpfcap_+0000001"};
	char name[KBPF_PROG_NAME_LEN];
	struct owner o, self;

	kbpf_owner_self(&self);
	kbpf_xdp_prog_name(name);
	assert_true(kbpf_owner_parse_prog(name, &o));
	assert_true(kbpf_owner_same(&o, &self));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(kbpf_owner_parse_prog(wrong[i], &o));
}

TEST(a_dead_owner_is_recognized)
{
	struct owner self, child, o;
	siginfo_t info;
	int fds[2];
	char c;

	kbpf_owner_self(&self);
	assert_true(kbpf_owner_alive(&self));
	o = (struct owner){self.pid, self.token ^ 1}; /* a later process has the same number */
	assert_false(kbpf_owner_alive(&o));
	o.token = 0; /* its lock cannot be tested */
	assert_true(kbpf_owner_alive(&o));

	assert_int_equal(pipe(fds), 0);
	if (fork() == 0) {
		kbpf_owner_self(&child);
		_exit(write(fds[1], &child, sizeof(child)) != sizeof(child) || read(fds[0], &c, 0));
	}
	assert_int_equal(read(fds[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT), 0);
	assert_false(kbpf_owner_alive(&child)); /* a zombie */
	assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
	assert_false(kbpf_owner_alive(&child));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_lists_are_read),
		cmocka_unit_test(whole_files_are_read),
		cmocka_unit_test(owner_names_are_read_back),
		cmocka_unit_test(program_names_hold_the_token),
		cmocka_unit_test(a_dead_owner_is_recognized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
