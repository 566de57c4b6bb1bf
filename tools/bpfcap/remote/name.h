/* SPDX-License-Identifier: MIT */
/* name.h - puts the name of the machine into the interfaces of its packets. */
#ifndef BPFCAP_TOOLS_BPFCAP_REMOTE_NAME_H
#define BPFCAP_TOOLS_BPFCAP_REMOTE_NAME_H

#include "../input/item.h"

/* "eth0" becomes "HOST:eth0", in the block, too. 0 or -ENOMEM. */
int name_iface(struct input_iface *f, const char *host);

#endif
