/* SPDX-License-Identifier: MIT */
/* log.h - the verifier's log; private to the loader. */
#ifndef BPFCAP_SRC_LOADER_LOG_H
#define BPFCAP_SRC_LOADER_LOG_H

#include <stddef.h>
#include <stdint.h>

struct uapi_prog_load;

/*
 * Loads with a log of attr->log_level in a buffer that grows until all of it fits. Returns what
 * bpf(2) does, never -ENOSPC unless the log exceeds the kernel's own limit; *log is malloc'ed even
 * on failure (NULL only without memory).
 */
int kbpf_log_load(struct uapi_prog_load *attr, char **log);

/*
 * Extracts the sentence that says why the program was rejected, with the instruction it is about:
 * "R2 min value is negative (at 7: (85) call bpf_probe_read#4)". Empty when the log has none.
 * Returns the number of that instruction; -1: unknown.
 */
int64_t kbpf_log_reason(const char *log, char *text, size_t text_len);

#endif
