/* SPDX-License-Identifier: MIT */
/* src/asm/helpers.c - numbers and names of the kernel's helpers, either way. */
#include <errno.h>
#include <string.h>

#include "bpfcap/ebpf.h"

#define HELPER_NAME(number, name, tracing, socket, cls, xdp) [number] = #name,
static const char *const names[] = {EBPF_HELPERS(HELPER_NAME)};

#define HELPER_CNT ((int)(sizeof(names) / sizeof(names[0])))

const char *ebpf_helper_name(int helper)
{
	return helper > 0 && helper < HELPER_CNT ? names[helper] : NULL;
}

int ebpf_helper_by_name(const char *name)
{
	if (strncmp(name, "bpf_", 4) == 0)
		name += 4;
	for (int i = 1; i < HELPER_CNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -ENOENT;
}
