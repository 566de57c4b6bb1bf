/* SPDX-License-Identifier: MIT */
/* helpers.c - translates numbers and names of helpers and of program types. */
#include <errno.h>
#include <string.h>

#include "bpfcap/ebpf.h"

#include "../util.h"

#define HELPER_NAME(number, name, tracing, socket, cls, xdp) [number] = #name,
static const char *const names[] = {EBPF_HELPERS(HELPER_NAME)};

#define HELPER_CNT ((int)ARRAY_LEN(names))

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

static const struct {
	enum ebpf_prog_type type;
	const char *name;
} types[] = {
	{EBPF_PROG_ANY, "any"},
	{EBPF_PROG_SOCKET_FILTER, "socket_filter"},
	{EBPF_PROG_SOCKET_FILTER, "socket"},
	{EBPF_PROG_KPROBE, "kprobe"},
	{EBPF_PROG_SCHED_CLS, "sched_cls"},
	{EBPF_PROG_SCHED_CLS, "tc"},
	{EBPF_PROG_TRACEPOINT, "tracepoint"},
	{EBPF_PROG_XDP, "xdp"},
	{EBPF_PROG_RAW_TRACEPOINT, "raw_tracepoint"},
};

#define TYPE_CNT ARRAY_LEN(types)

const char *ebpf_type_name(enum ebpf_prog_type type)
{
	for (size_t i = 0; i < TYPE_CNT; i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

int ebpf_type_by_name(const char *name)
{
	for (size_t i = 0; i < TYPE_CNT; i++)
		if (strcmp(types[i].name, name) == 0)
			return (int)types[i].type;
	return -ENOENT;
}
