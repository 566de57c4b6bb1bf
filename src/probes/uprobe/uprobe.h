/* SPDX-License-Identifier: MIT */
/* uprobe.h - functions of programs and libraries: how users name them, and where they are. */
#ifndef BPFCAP_SRC_PROBES_UPROBE_UPROBE_H
#define BPFCAP_SRC_PROBES_UPROBE_UPROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../tls/elf.h"
#include "../tls/find.h"
#include "bpfcap/err.h"

#define UPROBE_TEXT_LEN 128

/* ---- name.c: [PATH:]NAME[+OFFSET] ----------------------------------------------------------- */

struct uprobe_name {
	char object[UPROBE_TEXT_LEN]; /* a path, or the name of a file that is mapped; "": any */
	char name[UPROBE_TEXT_LEN];   /* may be a glob */
	uint64_t offset;	      /* from the function's start */
};

/* Reads `len` bytes of text. False if they are not such a name. */
bool probe_uprobe_name(struct uprobe_name *n, const char *text, size_t len);
bool probe_uprobe_is_glob(const char *name);

/* ---- objects.c: the files that may have a function ------------------------------------------ */

struct uprobe_object {
	char *path; /* as it was found, for messages */
	int fd;
	uint64_t dev, inode;
};

struct uprobe_objects {
	struct uprobe_object *object;
	size_t cnt, cap;
};

/*
 * Opens the file that the name means, or all files that process `pid` has mapped: by the path that
 * this process sees, if pid is not 0. -EINVAL (input) without either; -ENOENT, -EACCES.
 */
int probe_uprobe_objects(struct uprobe_objects *o, const char *object, uint32_t pid,
			 const char *spec, struct err *e);
void probe_uprobe_objects_free(struct uprobe_objects *o);

/* Opens the mapped file, which may no longer be the one at the path. -1: it cannot be opened. */
int probe_uprobe_open_mapped(const struct tls_mapping *m);

/* ---- functions.c ---------------------------------------------------------------------------- */

struct uprobe_function {
	char *name;
	unsigned object; /* index in uprobe_objects */
	uint64_t offset; /* in the file */
	/* Of a USDT probe (usdt.h): */
	uint64_t semaphore; /* offset in the file of the counter that enables it; 0: none */
	char *args;	    /* where its arguments are; NULL: a function */
};

/* Sorted by name: functions that share one follow one another. */
struct uprobe_functions {
	struct uprobe_function *function;
	size_t cnt, cap;
};

/*
 * Finds what `name` matches in these objects, each place once. A clone that the compiler made
 * (NAME.part.0) must be named, and the cold part of a function never matches. -EINVAL (input) if
 * there is none, with names that are similar; -ENOMEM.
 */
int probe_uprobe_functions(struct uprobe_functions *out, const struct uprobe_objects *o,
			   const char *name, const char *spec, struct err *e);
/* Calls fn for each function of the file, and of its separate debug file; one may come twice. */
void probe_uprobe_symbols(int fd, tls_function_fn fn, void *user);
void probe_uprobe_functions_free(struct uprobe_functions *f);

#endif
