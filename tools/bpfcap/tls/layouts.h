/* SPDX-License-Identifier: MIT */
/* layouts.h - --tls-layout: descriptions of TLS libraries, printed and read. */
#ifndef BPFCAP_TOOLS_BPFCAP_TLS_LAYOUTS_H
#define BPFCAP_TOOLS_BPFCAP_TLS_LAYOUTS_H

#include <stdbool.h>

#include "bpfcap/tls.h"

struct layouts {
	struct probe_tls_layout *layout;
	size_t cnt, cap;
};

/* Whether the file is a library to be examined, rather than a text with descriptions. */
bool layouts_is_library(const char *path);
/* Has the library examined and prints its description. 0 or -errno. */
int layouts_show(const char *path, struct err *e);
/* Reads a description a line; # begins a comment. `path` NULL: none. */
int layouts_read(struct layouts **out, const char *path, struct err *e);
void layouts_free(struct layouts *l); /* NULL is fine */

#endif
