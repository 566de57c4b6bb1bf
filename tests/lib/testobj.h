/* SPDX-License-Identifier: MIT */
/* testobj.h - BPF objects made by clang, changed by bpfinject, loaded by bpftool. */
#ifndef BPFCAP_TESTS_LIB_TESTOBJ_H
#define BPFCAP_TESTS_LIB_TESTOBJ_H

#include <stddef.h>

/* A directory of the test's own with a bpffs in it, in a mount namespace of its own. 0 or -errno;
 * a message tells what is missing. Removed by testobj_teardown(). */
int testobj_setup(void);
void testobj_teardown(void);

/* The path of a file in that directory; valid during the next few calls. */
const char *testobj_path(const char *name);
/* The object built from tests/cases/inject/NAME.c ("tc", or "tc-g" with type information). */
const char *testobj_case(const char *name);

/* Runs a command (found in PATH) and waits for it; prints what it said if it failed. The exit
 * status, 127 if there is no such command, or -errno. argv ends with NULL. */
int testobj_run(const char *const argv[]);

/* bpfinject IN -o OUT with more arguments. The exit status. */
int testobj_inject(const char *in, const char *out, const char *const args[]);

/* Loads all programs of an object; the fd of `prog`, or -1. `map_fd` (NULL: none wanted) gets the
 * fd of the map `map`. */
int testobj_load(const char *path, const char *prog, const char *map, int *map_fd);

#endif
