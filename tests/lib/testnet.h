/* SPDX-License-Identifier: MIT */
/* testnet.h - a network namespace of the test's own, and a program that counts. */
#ifndef BPFCAP_TESTS_LIB_TESTNET_H
#define BPFCAP_TESTS_LIB_TESTNET_H

#include <stdint.h>

/* Moves this thread into a new network namespace with lo up (ifindex 1). 0 or -errno. */
int testnet_enter(void);

/* A pair of interfaces, up, in this namespace; and the end of one. 0 or -errno (-EOPNOTSUPP: this
 * kernel has none). */
int testnet_veth(const char *a, const char *b);
int testnet_del_link(const char *name);

/*
 * Waits until an interface that is up passes frames. The end of a pair that came up first gets its
 * carrier late, and a worker of the kernel, which may be slow on a loaded machine, installs its
 * queue; until then the kernel drops what is sent, and send() reports success. 0 or -ETIMEDOUT.
 */
int testnet_ready(const char *name);

/* Sends `cnt` Ethernet frames out of an interface. 0 or -errno. */
int testnet_send_frames(const char *name, int cnt);

/* Sends `cnt` UDP datagrams to a closed port of 127.0.0.1; each passes lo once each way, and the
 * ICMP error it causes too. 0 or -errno. */
int testnet_send(int cnt);

/* A map with one u64, and a program of `prog_type` that adds 1 to it and returns `retval`. */
struct testnet_counter {
	int map_fd, prog_fd;
};

int testnet_counter_load(struct testnet_counter *c, uint32_t prog_type, int retval);
uint64_t testnet_counter_get(const struct testnet_counter *c);
/* Waits until it has reached this number. 0, or -ETIMEDOUT after some seconds. */
int testnet_wait(const struct testnet_counter *c, uint64_t at_least);
/* Sends datagrams and waits until `c` has grown by their number, for a busy kernel may deliver them
 * late. */
int testnet_counts(const struct testnet_counter *c, int send_cnt, uint64_t at_least);
void testnet_counter_close(struct testnet_counter *c);

#endif
