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
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
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

static long number_in(const char *path)
{
	char *text;
	long number;

	if (kbpf_read_file(AT_FDCWD, path, &text, NULL) < 0)
		return 0;
	number = strtol(text, NULL, 10);
	free(text);
	return number;
}

/* Debian and Ubuntu know values above 2. */
static bool perf_events_are_for_admins(void)
{
	return number_in("/proc/sys/kernel/perf_event_paranoid") > 2 && missing_of(PERM_SYS_ADMIN);
}

/* Before Linux 5.11 maps and programs count as memory that the user has locked. */
static bool maps_are_limited(void)
{
	struct rlimit limit;
	struct utsname u;
	int major, minor;

	return uname(&u) == 0 && sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
	       (major < 5 || (major == 5 && minor < 11)) &&
	       getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

static const char *other_reason(unsigned needs)
{
	if (needs == PERM_PERFMON && perf_events_are_for_admins())
		return "kernel.perf_event_paranoid is above 2, which reserves perf events for "
		       "CAP_SYS_ADMIN; set it to 2, or use sudo";
	if (needs & PERM_BPF && maps_are_limited())
		return "this kernel counts BPF maps and programs as locked memory, and the user's "
		       "limit is exceeded; raise ulimit -l";
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

bool kbpf_perm_lacks(unsigned needs)
{
	return missing_of(needs_here(needs)) != 0;
}

int kbpf_perm_err(struct err *e, int code, const char *stage, unsigned asked, const char *what)
{
	unsigned needs, missing;
	char need_list[LIST_LEN], missing_list[LIST_LEN];

	needs = needs_here(asked);
	missing = missing_of(needs);
	if (!missing)
		return err_run(e, code, stage, "%s is not permitted: %s", what,
			       other_reason(asked));
	list_caps(needs, need_list);
	list_caps(missing, missing_list);
	return err_run(e, code, stage, "%s needs root or %s, and this process lacks %s; try sudo",
		       what, need_list, missing_list);
}
