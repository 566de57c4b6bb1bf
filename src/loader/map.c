/* SPDX-License-Identifier: MIT */
/* map.c - creates maps and reads and writes their elements. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "perm.h"
#include "sys.h"
#include "uapi.h"

int kbpf_map_create(uint32_t type, uint32_t key_len, uint32_t value_len, uint32_t entry_cnt,
		    uint32_t flags, const char *name, struct err *e)
{
	struct uapi_map_create attr = {
		.type = type,
		.key_len = key_len,
		.value_len = value_len,
		.entry_cnt = entry_cnt,
		.flags = flags,
	};
	int ret;

	if (name && strlen(name) >= sizeof(attr.name))
		return err_run(e, -EINVAL, "load", "The map name '%s' is longer than %zu bytes",
			       name, sizeof(attr.name) - 1);
	if (name)
		strcpy(attr.name, name);
	ret = kbpf_sys_bpf_charged(BPF_MAP_CREATE, &attr, sizeof(attr));
	if (ret == -EPERM)
		return kbpf_perm_err(e, ret, "load", PERM_BPF, "Creating a BPF map");
	if (ret < 0)
		return err_run(e, ret, "load",
			       "The kernel did not create BPF map '%s' (type %u, %u entries of "
			       "%u+%u bytes): %s",
			       name ? name : "", type, entry_cnt, key_len, value_len,
			       strerror(-ret));
	return ret;
}

/* Nobody can change the map from user space any more. */
static int freeze(int fd)
{
	struct uapi_map_freeze attr = {.map_fd = (uint32_t)fd};

	return kbpf_sys_bpf(BPF_MAP_FREEZE, &attr, sizeof(attr));
}

int kbpf_map_create_const(const void *bytes, uint32_t len, const char *name, struct err *e)
{
	const uint32_t key = 0;
	int fd = kbpf_map_create(BPF_MAP_TYPE_ARRAY, sizeof(key), len, 1, BPF_F_RDONLY_PROG, name,
				 e);
	int rc;

	if (fd < 0)
		return fd;
	rc = kbpf_map_update(fd, &key, bytes, BPF_ANY);
	if (rc == 0)
		rc = freeze(fd);
	if (rc == 0)
		return fd;
	close(fd);
	return err_run(e, rc, "load", "The kernel did not take %u bytes for BPF map '%s': %s", len,
		       name ? name : "", strerror(-rc));
}

static int elem(int cmd, int fd, const void *key, const void *value, uint64_t flags)
{
	struct uapi_map_elem attr = {
		.map_fd = (uint32_t)fd,
		.key = kbpf_sys_ptr(key),
		.value = kbpf_sys_ptr(value),
		.flags = flags,
	};

	return kbpf_sys_bpf(cmd, &attr, sizeof(attr));
}

int kbpf_map_lookup(int fd, const void *key, void *value)
{
	return elem(BPF_MAP_LOOKUP_ELEM, fd, key, value, 0);
}

int kbpf_map_update(int fd, const void *key, const void *value, uint64_t flags)
{
	return elem(BPF_MAP_UPDATE_ELEM, fd, key, value, flags);
}

int kbpf_map_delete(int fd, const void *key)
{
	return elem(BPF_MAP_DELETE_ELEM, fd, key, NULL, 0);
}

int kbpf_map_next_key(int fd, const void *key, void *next)
{
	return elem(BPF_MAP_GET_NEXT_KEY, fd, key, next, 0);
}
