/* SPDX-License-Identifier: MIT */
/* remote.h - --remote: captures on other machines, over ssh(1). */
#ifndef BPFCAP_TOOLS_BPFCAP_REMOTE_REMOTE_H
#define BPFCAP_TOOLS_BPFCAP_REMOTE_REMOTE_H

#include "../options.h"

/*
 * 0, or -errno with the sentence: also if the capture of one machine fails, which does not end the
 * others. -EPIPE: the reader of the output has closed it.
 */
int remote(const struct cap_options *o, struct err *e);

#endif
