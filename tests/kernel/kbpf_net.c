/* SPDX-License-Identifier: MIT */
/* kbpf_net.c - news of interfaces, and the list of sockets with their cookies. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/test.h"
#include "../lib/testnet.h"
#include "bpfcap/kbpf.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

static bool in_namespace;

static int group_setup(void **state)
{
	(void)state;
	in_namespace = testnet_enter() == 0;
	return 0;
}

struct news {
	int came, went; /* of the interface vb */
	int index;
};

static void on_iface(void *user, const struct kbpf_iface *i, bool gone)
{
	struct news *n = user;

	if (strcmp(i->name, "vb") != 0)
		return;
	n->came += !gone;
	n->went += gone;
	n->index = i->index;
}

/* Reads until the monitor has been silent for a moment. */
static void read_all(struct kbpf_iface_monitor *m, struct news *n)
{
	struct pollfd p = {.fd = kbpf_iface_monitor_fd(m), .events = POLLIN};

	while (poll(&p, 1, 100) > 0)
		assert_true(kbpf_iface_monitor_read(m, on_iface, n) >= 0);
}

TEST(the_monitor_reports_interfaces)
{
	struct kbpf_iface_monitor *m;
	struct news n = {0};
	int index;

	if (!in_namespace || testnet_veth("va", "vb") < 0) {
		print_message("needs network namespaces and veth\n");
		skip();
	}
	assert_int_equal(testnet_del_link("va"), 0);
	assert_int_equal(kbpf_iface_monitor_open(&m, NULL), 0);
	assert_int_equal(kbpf_iface_monitor_read(m, on_iface, &n), 0);
	assert_int_equal(testnet_veth("va", "vb"), 0);
	index = (int)if_nametoindex("vb");
	read_all(m, &n);
	assert_true(n.came > 0);
	assert_int_equal(n.went, 0);
	assert_int_equal(n.index, index);
	n = (struct news){0};
	assert_int_equal(testnet_del_link("va"), 0);
	read_all(m, &n);
	assert_int_equal(n.went, 1);
	assert_int_equal(n.index, index);
	kbpf_iface_monitor_close(m);
}

/* Without a reader the socket becomes full, which must be reported. */
TEST(a_full_monitor_socket_is_reported)
{
	struct kbpf_iface_monitor *m;
	struct news n = {0};
	int rc = 1;

	if (!in_namespace || testnet_veth("va", "vb") < 0)
		skip();
	assert_int_equal(testnet_del_link("va"), 0);
	assert_int_equal(kbpf_iface_monitor_open(&m, NULL), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(testnet_veth("va", "vb"), 0);
		assert_int_equal(testnet_del_link("va"), 0);
	}
	while (rc > 0)
		rc = kbpf_iface_monitor_read(m, on_iface, &n);
	assert_int_equal(rc, -ENOBUFS);
	kbpf_iface_monitor_close(m);
}

struct wanted {
	uint64_t cookie;
	int cnt;
	struct kbpf_sock found;
};

static void on_sock(void *user, const struct kbpf_sock *s)
{
	struct wanted *w = user;

	if (s->cookie != w->cookie)
		return;
	w->found = *s;
	w->cnt++;
}

/* The owner of a socket can query its cookie, inode and address, too. */
static void check_sock(int family, int type, uint8_t protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	struct sockaddr_storage addr = {.ss_family = (sa_family_t)family};
	socklen_t addr_len = sizeof(addr), cookie_len = sizeof(uint64_t);
	struct wanted w = {0};
	struct stat st;
	struct err e;
	int rc;

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, addr_len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &addr_len), 0);
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &w.cookie, &cookie_len), 0);
	assert_int_equal(fstat(fd, &st), 0);

	rc = kbpf_sock_list((uint8_t)family, protocol, on_sock, &w, &e);
	if (rc == -ENOENT) {
		print_message("%s\n", e.text);
		skip();
	}
	assert_true(rc >= 1);
	assert_int_equal(w.cnt, 1);
	assert_int_equal(w.found.inode, st.st_ino);
	assert_int_equal(w.found.protocol, protocol);
	assert_int_equal(w.found.family, family);
	assert_int_equal(w.found.src_port, ((struct sockaddr_in *)&addr)->sin_port);
	assert_int_equal(w.found.uid, getuid());
	close(fd);
}

TEST(sockets_are_found_with_their_owners)
{
	check_sock(AF_INET, SOCK_STREAM, IPPROTO_TCP);
	check_sock(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	check_sock(AF_INET6, SOCK_STREAM, IPPROTO_TCP);
	check_sock(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_monitor_reports_interfaces),
		cmocka_unit_test(a_full_monitor_socket_is_reported),
		cmocka_unit_test(sockets_are_found_with_their_owners),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
