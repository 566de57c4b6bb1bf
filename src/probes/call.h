/* SPDX-License-Identifier: MIT */
/* call.h - a function of the user's own, for the programs that call it. Private to src/probes. */
#ifndef BPFCAP_SRC_PROBES_CALL_H
#define BPFCAP_SRC_PROBES_CALL_H

#include "bpfcap/ebpf.h"
#include "bpfcap/err.h"

#define CALL_INSNS_MAX 4096

/* The function and those that it calls. */
struct call_code {
	struct ebpf_prog prog;
	char *name; /* "fin.s", or "fin.o:only_fin", for messages */
	int *lines; /* of each slot of an assembly text; NULL: the slots are counted */
};

/*
 * Reads "FILE" or "FILE:FUNCTION": assembly as bpfasm takes it, or an object of clang's. -EINVAL
 * (input) for a wrong file, with its line.
 */
int probe_call_read(struct call_code *out, const char *spec, struct err *e);
void probe_call_free(struct call_code *c);
/* The line of a slot, or the slot. */
int probe_call_line(const struct call_code *c, size_t slot);
/* Helpers become available to programs of a type: the verifier decides. */
void probe_call_allow(const struct call_code *c, struct ebpf_target *t, enum ebpf_prog_type type);
/*
 * A program whose last instructions are the function was refused at slot `at` (-1: unknown). Puts
 * the place before the error if it is in the function.
 */
void probe_call_refused(const struct call_code *c, size_t prog_cnt, int64_t at, struct err *e);

#endif
