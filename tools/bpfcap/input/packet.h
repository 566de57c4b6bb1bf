/* SPDX-License-Identifier: MIT */
/* packet.h - a packet block of pcapng, read. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_PACKET_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_PACKET_H

#include "item.h"

/* Fills the event and the options of a packet block whose lengths and interface are checked. */
void packet_read(struct input_item *it);

#endif
