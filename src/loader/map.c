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

int kbpf_map_create(const struct kbpf_map_spec *spec, struct err *e)
{
	const char *name = spec->name ? spec->name : "";
	struct uapi_map_create attr = {
		.type = spec->type,
		.key_len = spec->key_len,
		.value_len = spec->value_len,
		.entry_cnt = spec->entry_cnt,
		.flags = spec->flags,
		.inner_map_fd = (uint32_t)spec->inner_map_fd,
	};
	int rc;

	if (strlen(name) >= sizeof(attr.name))
		return err_run(e, -EINVAL, "load", "the map name '%s' is longer than %zu bytes",
			       name, sizeof(attr.name) - 1);
	strcpy(attr.name, name);
	rc = kbpf_sys_bpf_charged(BPF_MAP_CREATE, &attr, sizeof(attr));
	if (rc == -EPERM)
		return kbpf_perm_err(e, rc, "load", PERM_BPF, "creating a BPF map");
	if (rc < 0)
		return err_run(e, rc, "load",
			       "the kernel did not create BPF map '%s' (type %u, %u entries of "
			       "%u+%u bytes): %s",
			       name, spec->type, spec->entry_cnt, spec->key_len, spec->value_len,
			       strerror(-rc));
	return rc;
}

/* From now on user space cannot change the map. */
static int freeze(int fd)
{
	struct uapi_map_freeze attr = {.map_fd = (uint32_t)fd};

	return kbpf_sys_bpf(BPF_MAP_FREEZE, &attr, sizeof(attr));
}

int kbpf_map_create_const(const void *bytes, uint32_t len, const char *name, struct err *e)
{
	const uint32_t key = 0;
	int fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
							 .key_len = sizeof(key),
							 .value_len = len,
							 .entry_cnt = 1,
							 .flags = BPF_F_RDONLY_PROG,
							 .name = name},
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
	return err_run(e, rc, "load", "the kernel refused %u bytes for BPF map '%s': %s", len,
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

int kbpf_map_next(int fd, const void *key, void *next)
{
	return elem(BPF_MAP_GET_NEXT_KEY, fd, key, next, 0);
}
