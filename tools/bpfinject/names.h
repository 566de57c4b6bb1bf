/* SPDX-License-Identifier: MIT */
/* names.h - the words of the command line for program types, access modes and verdicts. */
#ifndef BPFCAP_TOOLS_BPFINJECT_NAMES_H
#define BPFCAP_TOOLS_BPFINJECT_NAMES_H

#include "bpfcap/inject.h"

/* Each returns 0, or -EINVAL with a sentence that lists the valid words. */
int type_by_name(const char *name, enum ebpf_prog_type *type, struct err *e);
int access_by_name(const char *name, enum cbpf2ebpf_access *access, struct err *e);
/* A number, or a name of this program type: "shot", "pass". */
int verdict_by_name(const char *name, enum ebpf_prog_type type, int32_t *verdict, struct err *e);

const char *type_name(enum ebpf_prog_type type); /* "unknown" for other types */

#endif
