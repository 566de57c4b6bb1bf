/* SPDX-License-Identifier: MIT */
/*
 * fin.c - as fin.s, in C: keeps the TCP segments with FIN, and writes their sequence number.
 *
 *	clang -O2 -target bpf -ffreestanding -c fin.c -o fin.o
 *	bpfcap --call fin.o tcp
 */
#include <bpfcap/call.h>

enum { ETH_LEN = 14, TCP_SEQ = 4, TCP_FLAGS = 13, FIN = 1 };

int only_fin(struct probe_call *c)
{
	unsigned tcp = ETH_LEN + (c->packet[ETH_LEN] & 15) * 4;

	if (c->packet[12] != 8 || c->packet[13] != 0 || !(c->packet[tcp + TCP_FLAGS] & FIN))
		return 0;
	for (unsigned i = 0; i < 4; i++)
		c->out[i] = c->packet[tcp + TCP_SEQ + i];
	c->out_len = 4;
	return 1;
}
