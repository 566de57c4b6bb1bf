/* SPDX-License-Identifier: MIT */
/* poll.c - the events of a session, its counts, and the names of what events refer to. */
#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "../capture/capture.h"
#include "state.h"

enum {
	CPU_UNKNOWN = -1,
	PACKET_HEAD_LEN = 80, /* in a packet socket's ring, beside a perf record's head */
};

/* The innermost frames may be those that run our program, and an address may occur twice. */
static void trim_stack(struct probe *p, struct probe_event *ev)
{
	const bool kernel = ev->stack_cnt && !p->hooks.hook[ev->hook].kind->user;
	const struct kallsyms *k = kernel ? probe_kallsyms_reader_get(p->symbols) : NULL;

	while (ev->stack_cnt > 1 &&
	       (probe_kallsyms_is_bpf(k, ev->stack[0]) || ev->stack[0] == ev->stack[1])) {
		ev->stack++;
		ev->stack_cnt--;
	}
}

static void name_iface(struct probe *p, struct probe_event *ev)
{
	const char *name = probe_iface_name(p, ev->ifindex);

	if (name)
		memcpy(ev->ifname, name, sizeof(ev->ifname));
}

static void name_owner(struct probe *p, struct probe_event *ev)
{
	uint32_t netns = ev->netns == p->own_netns ? 0 : ev->netns;
	const struct owner_proc *proc;
	struct packet_ends ends;

	if (!p->owners || !probe_packet_ends(ev, &ends))
		return;
	proc = probe_owners_find(p->owners, netns, &ends, ev->dir);
	if (!proc)
		return;
	ev->owner_pid = proc->pid;
	memcpy(ev->owner_comm, proc->comm, sizeof(ev->owner_comm));
}

static struct probe_time wall_time(const struct probe *p, uint64_t mono_ns)
{
	int64_t ns = probe_clock_wall(&p->clock, mono_ns);

	if (ns < 0) /* a clock set to before 1970 */
		ns = 0;
	return (struct probe_time){(uint64_t)ns / NS_PER_S, (uint32_t)((uint64_t)ns % NS_PER_S)};
}

/* Adds the fields that the record does not hold. */
static void complete(struct probe *p, int cpu, struct probe_event *ev)
{
	const struct hook *h = &p->hooks.hook[ev->hook];

	trim_stack(p, ev);
	if (p->addresses.hides) {
		ev->skb = probe_opaque_id(&p->addresses, ev->skb);
		ev->location = 0;
		ev->stack_cnt = 0;
	}
	ev->cpu = cpu;
	if (!h->ops->dir_of_packet)
		ev->dir = h->dir;
	if (p->capture.linktype >= 0)
		ev->linktype = p->capture.linktype;
	if (!h->kind->tracing && !h->kind->user)
		ev->netns = p->iface_netns;
	if (h->ops->complete)
		h->ops->complete(ev);
	if (!h->kind->user && !ev->ifname[0] && ev->netns == p->iface_netns)
		name_iface(p, ev);
	name_owner(p, ev);
}

bool probe_session_parse(struct probe *p, const void *data, uint32_t len, struct probe_event *ev)
{
	bool good = probe_record_parse(data, len, p->capture.snap_len, &p->room, ev) == 0 &&
		    ev->hook < p->hooks.cnt;

	p->state[0].damaged += !good;
	if (good)
		ev->time = wall_time(p, ev->mono_ns);
	return good;
}

int probe_session_pass(struct probe *p, int cpu, struct probe_event *ev)
{
	complete(p, cpu, ev);
	p->state[ev->hook].captured++;
	p->passed_cnt++;
	p->fn_rc = p->fn(p->user, ev);
	return p->fn_rc;
}

/* The kernel's clock of such packets is the wall clock. */
int probe_session_packet(void *user, const struct kbpf_packet *packet)
{
	struct probe *p = user;
	struct probe_event ev = {
		.time = {packet->s, packet->ns},
		.mono_ns = probe_clock_mono_of(&p->clock,
					       (int64_t)(packet->s * NS_PER_S + packet->ns)),
		.ifindex = packet->ifindex,
		.dir = packet->pkt_type == PACKET_OUTGOING ? PROBE_DIR_OUT : PROBE_DIR_IN,
		.linktype = probe_linktype_of_arp(packet->arp_type),
		.len = packet->len,
		.cap_len = packet->cap_len,
		.data = packet->data,
	};

	p->taken_len += packet->cap_len + PACKET_HEAD_LEN;
	if (p->taken_cnt++ % SESSION_LOOK_CNT == 0)
		probe_session_at_rings(p, true);
	if (ev.cap_len > p->capture.snap_len) /* by the tag, which the kernel did not count */
		ev.cap_len = p->capture.snap_len;
	return probe_session_pass(p, CPU_UNKNOWN, &ev);
}

static void keep_longest(uint64_t *longest, uint64_t ns)
{
	if (ns > *longest)
		*longest = ns;
}

void probe_session_at_rings(struct probe *p, bool leaves)
{
	uint64_t now = mono_now_ns(), cpu_now = p->times_work ? probe_clock_cpu() : 0;

	if (p->left_ns && !p->stopped) {
		keep_longest(&p->away_ns, now - p->left_ns);
		keep_longest(&p->worked_ns, cpu_now - p->left_cpu_ns);
	}
	p->left_ns = leaves ? now : 0;
	p->left_cpu_ns = cpu_now;
}

uint64_t probe_away_ns(const struct probe *p)
{
	return p->away_ns;
}

uint64_t probe_worked_ns(const struct probe *p)
{
	return p->worked_ns;
}

void probe_wake(struct probe *p)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)!write(p->bell_fd, &one, sizeof(one));
	errno = saved;
}

/* Passes on packets, unless they are counted in the kernel. */
static int wait_for_packets(struct probe *p, int timeout_ms)
{
	struct hook *first = &p->hooks.hook[0];

	if (p->capture.tally)
		return probe_session_wait(p, timeout_ms);
	if (p->delivers)
		return first->ops->packets->poll(first, timeout_ms, p->wake_fd,
						 probe_session_packet, p);
	if (probe_session_is_full(p)) /* the callback ended the last poll */
		return 0;
	return kbpf_perfbuf_poll(p->rings, probe_session_wait_ms(p, timeout_ms), p->wake_fd,
				 probe_session_take, p);
}

int probe_poll(struct probe *p, int timeout_ms, probe_event_fn fn, void *user, struct err *e)
{
	int rc;

	p->fn = fn;
	p->user = user;
	p->fn_rc = p->passed_cnt = 0;
	probe_clock_refresh(&p->clock);
	probe_session_at_rings(p, false);
	rc = wait_for_packets(p, timeout_ms);
	probe_session_follow(p);
	probe_clock_refresh(&p->clock);
	if (rc < 0)
		return err_run(e, rc, "events", "reading the event rings failed: %s",
			       strerror(-rc));
	probe_session_at_rings(p, true);
	if (p->fn_rc == 0)
		probe_session_release(p);
	return p->fn_rc ? p->fn_rc : p->passed_cnt;
}

/* Bytes that a record takes in the ring, on average. */
static uint64_t record_len(const struct probe *p)
{
	enum { RING_HEAD_LEN = 16 }; /* of the kernel's, and padding */

	return p->taken_cnt ? p->taken_len / p->taken_cnt + RING_HEAD_LEN : RECORD_LEN_MAX;
}

static int add_kernel_counts(const struct probe *p, unsigned i, struct probe_counts *c)
{
	int cpu_cnt = kbpf_possible_cpu_cnt();
	struct capture_counters *per_cpu;
	uint64_t most = 0;
	uint32_t key = i;
	int rc;

	if (cpu_cnt < 0)
		return cpu_cnt;
	per_cpu = calloc((size_t)cpu_cnt, sizeof(*per_cpu));
	if (!per_cpu)
		return -ENOMEM;
	rc = kbpf_map_lookup(p->capture.counters_fd, &key, per_cpu);
	for (int cpu = 0; rc == 0 && cpu < cpu_cnt; cpu++) {
		c->seen += per_cpu[cpu].seen;
		c->matched += per_cpu[cpu].matched;
		c->dropped += per_cpu[cpu].dropped;
		c->lost_ring += per_cpu[cpu].lost_ring;
		c->lost_other += per_cpu[cpu].lost_other;
		c->lost_refused += per_cpu[cpu].lost_refused;
		c->lost_memory += per_cpu[cpu].lost_memory;
		c->refusal = per_cpu[cpu].refusal ? (int)per_cpu[cpu].refusal : c->refusal;
		most = per_cpu[cpu].lost_ring > most ? per_cpu[cpu].lost_ring : most;
		c->no_packet += per_cpu[cpu].no_packet;
		c->beyond += per_cpu[cpu].beyond;
		c->beyond_bytes += per_cpu[cpu].beyond_bytes;
	}
	free(per_cpu);
	c->ring_needed += (size_t)(most * record_len(p));
	return rc;
}

static int add_counts(const struct probe *p, unsigned i, struct probe_counts *c)
{
	struct kbpf_prog_info info;
	int rc;

	c->captured += p->state[i].captured;
	if (p->delivers) {
		p->hooks.hook[i].ops->packets->count(&p->hooks.hook[i], c);
		c->ring_needed = (size_t)(c->lost_ring * record_len(p));
		return 0;
	}
	c->lost_other += p->state[i].damaged;
	if (kbpf_prog_info(p->state[i].prog_fd, &info) == 0)
		c->lost_other += info.recursion_miss_cnt;
	rc = add_kernel_counts(p, i, c);
	if (p->capture.tally)
		c->captured = c->matched;
	return rc;
}

int probe_counts(struct probe *p, unsigned i, struct probe_counts *c)
{
	int rc = 0;

	*c = (struct probe_counts){0};
	if (i != PROBE_ALL_HOOKS && i >= p->hooks.cnt)
		return -EINVAL;
	for (unsigned k = 0; k < p->hooks.cnt && rc == 0; k++)
		if (i == PROBE_ALL_HOOKS || i == k)
			rc = add_counts(p, k, c);
	if (c->ring_needed)
		c->ring_needed += p->ring_len;
	return rc;
}

unsigned probe_hook_cnt(const struct probe *p)
{
	return p->hooks.cnt;
}

const char *probe_hook_name(const struct probe *p, unsigned i)
{
	return i < p->hooks.cnt ? p->hooks.hook[i].name : "?";
}

bool probe_hook_attached(const struct probe *p, unsigned i)
{
	return i < p->hooks.cnt && (!probe_session_by_iface(p, i) || p->chosen_cnt > 0);
}

const char *probe_hook_spec(const struct probe *p, unsigned i)
{
	return i < p->hooks.cnt ? p->hooks.hook[i].spec : "?";
}

const char *probe_reason_name(const struct probe *p, uint32_t reason)
{
	return probe_tp_name(&p->reasons, reason);
}

void probe_symbol(struct probe *p, uint64_t addr, char *text, size_t text_len)
{
	probe_kallsyms_text(probe_kallsyms_reader_get(p->symbols), addr, text, text_len);
}

void probe_frame(struct probe *p, const struct probe_event *ev, unsigned i, char *text,
		 size_t text_len)
{
	if (ev->hook < p->hooks.cnt && p->hooks.hook[ev->hook].kind->user)
		probe_stacks_text(p->stacks, ev->pid, ev->stack[i], i > 0, text, text_len);
	else
		probe_symbol(p, ev->stack[i], text, text_len);
}
