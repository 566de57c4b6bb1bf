/* SPDX-License-Identifier: MIT */
/*
 * src/probes/session_iface.c - the interfaces of a session: those chosen, and names of any.
 *
 * Interfaces are those of the network namespace that the session was opened in. Fails with -EINVAL
 * (input) for a name that does not exist.
 */
#include <errno.h>
#include <linux/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../err.h"
#include "session.h"

#define HEAR_AGAIN_NS 200000000u /* an unknown index does not cost a dump each time */

int probe_linktype_of_arp(uint16_t arp_type)
{
	static const uint16_t ip[] = {ARPHRD_NONE,   ARPHRD_TUNNEL, ARPHRD_TUNNEL6,
				      ARPHRD_SIT,    ARPHRD_PPP,    ARPHRD_IPGRE,
				      ARPHRD_IP6GRE, ARPHRD_RAWIP,  ARPHRD_VOID};

	if (arp_type == ARPHRD_ETHER || arp_type == ARPHRD_LOOPBACK)
		return CBPF_LINKTYPE_ETHERNET;
	for (size_t i = 0; i < sizeof(ip) / sizeof(ip[0]); i++)
		if (arp_type == ip[i])
			return CBPF_LINKTYPE_RAW;
	return -1;
}

static uint64_t mono_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int hear(struct probe *p, struct err *e)
{
	struct kbpf_iface *list;
	int cnt = kbpf_iface_list(&list, e);

	if (cnt < 0)
		return cnt;
	free(p->iface);
	p->iface = list;
	p->iface_cnt = (unsigned)cnt;
	p->iface_heard_ns = mono_ns();
	return 0;
}

static int choose(struct probe *p, const char *name, struct err *e)
{
	for (unsigned i = 0; i < p->iface_cnt; i++) {
		if (strcmp(p->iface[i].name, name) != 0)
			continue;
		p->chosen[p->chosen_cnt] = p->iface[i];
		p->chosen_index[p->chosen_cnt++] = (uint32_t)p->iface[i].index;
		return 0;
	}
	return err_input(e, -EINVAL, "interface",
			 "interface '%s' does not exist here; bpfcap -D lists those that do", name);
}

int probe_session_choose_ifaces(struct probe *p, const char *const *names, struct err *e)
{
	size_t cnt = 0;
	int rc = hear(p, e);

	if (rc < 0 || !names || !names[0])
		return rc;
	while (names[cnt])
		cnt++;
	p->chosen = calloc(cnt, sizeof(*p->chosen));
	p->chosen_index = calloc(cnt, sizeof(*p->chosen_index));
	if (!p->chosen || !p->chosen_index)
		return err_run(e, -ENOMEM, "interface", "no memory for the list of interfaces");
	for (size_t i = 0; i < cnt && rc == 0; i++)
		rc = choose(p, names[i], e);
	return rc;
}

void probe_session_free_ifaces(struct probe *p)
{
	free(p->iface);
	free(p->chosen);
	free(p->chosen_index);
}

static const char *find_name(const struct probe *p, uint32_t ifindex)
{
	for (unsigned i = 0; i < p->iface_cnt; i++)
		if ((uint32_t)p->iface[i].index == ifindex)
			return p->iface[i].name;
	return NULL;
}

const char *probe_iface_name(struct probe *p, uint32_t ifindex)
{
	const char *name = find_name(p, ifindex);

	if (name || ifindex == 0 || mono_ns() - p->iface_heard_ns < HEAR_AGAIN_NS ||
	    hear(p, NULL) < 0)
		return name;
	return find_name(p, ifindex);
}
