/* SPDX-License-Identifier: MIT */
/* examine.h - runs the program that examines a library, without waiting for it. */
#ifndef BPFCAP_SRC_PROBES_TLS_EXAMINE_H
#define BPFCAP_SRC_PROBES_TLS_EXAMINE_H

#include <stdbool.h>
#include <sys/types.h>

#include "bpfcap/tls.h"

enum { EXAMINE_TEXT_MAX = 4096 };

struct examination {
	pid_t pid;
	int fd; /* its output, both results and errors; -1: none is running */
	uint64_t end_ns;
	size_t len;
	char text[EXAMINE_TEXT_MAX];
};

/* `file` NULL: the library is found by its path. `path` and `root` are arguments of tls-layout. */
int probe_tls_examine_start(struct examination *x, const char *examiner, const char *path,
			    const char *root, const char *file, struct err *e);
/* Reads its output so far. 1: it still runs; 0: *l is filled; -errno: it failed, or took too long.
 * After 0 and -errno everything is released. */
int probe_tls_examine_read(struct examination *x, struct probe_tls_layout *l, struct err *e);
void probe_tls_examine_stop(struct examination *x);

#endif
