/* SPDX-License-Identifier: MIT */
/*
 * asm_helpers.c - what the table of helpers promises for the running kernel's version is there.
 *
 * Each helper that the table gives to a class is called in a program of each type of the class. The
 * verifier looks at the permission before the arguments, so its log shows the answer. What depends
 * on the kernel's configuration or lockdown is left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpfcap/ebpf.h"
#include "../lib/opcodes.h"
#include "../lib/rawbpf.h"

#define HELPER_LAST 211

static bool configurable(int helper)
{
	switch (helper) {
	case EBPF_FN_probe_write_user:
	case EBPF_FN_skb_get_xfrm_state:
	case EBPF_FN_skb_cgroup_id:
	case EBPF_FN_skb_ancestor_cgroup_id:
	case EBPF_FN_get_current_cgroup_id:
	case EBPF_FN_get_current_ancestor_cgroup_id:
	case EBPF_FN_get_cgroup_classid:
	case EBPF_FN_skb_cgroup_classid:
	case EBPF_FN_cgrp_storage_get:
	case EBPF_FN_cgrp_storage_delete:
		return true;
	default:
		return false;
	}
}

/* Texts differ over versions, and the log is empty where the type itself is unknown. */
static bool refused_by_type(const char *log_text)
{
	return strstr(log_text, "unknown func") || strstr(log_text, "invalid func") ||
	       strstr(log_text, "cannot use helper") || log_text[0] == '\0';
}

static bool callable(enum ebpf_prog_type type, int helper)
{
	static char log_text[1 << 14];
	const struct ebpf_insn insns[] = {{.code = OP_CALL, .imm = helper}, {.code = OP_EXIT}};
	int fd = rawbpf_load(type, insns, 2, log_text, sizeof(log_text));

	if (fd >= 0)
		close(fd);
	return fd >= 0 || !refused_by_type(log_text);
}

static void promised_helpers_are_there(void **state)
{
	static const enum ebpf_prog_type types[] = {
		EBPF_PROG_SOCKET_FILTER, EBPF_PROG_SCHED_CLS,	   EBPF_PROG_XDP,
		EBPF_PROG_TRACEPOINT,	 EBPF_PROG_RAW_TRACEPOINT,
	};
	struct ebpf_target kernel;
	struct utsname uts;
	int looked_at = 0, missing = 0;

	(void)state;
	rawbpf_need();
	assert_int_equal(uname(&uts), 0);
	assert_int_equal(ebpf_target_by_version(&kernel, uts.release, NULL), 0);
	for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++)
		for (int h = 1; h <= HELPER_LAST; h++) {
			if (configurable(h) || !ebpf_target_has_helper(&kernel, types[t], h))
				continue;
			looked_at++;
			if (!callable(types[t], h) && ++missing)
				print_message("type %d: no %s#%d\n", types[t], ebpf_helper_name(h),
					      h);
		}
	assert_int_equal(missing, 0);
	assert_true(looked_at > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promised_helpers_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
