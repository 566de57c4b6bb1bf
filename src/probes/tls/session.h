/* SPDX-License-Identifier: MIT */
/* session.h - libraries that are watched, and what their programs share. */
#ifndef BPFCAP_SRC_PROBES_TLS_SESSION_H
#define BPFCAP_SRC_PROBES_TLS_SESSION_H

#include <sys/types.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/probe.h"
#include "examine.h"
#include "find.h"
#include "program.h"

enum {
	TLS_FUNCTIONS_MAX = 8,
	TLS_PROBES_MAX = 2 * TLS_FUNCTIONS_MAX,
};

enum tls_state {
	TLS_EXAMINED, /* is being examined */
	TLS_WATCHED,
	TLS_GIVEN_UP, /* it failed, or is a program without TLS; it is not tried again */
};

/* Identifies a file, by the numbers of /proc/PID/maps (0: unknown) and by stat(2). */
struct tls_library {
	enum tls_state state;
	unsigned major, minor;
	uint64_t map_inode;
	dev_t dev;
	ino_t inode;
	char *path; /* for messages */
	int fd;	    /* of the file, until it is watched */
	struct probe_tls_layout layout;
	struct examination examination;
	uint64_t function[TLS_FUNCTIONS_MAX]; /* offsets; 0: the library lacks this function */
	int prog_fd[TLS_AT_CNT];
	int probe_fd[TLS_PROBES_MAX];
	unsigned probe_cnt;
	bool is_unread; /* a process that uses it could not be read, which has been reported */
};

struct probe_tls {
	struct probe_tls_config config;
	struct ebpf_target target;
	int events_fd, seen_fd, calls_fd;
	struct kbpf_perfbuf *rings;
	struct tls_library **library; /* by the number in their records */
	size_t cnt, cap;
	uint64_t next_look_ns;
	struct tls_processes looked_at;
	struct {
		uint32_t pid;
		char comm[PROBE_COMM_LEN]; /* of the thread */
	} other; /* the last process that had another name than the one that is wanted */
	probe_tls_key_fn fn; /* of the poll that runs */
	void *user;
};

/* ---- library.c: from a file to probes ------------------------------------------------------ */

/* Where a library's file is. */
struct tls_source {
	unsigned major, minor;
	uint64_t map_inode;
	const char *path;     /* below `root` */
	const char *root;     /* NULL: "/" */
	const char *map_file; /* leads to the file even if the path does not; NULL: none */
	bool is_program;      /* it need not have TLS */
};

/* Adds a library unless its file is known. Reports failures of that library itself; returns -errno
 * only if nothing can be watched at all. */
int probe_tls_library_add(struct probe_tls *t, const struct tls_source *s, struct err *e);
/* Reads the results of examinations that have ended; returns how many still run, or -errno. */
int probe_tls_library_advance(struct probe_tls *t, struct err *e);
void probe_tls_library_free(struct tls_library *l);

#endif
