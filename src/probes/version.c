/* SPDX-License-Identifier: MIT */
/* version.c - the version of the library. Never fails. */
#include "bpfcap/version.h"

const char *probe_version(void)
{
	return BPFCAP_VERSION_STRING;
}
