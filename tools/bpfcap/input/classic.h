/* SPDX-License-Identifier: MIT */
/* classic.h - the packets of a classic pcap file, where they need no correction by libpcap. */
#ifndef BPFCAP_TOOLS_BPFCAP_INPUT_CLASSIC_H
#define BPFCAP_TOOLS_BPFCAP_INPUT_CLASSIC_H

#include "bytes.h"

struct probe_event;

enum {
	CLASSIC_HEAD_LEN = 24,	      /* of the file */
	CLASSIC_CAP_LEN_MAX = 262144, /* of a packet, as in libpcap */
};

/*
 * How many nanoseconds the file's unit of time has: 1 or 1,000. 0 if libpcap must read the packets:
 * another byte order, an old version, or a link type whose packets it corrects.
 * Format: pcap-savefile(5).
 */
uint32_t classic_time_unit(const uint8_t head[CLASSIC_HEAD_LEN]);
/*
 * 1 with time, lengths and bytes of the next packet, the bytes valid until the next call; 0 at the
 * end; -ENODATA if the file breaks off; -EMSGSIZE if the packet is longer than CLASSIC_CAP_LEN_MAX;
 * -errno. Longer packets than `snap_len` are cut. Other members of *out are left as they are.
 */
int classic_next(struct bytes *in, uint32_t time_unit, uint32_t snap_len, struct probe_event *out);

#endif
