/* SPDX-License-Identifier: MIT */
/*
 * prog.c - loads programs, silently first, and explains a refusal; test runs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "log.h"
#include "perm.h"
#include "sys.h"
#include "uapi.h"

#define DEFAULT_NAME "bpfcap"

_Static_assert(sizeof(struct ebpf_insn) == 8, "the kernel's struct bpf_insn");

static const struct type_row {
	uint32_t type;
	unsigned needs;
	const char *name;
} types[] = {
	{BPF_PROG_TYPE_SOCKET_FILTER, PERM_BPF, "a socket filter program"},
	{BPF_PROG_TYPE_KPROBE, PERM_BPF | PERM_PERFMON, "a kprobe program"},
	{BPF_PROG_TYPE_SCHED_CLS, PERM_BPF | PERM_NET_ADMIN, "a tc program"},
	{BPF_PROG_TYPE_TRACEPOINT, PERM_BPF | PERM_PERFMON, "a tracepoint program"},
	{BPF_PROG_TYPE_XDP, PERM_BPF | PERM_NET_ADMIN, "an XDP program"},
	{BPF_PROG_TYPE_PERF_EVENT, PERM_BPF | PERM_PERFMON, "a perf event program"},
	{BPF_PROG_TYPE_CGROUP_SKB, PERM_BPF | PERM_NET_ADMIN, "a cgroup program"},
	{BPF_PROG_TYPE_RAW_TRACEPOINT, PERM_BPF | PERM_PERFMON, "a raw tracepoint program"},
};

static const struct type_row *type_row(uint32_t type)
{
	static const struct type_row other = {0, PERM_BPF, "a BPF program"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].type == type)
			return &types[i];
	}
	return &other;
}

/*
 * What CAP_PERFMON allows: "R2 pointer -= pointer prohibited", "R1 pointer comparison prohibited",
 * "attempt to corrupt spilled pointer on stack", "R1 leaks addr into map".
 */
static bool computes_with_pointers(const char *reason)
{
	return (strstr(reason, "pointer") && strstr(reason, "prohibited")) ||
	       strstr(reason, "spilled pointer") || strstr(reason, "leaks addr");
}

static int refused(const struct kbpf_prog_spec *spec, int code, const char *log, struct err *e)
{
	const struct type_row *row = type_row(spec->type);
	unsigned needs = row->needs;
	char reason[ERR_TEXT_LEN / 2], what[64];
	int64_t at;

	at = kbpf_log_reason(log ? log : "", reason, sizeof(reason));
	if (spec->refused_at)
		*spec->refused_at = at;
	if (computes_with_pointers(reason))
		needs |= PERM_PERFMON;
	if (code == -EPERM || (needs != row->needs && kbpf_perm_lacks(needs))) {
		(void)snprintf(what, sizeof(what), "loading %s", row->name);
		return kbpf_perm_err(e, code, "load", needs, what);
	}
	if (reason[0])
		return err_run(e, code, "load", "the kernel's verifier refused %s: %s", row->name,
			       reason);
	return err_run(e, code, "load", "the kernel refused %s of %zu instructions: %s%s",
		       row->name, spec->insn_cnt, strerror(-code),
		       code == -EINVAL ? "; it may not know this program type" : "");
}

/*
 * A program fails in the same way again, now with a log; if it loads after all, that is not an
 * error.
 */
static int explain(const struct kbpf_prog_spec *spec, struct uapi_prog_load *attr, int code,
		   struct err *e)
{
	char *log = NULL;
	int rc = code;

	if (!e || code == -EPERM || code == -ENOMEM)
		return refused(spec, code, NULL, e);
	attr->log_level = 1;
	rc = kbpf_log_load(attr, &log);
	if (rc < 0)
		rc = refused(spec, rc == -ENOSPC ? code : rc, log, e);
	free(log);
	return rc;
}

static int load_logged(const struct kbpf_prog_spec *spec, struct uapi_prog_load *attr,
		       struct err *e)
{
	int rc;

	attr->log_level = spec->log_level ? spec->log_level : 1;
	rc = kbpf_log_load(attr, spec->log);
	if (rc == -EPERM && kbpf_sys_raise_memlock() == 0) {
		free(*spec->log);
		rc = kbpf_log_load(attr, spec->log);
	}
	return rc < 0 ? refused(spec, rc, *spec->log, e) : rc;
}

int kbpf_prog_load(const struct kbpf_prog_spec *spec, struct err *e)
{
	const char *name = spec->name ? spec->name : DEFAULT_NAME;
	struct uapi_prog_load attr = {
		.type = spec->type,
		.insn_cnt = (uint32_t)spec->insn_cnt,
		.insns = kbpf_sys_ptr(spec->insns),
		.license = kbpf_sys_ptr(spec->license ? spec->license : "Dual MIT/GPL"),
		.flags = (spec->strict_alignment ? BPF_F_STRICT_ALIGNMENT : 0) |
			 (spec->xdp_frags ? UAPI_F_XDP_HAS_FRAGS : 0),
		.attach_type = spec->attach_type,
	};
	int rc;

	if (spec->log)
		*spec->log = NULL;
	if (strlen(name) >= sizeof(attr.name))
		return err_run(e, -EINVAL, "load", "the program name '%s' is longer than %zu bytes",
			       name, sizeof(attr.name) - 1);
	if (spec->insn_cnt > UINT32_MAX)
		return err_run(e, -E2BIG, "load", "a program of %zu instructions is too long",
			       spec->insn_cnt);
	strcpy(attr.name, name);
	if (spec->log)
		return load_logged(spec, &attr, e);
	rc = kbpf_sys_bpf_charged(BPF_PROG_LOAD, &attr, sizeof(attr));
	return rc < 0 ? explain(spec, &attr, rc, e) : rc;
}

int kbpf_prog_test_run(int prog_fd, struct kbpf_test_run *run)
{
	struct uapi_test_run attr = {
		.prog_fd = (uint32_t)prog_fd,
		.data_in_len = run->data_in_len,
		.data_out_len = run->data_out ? run->data_out_len : 0,
		.data_in = kbpf_sys_ptr(run->data_in),
		.data_out = kbpf_sys_ptr(run->data_out),
		.repeat = run->repeat,
		.ctx_in_len = run->ctx_in_len,
		.ctx_in = kbpf_sys_ptr(run->ctx_in),
	};
	int rc = kbpf_sys_bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));

	run->retval = attr.retval;
	run->duration_ns = attr.duration_ns;
	run->data_out_len = attr.data_out_len;
	return rc;
}
