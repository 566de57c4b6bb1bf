/* SPDX-License-Identifier: MIT */
/*
 * version.h - the version of these headers, and of the library that the program runs with.
 *
 *	if (strcmp(probe_version(), BPFCAP_VERSION_STRING) != 0)
 *		warn("compiled for libbpfcap %s, running with %s", BPFCAP_VERSION_STRING,
 *		     probe_version());
 */
#ifndef BPFCAP_VERSION_H
#define BPFCAP_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define BPFCAP_VERSION_MAJOR  0
#define BPFCAP_VERSION_MINOR  1
#define BPFCAP_VERSION_PATCH  0
#define BPFCAP_VERSION_STRING "0.1.0"

/* Returns the version of the linked library, in the form of BPFCAP_VERSION_STRING. */
const char *probe_version(void);

#ifdef __cplusplus
}
#endif
#endif
