/* SPDX-License-Identifier: MIT */
/*
 * cap_netns.c - network namespaces get the names of containers where a cgroup path has one. The
 * paths are those that Docker, Podman, containerd, LXC and systemd-nspawn make.
 */
#include <string.h>
#include <time.h>

#include "../../tools/bpfcap/output/netns.h"
#include "../lib/test.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(finds_the_names_of_containers)
{
	static const struct {
		const char *cgroup, *name;
	} cases[] = {
		{"/docker/" ID, "docker-0123456789ab"},
		{"/system.slice/docker-" ID ".scope", "docker-0123456789ab"},
		{"/machine.slice/libpod-" ID ".scope", "libpod-0123456789ab"},
		{"/kubepods.slice/pod1.slice/cri-containerd-" ID ".scope",
		 "cri-containerd-0123456789ab"},
		{"/lxc.payload.web", "web"},
		{"/machine.slice/machine-web.scope", "web"},
		{"/" ID, "0123456789ab"},
	};
	char name[NETNS_NAME_LEN];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(netns_container(cases[i].cgroup, name));
		assert_string_equal(name, cases[i].name);
	}
}

TEST(other_processes_have_no_container)
{
	static const char *const paths[] = {"/",
					    "",
					    "/init.scope",
					    "/user.slice/session-1.scope",
					    "/system.slice/ssh.service",
					    "/lxc.payload."};
	char name[NETNS_NAME_LEN];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_false(netns_container(paths[i], name));
}

TEST(unknown_namespaces_have_no_name)
{
	struct netns_names *n = netns_names_new();

	assert_non_null(n);
	assert_null(netns_name(n, 1));
	assert_null(netns_name(n, 1));
	assert_null(netns_name(NULL, 1));
	netns_names_free(n);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* A capture that visited all processes for each would be away from its rings for seconds. */
TEST(a_thousand_unknown_namespaces_take_no_longer_than_a_hundred_looks)
{
	struct netns_names *n = netns_names_new();
	int64_t begin = now_ns(), one;

	assert_non_null(n);
	assert_null(netns_name(n, 1));
	one = now_ns() - begin;
	begin = now_ns();
	for (uint32_t inode = 2; inode < 1002; inode++)
		assert_null(netns_name(n, inode));
	assert_in_range(now_ns() - begin, 0, 100 * one);
	netns_names_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_names_of_containers),
		cmocka_unit_test(other_processes_have_no_container),
		cmocka_unit_test(unknown_namespaces_have_no_name),
		cmocka_unit_test(a_thousand_unknown_namespaces_take_no_longer_than_a_hundred_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
