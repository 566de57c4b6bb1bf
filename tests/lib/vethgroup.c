/* SPDX-License-Identifier: MIT */
/* vethgroup.c - the pair of devices that the tests of a group share. */
#include "vethgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

struct testveth veth;
bool has_veth;

int vethgroup_setup(void **state)
{
	(void)state;
	has_veth = testveth_open(&veth) == 0;
	return 0;
}

int vethgroup_teardown(void **state)
{
	(void)state;
	if (has_veth)
		testveth_close(&veth);
	return 0;
}

uint64_t vethgroup_received(void)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	uint64_t cnt = 0;
	char line[512];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		const char *va = strstr(line, " va:");

		if (va)
			(void)sscanf(va, " va: %*u %" SCNu64, &cnt);
	}
	(void)fclose(f);
	return cnt;
}
