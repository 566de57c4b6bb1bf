/* SPDX-License-Identifier: MIT */
/* far.h - what runs on the other machine: a script for its shell, and bpfcap's command line. */
#ifndef BPFCAP_TOOLS_BPFCAP_REMOTE_FAR_H
#define BPFCAP_TOOLS_BPFCAP_REMOTE_FAR_H

#include "../options.h"

struct text;

/*
 * The script prints lines that begin with this word: "run" before the capture, or "send MACHINE"
 * (of uname -m) where bpfcap is missing. Then it reads "LENGTH SHA256" and that many bytes.
 */
#define FAR_MARK "bpfcap-remote"

/* Appends a space and the word, quoted so that a POSIX shell takes it as one word. */
void far_quote(struct text *t, const char *word);
/* Appends the command for ssh(1): the capture that the options describe, as pcapng. */
void far_command(struct text *t, const struct cap_options *o);

#endif
