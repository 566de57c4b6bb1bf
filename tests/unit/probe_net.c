/* SPDX-License-Identifier: MIT */
/* probe_net.c - finding the members of a copied device by values that are known. */
#include <string.h>
#include <net/if_arp.h>
#include <sys/stat.h>

#include "../../src/probes/layout/parts.h"
#include "../lib/test.h"

/* The offsets of a small build of 5.4. Its device ends before 2,048, where other objects start. */
enum { NAME = 0, TYPE = 548, NET = 1184, INUM = 136, BEHIND = 2048, SKC_NET = 48 };

static const uint64_t net_addr = 0xffff88803f9b0000;

static struct layout_peek loopback(void)
{
	const uint16_t type = ARPHRD_LOOPBACK;
	struct layout_peek p = {.net = net_addr, .done = 1};
	uint32_t inum;
	struct stat st;

	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	inum = (uint32_t)st.st_ino;
	memcpy(p.dev_bytes + NAME, "lo", 3);
	memcpy(p.dev_bytes + TYPE, &type, sizeof(type));
	p.dev_bytes[TYPE + 2] = 14;
	memcpy(p.dev_bytes + NET, &net_addr, sizeof(net_addr));
	memcpy(p.net_bytes + INUM, &inum, sizeof(inum));
	return p;
}

static void finds(const struct layout_peek *p, int32_t name, int32_t type, int32_t net)
{
	struct probe_layout l;

	probe_layout_init(&l);
	l.ptr_len = sizeof(net_addr);
	probe_layout_find_net(&l, p);
	assert_int_equal(l.field[LAYOUT_DEV_NAME].off, name);
	assert_int_equal(l.field[LAYOUT_DEV_TYPE].off, type);
	assert_int_equal(l.field[LAYOUT_DEV_NET].off, net);
	assert_int_equal(l.field[LAYOUT_NET_INUM].off, INUM);
}

TEST(a_value_that_occurs_once_is_found)
{
	const struct layout_peek p = loopback();

	finds(&p, NAME, TYPE, NET);
}

/* The memory after the device holds a socket of the same namespace, or another device. */
TEST(objects_after_the_device_are_not_found)
{
	struct layout_peek p = loopback();

	memcpy(p.dev_bytes + BEHIND + SKC_NET, &net_addr, sizeof(net_addr));
	finds(&p, NAME, TYPE, NET);
	memcpy(p.dev_bytes + BEHIND, p.dev_bytes, BEHIND);
	finds(&p, NAME, TYPE, NET);
}

TEST(a_value_that_occurs_twice_is_not_found)
{
	struct layout_peek p = loopback();

	memcpy(p.dev_bytes + NET + sizeof(net_addr), &net_addr, sizeof(net_addr));
	finds(&p, NAME, TYPE, -1);
}

/* The members of a large build may be at large offsets. */
TEST(distant_members_are_found)
{
	struct layout_peek p = loopback();

	memset(p.dev_bytes + NET, 0, sizeof(net_addr));
	memcpy(p.dev_bytes + BEHIND + NET, &net_addr, sizeof(net_addr));
	finds(&p, NAME, TYPE, BEHIND + NET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_that_occurs_once_is_found),
		cmocka_unit_test(objects_after_the_device_are_not_found),
		cmocka_unit_test(a_value_that_occurs_twice_is_not_found),
		cmocka_unit_test(distant_members_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
