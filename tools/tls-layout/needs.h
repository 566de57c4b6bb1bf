/* SPDX-License-Identifier: MIT */
/* needs.h - the libraries that a library needs, from its own directory before any other. */
#ifndef BPFCAP_TOOLS_TLS_LAYOUT_NEEDS_H
#define BPFCAP_TOOLS_TLS_LAYOUT_NEEDS_H

/* As dlopen(path, RTLD_NOW | RTLD_GLOBAL), with what lies beside the file loaded first. */
void *needs_open(const char *path);

/* Loads the parts of the C library that runs, before another root directory offers its own. */
void needs_load_libc(void);

#endif
