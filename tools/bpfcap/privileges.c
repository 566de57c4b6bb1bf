/* SPDX-License-Identifier: MIT */
/*
 * privileges.c - -Z: changes to a user, and keeps CAP_NET_ADMIN and CAP_BPF (CAP_SYS_ADMIN on
 * kernels before 5.8, which have nothing smaller). Fails for an unknown user.
 */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/fail.h"

enum { CAP_BPF_NUMBER = 39 }; /* of Linux 5.8; older headers lack it */

static int set_caps(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	const int caps[] = {
		CAP_NET_ADMIN,
		prctl(PR_CAPBSET_READ, CAP_BPF_NUMBER) >= 0 ? CAP_BPF_NUMBER : CAP_SYS_ADMIN,
	};

	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++)
		data[caps[i] / 32].effective |= 1u << caps[i] % 32;
	for (size_t i = 0; i < 2; i++)
		data[i].permitted = data[i].effective;
	return (int)syscall(SYS_capset, &head, data);
}

int privileges_drop(const char *user, struct err *e)
{
	const struct passwd *pw = getpwnam(user);

	if (!pw)
		return err_input(e, -EINVAL, "options", "unknown user '%s' for -Z", user);
	if (prctl(PR_SET_KEEPCAPS, 1) != 0 || initgroups(user, pw->pw_gid) != 0 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0 || set_caps() != 0)
		return err_run(e, -errno, "privileges", "cannot become user '%s': %s", user,
			       strerror(errno));
	return 0;
}
