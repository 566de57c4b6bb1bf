/* SPDX-License-Identifier: MIT */
/*
 * source.c - where the packets of a session come from: the rings that programs write to, or the
 * only hook, if it delivers packets itself.
 *
 * A hook that delivers needs no program unless the filter has long lists, for which ours is faster;
 * then the program only selects packets. Fails with the error of the maps, programs and hooks.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../thread.h"
#include "state.h"

/*
 * The log, the process, the layer of --through, a function's verdict, a tally and the addresses
 * that --track follows come from programs; an order over several hooks from the rings.
 */
bool probe_session_delivers(const struct probe *p, const struct probe_config *c)
{
	return p->hooks.cnt == 1 && p->hooks.hook[0].ops->packets && !c->track && !c->pid &&
	       !c->reasons && !c->skb_data && !c->through && !c->log && !c->tally && !c->call;
}

static bool has_long_lists(const struct capture *c)
{
	uint32_t len = 0;

	return c->tables && cbpf2ebpf_tables_bytes(c->tables, &len) && len > 0;
}

static int ascending(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return a < b ? -1 : a > b;
}

int probe_session_ifaces(const struct probe *p, struct capture_ifaces *at, uint32_t **numbers,
			 struct err *e)
{
	uint32_t *all = calloc(p->chosen_cnt + 1, sizeof(*all));

	if (!all)
		return err_run(e, -ENOMEM, "interface", "no memory for the list of interfaces");
	for (unsigned i = 0; i < p->chosen_cnt; i++)
		all[i] = (uint32_t)p->chosen[i].index;
	qsort(all, p->chosen_cnt, sizeof(*all), ascending);
	*numbers = all;
	*at = (struct capture_ifaces){
		.all = probe_session_wants_all(p),
		.index = all,
		.cnt = p->chosen_cnt,
		.linktype = p->chosen_cnt == 1 ? probe_linktype_of_arp(p->chosen[0].arp_type) : -1,
	};
	return 0;
}

/* The rings, which are opened while the programs are loaded: both take milliseconds. */
struct opening {
	struct probe *p;
	struct err err;
	int rc;
};

static void *open_rings(void *user)
{
	struct opening *o = user;

	o->rc = probe_session_open_rings(o->p, &o->err);
	return NULL;
}

static int load_beside_rings(struct probe *p, const struct probe_config *c, struct err *e)
{
	struct opening o = {.p = p};
	pthread_t thread;
	bool started = probe_thread_start(&thread, open_rings, &o);
	int rc;

	probe_blocks_open(&p->hold.blocks);
	rc = probe_session_load_all(p, c, e);
	if (started)
		(void)pthread_join(thread, NULL);
	else
		(void)open_rings(&o);
	if (rc < 0 || o.rc == 0)
		return rc;
	if (e)
		*e = o.err;
	return o.rc;
}

/* Loads the programs, which write to rings unless the hook delivers. */
static int open_programs(struct probe *p, const struct probe_config *c, struct err *e)
{
	int rc = probe_session_make_maps(p, e);

	if (rc < 0)
		return rc;
	return p->delivers || c->tally ? probe_session_load_all(p, c, e)
				       : load_beside_rings(p, c, e);
}

/* A program for long lists; without the right to load it, or if it fails, the hook's own filter. */
static int open_delivery(struct probe *p, const struct probe_config *c, struct err *e)
{
	struct hook *h = &p->hooks.hook[0];
	struct capture_ifaces at;
	uint32_t *numbers;
	bool own;
	int rc = probe_session_ifaces(p, &at, &numbers, e);

	if (rc < 0)
		return rc;
	own = h->ops->packets->has_filter(h, &p->capture, &at);
	free(numbers);
	rc = h->ops->packets->open(h, &p->capture, probe_session_ring_len(c), e);
	if (rc < 0 || (own && !has_long_lists(&p->capture)))
		return rc;
	rc = probe_session_target(&p->target, c->kernel, 1u << EBPF_PROG_SOCKET_FILTER, e);
	if (rc == 0)
		rc = open_programs(p, c, e);
	return rc < 0 && own ? 0 : rc;
}

int probe_session_open_source(struct probe *p, const struct probe_config *c, struct err *e)
{
	p->ring_len = probe_session_ring_len(c);
	return p->delivers ? open_delivery(p, c, e) : open_programs(p, c, e);
}
