/* SPDX-License-Identifier: MIT */
/* vethgroup.c - the pair of devices that the tests of a group share. */
#include "vethgroup.h"

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
