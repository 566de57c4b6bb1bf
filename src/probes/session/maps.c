/* SPDX-License-Identifier: MIT */
/*
 * maps.c - the maps and rings that a session's programs share.
 */
#include <linux/bpf.h>
#include <unistd.h>

#include "bpfcap/kring.h"
#include "../../util.h"
#include "../capture/capture.h"
#include "state.h"

enum {
	LINKTYPE_CNT_MAX = 4096, /* interfaces that are not Ethernet */
	TRACK_CNT_MAX = 65536,	 /* addresses; the least recently used is evicted */
	IFACE_CNT_MAX = 65536,	 /* that are chosen by a glob */
	IFACE_CNT_LATER = 256,	 /* that appear later and are chosen by name */
	RING_PAGES = 2048,	 /* 8 MiB for each CPU ... */
	RING_PAGES_MIN = 32,
	RING_PAGES_ALL = 16384, /* ... 64 MiB for all, and ... */
	RING_SHARE = 32,	/* ... a 32nd of the memory */
};

static unsigned ring_pages(const struct probe_config *c, unsigned cpu_cnt)
{
	unsigned pages = RING_PAGES;

	if (c->ring_pages)
		return c->ring_pages;
	while (pages > RING_PAGES_MIN &&
	       (pages * cpu_cnt > RING_PAGES_ALL ||
		(long)(pages * cpu_cnt) > sysconf(_SC_PHYS_PAGES) / RING_SHARE))
		pages /= 2;
	return pages;
}

void probe_session_linktype(const struct probe *p, const struct kbpf_iface *i)
{
	uint32_t key = (uint32_t)i->index;
	uint32_t value = (uint32_t)probe_linktype_of_arp(i->arp_type);

	if (p->capture.linktypes_fd >= 0 && value != CBPF_LINKTYPE_ETHERNET)
		(void)kbpf_map_update(p->capture.linktypes_fd, &key, &value, BPF_ANY);
}

/* ifindex -> link type, of the interfaces that are not Ethernet. */
static int make_linktypes(struct probe *p, struct err *e)
{
	int fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_HASH,
							 .key_len = 4,
							 .value_len = 4,
							 .entry_cnt = LINKTYPE_CNT_MAX,
							 .name = "bpfcap_link"},
				 e);

	p->capture.linktypes_fd = fd;
	if (fd < 0)
		return fd;
	for (unsigned i = 0; i < p->iface_cnt; i++)
		probe_session_linktype(p, &p->iface[i]);
	return 0;
}

/* Address of a followed sk_buff or of its data -> when it was last seen. */
static int make_track(struct probe *p, struct err *e)
{
	int fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_LRU_HASH,
							 .key_len = 8,
							 .value_len = 8,
							 .entry_cnt = TRACK_CNT_MAX,
							 .name = "bpfcap_track"},
				 e);

	p->capture.track_fd = fd;
	return fd < 0 ? fd : 0;
}

/* The chosen interfaces, for programs that also see packets of other interfaces. */
static int make_ifaces(struct probe *p, struct err *e)
{
	static const uint32_t yes = 1;
	uint32_t cnt = probe_session_has_glob(p) ? IFACE_CNT_MAX : p->chosen_cnt + IFACE_CNT_LATER;
	int fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_HASH,
							 .key_len = 4,
							 .value_len = 4,
							 .entry_cnt = cnt,
							 .name = "bpfcap_ifaces"},
				 e);

	if (fd < 0)
		return fd;
	p->capture.ifaces_fd = fd;
	for (unsigned i = 0; i < p->chosen_cnt; i++)
		(void)kbpf_map_update(fd, &p->chosen[i].index, &yes, BPF_ANY);
	return 0;
}

static int make_scratch(struct probe *p, unsigned cpu_cnt, struct err *e)
{
	p->capture.scratch_fd = kbpf_map_create(
		&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
					.key_len = 4,
					.value_len = probe_capture_scratch_len(&p->capture),
					.entry_cnt = cpu_cnt * CAPTURE_LEVELS,
					.name = "bpfcap_scratch"},
		e);
	return p->capture.scratch_fd < 0 ? p->capture.scratch_fd : 0;
}

/*
 * Binds the filter's long lists to their map. If the kernel refuses the map (no contiguous memory),
 * the lists stay in the programs.
 */
static void make_tables(struct capture *c)
{
	uint32_t len = 0;
	const void *bytes = c->tables ? cbpf2ebpf_tables_bytes(c->tables, &len) : NULL;
	int fd = len > 0 ? kbpf_map_create_const(bytes, len, "bpfcap_tables", NULL) : -1;

	if (fd >= 0)
		c->tables_fd = fd;
	if (c->tables)
		cbpf2ebpf_tables_bind(c->tables, fd);
}

static int make_counters(struct probe *p, struct err *e)
{
	struct capture *c = &p->capture;

	c->counters_fd = kbpf_map_create(
		&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_PERCPU_ARRAY,
					.key_len = 4,
					.value_len = sizeof(struct capture_counters),
					.entry_cnt = p->hooks.cnt,
					.name = "bpfcap_counts"},
		e);
	return c->counters_fd < 0 ? c->counters_fd : 0;
}

size_t probe_session_ring_len(const struct probe_config *c)
{
	int cpu_cnt = kbpf_possible_cpu_cnt();

	return (size_t)ring_pages(c, cpu_cnt > 0 ? (unsigned)cpu_cnt : 1) *
	       (size_t)sysconf(_SC_PAGESIZE);
}

/* Programs that see the packets of other interfaces, too, look up their own. */
static bool looks_up_ifaces(const struct probe *p)
{
	return !probe_session_wants_all(p) &&
	       (probe_hooks_have(&p->hooks, true) || p->capture.sockets);
}

static unsigned ring_page_cnt(const struct probe *p)
{
	return (unsigned)(p->ring_len / (size_t)sysconf(_SC_PAGESIZE));
}

static int make_events(struct probe *p, unsigned cpu_cnt, struct err *e)
{
	static const char name[] = "bpfcap_events";
	const struct kbpf_map_spec perf = {.type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
					   .key_len = 4,
					   .value_len = 4,
					   .entry_cnt = cpu_cnt,
					   .name = name};

	p->capture.events_fd = p->capture.ringbuf
				       ? kbpf_ringbuf_cpu_map(cpu_cnt, ring_page_cnt(p), name, e)
				       : kbpf_map_create(&perf, e);
	return p->capture.events_fd < 0 ? p->capture.events_fd : 0;
}

int probe_session_open_rings(struct probe *p, struct err *e)
{
	return (p->capture.ringbuf ? kbpf_ringbuf_open_cpus : kbpf_perfbuf_open)(
		&p->rings, p->capture.events_fd, ring_page_cnt(p), e);
}

/* What a function of the user's own gets; see capture/call.c. */
static int make_call(struct probe *p, struct err *e)
{
	p->capture.call_fd =
		kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_PERCPU_ARRAY,
							.key_len = 4,
							.value_len = sizeof(struct probe_call),
							.entry_cnt = CAPTURE_LEVELS + 1,
							.name = "bpfcap_call"},
				e);
	return p->capture.call_fd < 0 ? p->capture.call_fd : 0;
}

int probe_session_make_maps(struct probe *p, struct err *e)
{
	int cpu_cnt = kbpf_possible_cpu_cnt();
	int rc = cpu_cnt < 0 ? cpu_cnt : make_counters(p, e);

	if (rc == 0 && p->capture.tally)
		rc = probe_session_make_tally(p, e);
	else if (rc == 0 && !p->delivers)
		rc = make_events(p, (unsigned)cpu_cnt, e);
	if (rc == 0 && (p->capture.user || p->capture.ringbuf || probe_hooks_have(&p->hooks, true)))
		rc = make_scratch(p, (unsigned)cpu_cnt, e);
	if (rc == 0 && calls_function(&p->capture))
		rc = make_call(p, e);
	if (rc == 0 && p->capture.track)
		rc = make_track(p, e);
	if (rc == 0 && probe_hooks_have(&p->hooks, false))
		rc = make_linktypes(p, e);
	if (rc == 0 && looks_up_ifaces(p))
		rc = make_ifaces(p, e);
	if (rc == 0)
		make_tables(&p->capture);
	return rc;
}

void probe_session_close_maps(struct probe *p)
{
	const struct capture *c = &p->capture;
	const int fds[] = {c->events_fd,    c->counters_fd, c->scratch_fd,
			   c->linktypes_fd, c->ifaces_fd,   c->track_fd,
			   c->tables_fd,    c->tally_fd,    c->call_fd};

	kbpf_perfbuf_close(p->rings);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}
