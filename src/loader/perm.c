/* SPDX-License-Identifier: MIT */
/*
 * perm.c - explains EPERM: compares the capabilities that an operation needs with those of this
 * process, and checks what else can refuse it. Gives a sentence.
 */
#include "perm.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "uapi.h"

#define LIST_LEN 96

static const struct cap_row {
	unsigned need;
	int cap;
	bool admin_suffices; /* CAP_SYS_ADMIN stands for it too */
	const char *name;
} caps[] = {
	{PERM_BPF, UAPI_CAP_BPF, true, "CAP_BPF"},
	{PERM_PERFMON, UAPI_CAP_PERFMON, true, "CAP_PERFMON"},
	{PERM_NET_ADMIN, CAP_NET_ADMIN, false, "CAP_NET_ADMIN"},
	{PERM_SYS_ADMIN, CAP_SYS_ADMIN, true, "CAP_SYS_ADMIN"},
	{PERM_NET_RAW, CAP_NET_RAW, false, "CAP_NET_RAW"},
};

/* This process's effective capabilities; all, if they are unknown. */
static uint64_t effective_caps(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct half[_LINUX_CAPABILITY_U32S_3];

	if (syscall(__NR_capget, &head, half) < 0)
		return UINT64_MAX;
	return (uint64_t)half[1].effective << 32 | half[0].effective;
}

/* The needs in terms of this kernel's capabilities. */
static unsigned needs_here(unsigned needs)
{
	if (!(needs & (PERM_BPF | PERM_PERFMON)) || prctl(PR_CAPBSET_READ, UAPI_CAP_BPF) >= 0)
		return needs;
	return (needs & ~(unsigned)(PERM_BPF | PERM_PERFMON)) | PERM_SYS_ADMIN;
}

static unsigned missing_of(unsigned needs)
{
	uint64_t have = effective_caps();
	bool admin = have >> CAP_SYS_ADMIN & 1;
	unsigned missing = 0;

	for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
		if (needs & caps[i].need && !(have >> caps[i].cap & 1) &&
		    !(admin && caps[i].admin_suffices))
			missing |= caps[i].need;
	}
	return missing;
}

/* "CAP_BPF and CAP_PERFMON" */
static void list_caps(unsigned needs, char list[LIST_LEN])
{
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(caps); i++) {
		if (needs & caps[i].need)
			used += (size_t)snprintf(list + used, LIST_LEN - used, "%s%s",
						 used ? " and " : "", caps[i].name);
	}
}

static bool file_has(const char *path, const char *word)
{
	char *text;
	bool has;

	if (kbpf_read_file(AT_FDCWD, path, &text, NULL) < 0)
		return false;
	has = strstr(text, word) != NULL;
	free(text);
	return has;
}

static const char *other_reason(void)
{
	/* the initial namespace maps all numbers to themselves */
	if (access("/proc/self/uid_map", R_OK) == 0 &&
	    !file_has("/proc/self/uid_map", "4294967295"))
		return "the capabilities count in the initial user namespace only, and this "
		       "process "
		       "is in another; run it on the host";
	if (file_has("/sys/kernel/security/lockdown", "[confidentiality]"))
		return "the kernel is locked down (lockdown=confidentiality)";
	if (file_has("/sys/kernel/security/lockdown", "[integrity]"))
		return "the kernel is locked down (lockdown=integrity), or a security module or "
		       "seccomp filter forbids it";
	return "the capabilities are there, so a security module or a container's seccomp filter "
	       "forbids it";
}

int kbpf_perm_err(struct err *e, int code, const char *stage, unsigned needs, const char *what)
{
	unsigned missing;
	char need_list[LIST_LEN], missing_list[LIST_LEN];

	needs = needs_here(needs);
	missing = missing_of(needs);
	if (!missing)
		return err_run(e, code, stage, "%s is not permitted: %s", what, other_reason());
	list_caps(needs, need_list);
	list_caps(missing, missing_list);
	return err_run(e, code, stage, "%s needs root or %s, and this process lacks %s; try sudo",
		       what, need_list, missing_list);
}
