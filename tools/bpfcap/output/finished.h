/* SPDX-License-Identifier: MIT */
/* finished.h - the command of -z, run on each file that -C or -G has finished. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_FINISHED_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_FINISHED_H

/*
 * Starts "command path" with the lowest priority and does not wait for it, as tcpdump does. The
 * command is one word, looked up in PATH. Failures are reported on standard error, and the capture
 * continues.
 */
void finished_file(const char *command, const char *path);

#endif
