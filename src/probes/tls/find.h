/* SPDX-License-Identifier: MIT */
/* find.h - the TLS libraries that processes map, and those of the system. */
#ifndef BPFCAP_SRC_PROBES_TLS_FIND_H
#define BPFCAP_SRC_PROBES_TLS_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A library's file in a process. */
struct tls_mapping {
	uint32_t pid;
	uint64_t start, end; /* addresses of the code */
	uint64_t offset;     /* of its first byte in the file */
	unsigned major,
		minor; /* from /proc/PID/maps; on some file systems stat(2) reports other numbers */
	uint64_t inode;
	const char *path; /* in the process's mount namespace and below its root */
	bool is_program;  /* the process's own program, which may contain such a library */
};

typedef void (*tls_mapping_fn)(void *user, const struct tls_mapping *m);

/* The processes of the last look, in ascending order. All zeros: there was none. */
struct tls_processes {
	struct tls_process *list;
	size_t cnt, cap;
};

/* Calls fn for the code of each libssl and libgnutls, and of the program, in processes other than
 * this one; of one process only, unless pid is 0. Leaves out processes of the last look whose size
 * is still the same, and replaces `last`, whose list the caller frees. 0 or -errno. */
int probe_tls_find_mapped(uint32_t pid, struct tls_processes *last, tls_mapping_fn fn, void *user);

/* Calls fn for the code of each file that this process maps. */
void probe_tls_find_objects(uint32_t pid, tls_mapping_fn fn, void *user);

/* Calls fn for each of them in the system's library directories. */
void probe_tls_find_installed(void (*fn)(void *user, const char *path), void *user);

#endif
