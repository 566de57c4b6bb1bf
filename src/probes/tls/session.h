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

/* Functions that a connection passes through once it has keys. */
struct tls_function {
	const char *name;
	enum tls_at at; /* TLS_AT_BEGIN: at its return, too */
};

struct tls_probes {
	unsigned cnt;
	int fd[TLS_PROBES_MAX];
};

/* A process with connections from before its library was watched (older.c), whose functions are
 * probed until these connections are closed. */
struct tls_older {
	uint32_t pid; /* 0: several processes */
	struct tls_probes probes;
	struct tls_socket *sockets;
	size_t cnt, cap;
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
	int fd;	    /* of the file, until all of its probes are attached */
	struct probe_tls_layout layout;
	struct examination examination;
	uint64_t function[TLS_FUNCTIONS_MAX]; /* offsets; 0: the library lacks this function */
	int prog_fd[TLS_AT_CNT];
	struct tls_probes probes;
	bool is_new; /* processes with older connections have not been looked for */
	struct tls_older *older;
	size_t older_cnt, older_cap;
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
bool probe_tls_library_is_mapped(const struct tls_library *l, unsigned major, unsigned minor,
				 uint64_t inode);

/* ---- attach.c: programs and probes of a library -------------------------------------------- */

extern const struct tls_function probe_tls_functions[PROBE_TLS_KIND_CNT][TLS_FUNCTIONS_MAX];

/* Loads the programs, and attaches those that every new connection needs. */
int probe_tls_attach(const struct probe_tls *t, struct tls_library *l, uint32_t number,
		     struct err *e);
/* Attaches those that only older connections need, in one process (0: in all). */
int probe_tls_attach_older(const struct tls_library *l, uint32_t pid, struct tls_probes *probes,
			   struct err *e);
void probe_tls_detach(struct tls_probes *probes);

/* ---- older.c: connections from before their library was watched ---------------------------- */

/* Probes the processes that have such connections; 0 or -errno. */
int probe_tls_older_find(struct probe_tls *t, struct err *e);
/* Ends the probes of processes that have no such connection any more. */
void probe_tls_older_forget(struct probe_tls *t);
void probe_tls_older_free(struct tls_library *l);

#endif
