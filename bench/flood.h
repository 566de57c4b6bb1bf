/* SPDX-License-Identifier: MIT */
/* flood.h - sends UDP frames through a pair of interfaces, as fast as it can or at a rate. */
#ifndef BPFCAP_BENCH_FLOOD_H
#define BPFCAP_BENCH_FLOOD_H

#include <string.h>
#include <sys/socket.h>

#include "../tests/lib/testveth.h"
#include "measure.h"

enum { FLOOD_AT_ONCE = 32, FLOOD_LEN_MAX = 1500, FLOOD_PORT = 9, FLOOD_OTHER_PORT = 10 };

struct flood {
	unsigned cnt, len;
	double rate;	/* packets a second; 0: as fast as it can */
	unsigned every; /* each so many'th goes to FLOOD_PORT, the rest to FLOOD_OTHER_PORT */
};

/* Ethernet, IPv4 and UDP to an address that nobody here has. */
static inline void flood_frame(uint8_t *p, unsigned len, unsigned port)
{
	static const uint8_t head[] = {2, 0, 0x5e, 0x10, 0, 1, 2,  0, 0x5e, 0x10, 1,  0,
				       8, 0, 0x45, 0,	 0, 0, 0,  0, 64,   0,	  64, 17,
				       0, 0, 10,   0,	 0, 1, 10, 0, 0,    2};
	uint32_t sum = 0;

	memset(p, 'x', len);
	memcpy(p, head, sizeof(head));
	p[16] = (uint8_t)((len - 14) >> 8);
	p[17] = (uint8_t)(len - 14);
	for (unsigned i = 14; i < 34; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[24] = (uint8_t)(sum >> 8);
	p[25] = (uint8_t)sum;
	memcpy(p + 34, "\x10\x00\0", 4);
	p[37] = (uint8_t)port;
	p[38] = (uint8_t)((len - 34) >> 8);
	p[39] = (uint8_t)(len - 34);
	memset(p + 40, 0, 2); /* no checksum */
}

static inline void flood_wait_until(double ns)
{
	double left = ns - now_ns();
	struct timespec t = {0, (long)left};

	if (left > 1e5)
		nanosleep(&t, NULL);
}

/* Sends through end "vb"; "va" receives. Gives ns a packet. */
static inline double flood_send(const struct testveth *v, const struct flood *f)
{
	static uint8_t wanted[FLOOD_LEN_MAX], other[FLOOD_LEN_MAX];
	struct iovec iov[2] = {{wanted, f->len}, {other, f->len}};
	struct mmsghdr msg[FLOOD_AT_ONCE] = {0};
	double start;

	flood_frame(wanted, f->len, FLOOD_PORT);
	flood_frame(other, f->len, FLOOD_OTHER_PORT);
	start = now_ns();
	for (unsigned sent = 0; sent < f->cnt;) {
		unsigned n = f->cnt - sent < FLOOD_AT_ONCE ? f->cnt - sent : FLOOD_AT_ONCE;
		int done;

		for (unsigned i = 0; i < n; i++)
			msg[i].msg_hdr = (struct msghdr){
				.msg_iov = &iov[f->every && (sent + i) % f->every != 0],
				.msg_iovlen = 1};
		if (f->rate > 0)
			flood_wait_until(start + sent / f->rate * 1e9);
		done = sendmmsg(v->sock[1], msg, n, 0);
		sent += done > 0 ? (unsigned)done : 0;
	}
	return (now_ns() - start) / f->cnt;
}

#endif
