/* SPDX-License-Identifier: MIT */
/* names.c - translates words of the command line to values, by tables. */
#include "names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/util.h"
#include "../common/fail.h"

static const struct {
	const char *name;
	enum ebpf_prog_type type;
} types[] = {
	{"tc", EBPF_PROG_SCHED_CLS},
	{"xdp", EBPF_PROG_XDP},
	{"socket", EBPF_PROG_SOCKET_FILTER},
	{"kprobe", EBPF_PROG_KPROBE},
};

int type_by_name(const char *name, enum ebpf_prog_type *type, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strcmp(name, types[i].name) == 0) {
			*type = types[i].type;
			return 0;
		}
	}
	return err_input(
		e, -EINVAL, "options",
		"--type must be tc, xdp, socket or kprobe (for all tracing programs), not '%s'",
		name);
}

const char *type_name(enum ebpf_prog_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == type)
			return types[i].name;
	return "unknown";
}

int access_by_name(const char *name, enum cbpf2ebpf_access *access, struct err *e)
{
	static const struct {
		const char *name;
		enum cbpf2ebpf_access access;
	} rows[] = {
		{"direct", CBPF2EBPF_DIRECT},
		{"load_bytes", CBPF2EBPF_LOAD_BYTES},
		{"probe_read", CBPF2EBPF_PROBE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(name, rows[i].name) == 0) {
			*access = rows[i].access;
			return 0;
		}
	}
	return err_input(e, -EINVAL, "options",
			 "--access must be direct, load_bytes or probe_read, not '%s'", name);
}

int verdict_by_name(const char *name, enum ebpf_prog_type type, int32_t *verdict, struct err *e)
{
	static const struct {
		enum ebpf_prog_type type;
		const char *name;
		int32_t verdict;
	} rows[] = {
		{EBPF_PROG_SCHED_CLS, "unspec", -1}, {EBPF_PROG_SCHED_CLS, "ok", 0},
		{EBPF_PROG_SCHED_CLS, "shot", 2},    {EBPF_PROG_SCHED_CLS, "pipe", 3},
		{EBPF_PROG_XDP, "aborted", 0},	     {EBPF_PROG_XDP, "drop", 1},
		{EBPF_PROG_XDP, "pass", 2},	     {EBPF_PROG_XDP, "tx", 3},
	};
	char *end;
	long number;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].type == type && strcmp(name, rows[i].name) == 0) {
			*verdict = rows[i].verdict;
			return 0;
		}
	}
	errno = 0;
	number = strtol(name, &end, 0);
	if (end == name || *end || errno || number < INT32_MIN || number > INT32_MAX)
		return err_input(
			e, -EINVAL, "options",
			"--miss must be a number, or unspec, ok, shot, pipe (tc), aborted, "
			"drop, pass, tx (xdp), not '%s'",
			name);
	*verdict = (int32_t)number;
	return 0;
}
