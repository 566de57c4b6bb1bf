/* SPDX-License-Identifier: MIT */
/* inside.h - what runs in the sandbox: loads the library, examines it, answers with one line. */
#ifndef BPFCAP_TOOLS_TLS_LAYOUT_INSIDE_H
#define BPFCAP_TOOLS_TLS_LAYOUT_INSIDE_H

#define INSIDE_REASON "reason: " /* begins the line when it failed */

/* Answers on descriptor `fd`; the exit status. */
int inside(const char *path, int fd);

#endif
