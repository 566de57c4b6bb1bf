/* SPDX-License-Identifier: MIT */
/*
 * perfwake.c - when one perf ring wakes its reader; see perfwake.h.
 *
 * Waking the reader costs the kernel more than writing the record does, so a busy ring wakes it
 * only when a part is full, and the reader looks by the clock for what comes before. A reader
 * without records should sleep, however. When to wake is a property of the event that a record is
 * written through, and several events can write into one ring (PERF_EVENT_IOC_SET_OUTPUT).
 * Programs find their event in a map, into which the reader puts one of two.
 *
 * A program that found the lazy event just before the map was changed may still write through it,
 * so the reader continues to look for SETTLE_NS.
 */
#include "perfwake.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bpfcap/kbpf.h"
#include "../util.h"
#include "sys.h"

enum {
	BUSY_NS = 50 * NS_PER_MS,  /* records that come faster need not wake the reader each */
	QUIET_NS = 50 * NS_PER_MS, /* after so long without records, the next one wakes it */
	SETTLE_NS = 20 * NS_PER_MS,
};

int kbpf_wake_event_open(int cpu, uint32_t part_len)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.watermark = part_len > 0,
	};

	if (part_len > 0)
		attr.wakeup_watermark = part_len;
	else
		attr.wakeup_events = 1;
	return kbpf_sys_perf_event_open(&attr, -1, cpu);
}

void kbpf_wake_close(struct perfwake *w)
{
	if (w->each_fd >= 0)
		close(w->each_fd);
	w->each_fd = -1;
}

static void write_through(struct perfwake *w, bool each, uint64_t now_ns)
{
	uint32_t key = (uint32_t)w->cpu;

	if (kbpf_map_update(w->map_fd, &key, each ? &w->each_fd : &w->part_fd, 0) < 0)
		return;
	w->each = each;
	w->since_ns = now_ns;
}

void kbpf_wake_open(struct perfwake *w, int map_fd, int cpu, int part_fd)
{
	*w = (struct perfwake){.map_fd = map_fd, .cpu = cpu, .part_fd = part_fd};
	w->each_fd = kbpf_wake_event_open(cpu, 0);
	if (w->each_fd >= 0 && ioctl(w->each_fd, PERF_EVENT_IOC_SET_OUTPUT, part_fd) < 0)
		kbpf_wake_close(w);
	if (w->each_fd >= 0)
		write_through(w, true, 0);
}

void kbpf_wake_note(struct perfwake *w, uint64_t now_ns, bool found)
{
	uint64_t took = now_ns - w->since_ns;

	if (found) {
		if (w->each && took < BUSY_NS)
			write_through(w, false, now_ns);
		w->since_ns = now_ns;
	} else if (!w->each && w->each_fd >= 0 && took > QUIET_NS) {
		write_through(w, true, now_ns);
	}
}

bool kbpf_wake_is_lazy(const struct perfwake *w, uint64_t now_ns)
{
	return !w->each || now_ns - w->since_ns < SETTLE_NS;
}
