/* SPDX-License-Identifier: MIT */
/*
 * privileges.c - drops what a capture no longer needs once its hooks are attached. With -Z: changes
 * to a user, and keeps CAP_NET_ADMIN and CAP_BPF (CAP_SYS_ADMIN on kernels before 5.8, which have
 * nothing smaller). Fails for an unknown user.
 */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/fail.h"

#include "options.h"

enum { CAP_BPF_NUMBER = 39 }; /* of Linux 5.8; older headers lack it */

/* The capabilities for reading maps and attaching to interfaces that appear later. */
static uint64_t basic_caps(void)
{
	bool has_bpf = prctl(PR_CAPBSET_READ, CAP_BPF_NUMBER) >= 0;

	return UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1)
						      << (has_bpf ? CAP_BPF_NUMBER : CAP_SYS_ADMIN);
}

static int set_caps(uint64_t caps)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	for (size_t i = 0; i < 2; i++)
		data[i].permitted = data[i].effective = (uint32_t)(caps >> 32 * i);
	return (int)syscall(SYS_capset, &head, data);
}

static uint64_t permitted_caps(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

/* Besides the basic ones: packet sockets, addresses of symbols, and what the options need. */
static uint64_t caps_to_keep(const struct cap_options *o)
{
	uint64_t keep = basic_caps() | UINT64_C(1) << CAP_NET_RAW | UINT64_C(1) << CAP_SYSLOG;

	if (o->owner) /* the descriptors of other users' processes */
		keep |= UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH;
	if (o->rotate_mb || o->rotate_s || o->keep) /* in a directory of another user */
		keep |= UINT64_C(1) << CAP_DAC_OVERRIDE;
	if (o->netns) /* entering it again for an interface that appears */
		keep |= UINT64_C(1) << CAP_SYS_ADMIN;
	return keep;
}

/*
 * What it brings: `ping -f -c 6000 -s 1000` on two CPUs with some 25 other busy processes lost 0 of
 * 30,000 packets in ten of ten runs, the reader being away for 70 to 440 ms. Started with `nice -n
 * 1`, it was away for 4 to 5 s, and 1,800 to 11,000 packets were lost in each run.
 */
void privileges_hurry(void)
{
	enum { PRIORITY = -10 };

	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) == 0 && errno == 0)
		(void)setpriority(PRIO_PROCESS, 0, PRIORITY);
}

void privileges_none(void)
{
	(void)set_caps(0);
}

void privileges_settle(const struct cap_options *o)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)set_caps(permitted_caps() & caps_to_keep(o));
}

int privileges_drop(const char *user, struct err *e)
{
	const struct passwd *pw = getpwnam(user);

	if (!pw)
		return err_input(e, -EINVAL, "options", "unknown user '%s' for -Z", user);
	if (prctl(PR_SET_KEEPCAPS, 1) != 0 || initgroups(user, pw->pw_gid) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0 || set_caps(basic_caps()) != 0)
		return err_run(e, -errno, "privileges", "cannot become user '%s': %s", user,
			       strerror(errno));
	return 0;
}
