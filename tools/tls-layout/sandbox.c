/* SPDX-License-Identifier: MIT */
/* sandbox.c - namespaces, limits, user and rights of the process that loads a foreign library. */
#include "sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscalls.h"

enum { NOBODY = 65534, CAPS_MAX = 64 };

#define MEMORY_MAX (256UL << 20)

void sandbox_namespaces(void)
{
	const int kinds = CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWPID | CLONE_NEWNS;

	if (unshare(kinds) == 0)
		(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	else if (geteuid() != 0)
		(void)unshare(kinds | CLONE_NEWUSER);
}

static void limit(int what, rlim_t max)
{
	/* A process that catches the signal of its CPU time ends a second later. */
	const struct rlimit l = {max, what == RLIMIT_CPU ? max + 1 : max};

	(void)setrlimit(what, &l);
}

static int drop_user(void)
{
	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return -errno;
	return 0;
}

/* Before the user changes: that takes the right to do so. */
static void drop_bounds(void)
{
	for (unsigned long cap = 0; cap < CAPS_MAX; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* Also those that a user namespace of its own gave. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capset, &head, none) < 0 ? -errno : 0;
}

int sandbox_enter(void)
{
	int rc;

	limit(RLIMIT_AS, MEMORY_MAX);
	limit(RLIMIT_CPU, SANDBOX_SECONDS);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 64);
	limit(RLIMIT_MEMLOCK, 0);
	drop_bounds();
	rc = drop_user();
	if (rc == 0)
		rc = drop_capabilities();
	if (rc < 0)
		return rc;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscalls_restrict();
}
