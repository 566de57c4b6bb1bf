/* SPDX-License-Identifier: MIT */
/*
 * pin.c - keeps programs and maps under a path of a BPF file system. Takes any descriptor that
 * bpf(2) gave; fails with the kernel's -errno, with the path in the sentence.
 */
#include <errno.h>
#include <string.h>

#include "bpfcap/err.h"
#include "bpfcap/kelf.h"
#include "perm.h"
#include "sys.h"
#include "uapi.h"

/* The kernel answers -EPERM both to a process without rights and for another file system. */
static int failed(int rc, const char *path, const char *what, struct err *e)
{
	if (rc == -EPERM && !kbpf_perm_lacks(PERM_BPF))
		return err_run(e, rc, "pin",
			       "cannot %s '%s': it is not on a BPF file system (mount -t bpf bpf "
			       "DIRECTORY)",
			       what, path);
	return err_run(e, rc, "pin", "cannot %s '%s': %s", what, path, strerror(-rc));
}

int kbpf_pin(int fd, const char *path, struct err *e)
{
	struct uapi_obj attr = {.path = kbpf_sys_ptr(path), .fd = (uint32_t)fd};
	int rc = kbpf_sys_bpf(BPF_OBJ_PIN, &attr, sizeof(attr));

	return rc < 0 ? failed(rc, path, "pin", e) : 0;
}

int kbpf_pin_open(const char *path, struct err *e)
{
	struct uapi_obj attr = {.path = kbpf_sys_ptr(path)};
	int rc = kbpf_sys_bpf(BPF_OBJ_GET, &attr, sizeof(attr));

	return rc < 0 ? failed(rc, path, "open", e) : rc;
}
