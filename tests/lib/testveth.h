/* SPDX-License-Identifier: MIT */
/* testveth.h - a pair of virtual Ethernet devices in a namespace of the test's own, and
 * frames to send over it. */
#ifndef BPFCAP_TESTS_LIB_TESTVETH_H
#define BPFCAP_TESTS_LIB_TESTVETH_H

#include <stddef.h>
#include <stdint.h>

#define TESTVETH_FRAME_MAX 1600
/* All frames go to this address; a filter finds them by it among whatever else goes on. */
#define TESTVETH_FILTER "ether dst 02:00:5e:10:00:01"

struct testveth {
	int ifindex[2]; /* of "va" and "vb" */
	int sock[2];	/* packet sockets that send through them */
};

struct testveth_frame {
	const char *what;
	size_t len;
	uint8_t bytes[TESTVETH_FRAME_MAX];
};

/* Makes namespace and devices "va", "vb", up, without IPv6. 0 or -errno (-EPERM: no rights). */
int testveth_open(struct testveth *v);
void testveth_close(struct testveth *v);

/* Frames of many kinds: short, long, tagged, doubly tagged, IPv4, IPv6, ARP. Byte 11: the index. */
size_t testveth_frames(const struct testveth_frame **frames);

/* Sends frame through device `end` (0: "va"). 0 or -errno. */
int testveth_send(const struct testveth *v, int end, const void *frame, size_t len);

/* Runs a command found in PATH, without a shell (busybox's prefers its own applets); what it prints
 * goes to `out`. Exit status, or -errno. */
int testveth_run(const char *const argv[], char *out, size_t out_len);

#endif
