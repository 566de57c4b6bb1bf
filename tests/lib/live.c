/* SPDX-License-Identifier: MIT */
/* live.c - a capture by libpcap; see live.h. */
#include "live.h"

#include <pcap/pcap.h>
#include <stdlib.h>

enum { SNAP_LEN = 262144, RING_LEN = 1 << 21, WAIT_MS = 10 };

struct live {
	pcap_t *pcap;
	live_fn fn;
	void *user;
};

static int start(pcap_t *pcap, const char *expr)
{
	char why[PCAP_ERRBUF_SIZE];
	struct bpf_program prog;
	int rc;

	(void)pcap_set_snaplen(pcap, SNAP_LEN);
	(void)pcap_set_promisc(pcap, 1);
	(void)pcap_set_timeout(pcap, WAIT_MS);
	(void)pcap_set_buffer_size(pcap, RING_LEN);
	if (pcap_activate(pcap) < 0 || pcap_setnonblock(pcap, 1, why) < 0)
		return -1;
	if (!expr)
		return 0;
	if (pcap_compile(pcap, &prog, expr, 1, 0) < 0)
		return -1;
	rc = pcap_setfilter(pcap, &prog);
	pcap_freecode(&prog);
	return rc;
}

struct live *live_open(const char *iface, const char *expr)
{
	struct live *l = calloc(1, sizeof(*l));
	char why[PCAP_ERRBUF_SIZE];

	if (!l)
		return NULL;
	l->pcap = pcap_create(iface, why);
	if (l->pcap && start(l->pcap, expr) == 0)
		return l;
	live_close(l);
	return NULL;
}

static void take(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
	const struct live *l = (const void *)user;

	l->fn(l->user, data, h->caplen, h->len);
}

int live_read(struct live *l, live_fn fn, void *user)
{
	l->fn = fn;
	l->user = user;
	return pcap_dispatch(l->pcap, -1, take, (u_char *)l);
}

void live_close(struct live *l)
{
	if (!l)
		return;
	if (l->pcap)
		pcap_close(l->pcap);
	free(l);
}
