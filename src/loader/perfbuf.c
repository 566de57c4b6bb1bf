/* SPDX-License-Identifier: MIT */
/*
 * perfbuf.c - one perf ring per CPU for a BPF_MAP_TYPE_PERF_EVENT_ARRAY, read as one stream in the
 * order of the records' times.
 *
 * The clock is read first, then all rings are looked at: a record that is older than the clock's
 * reading and not yet visible can only be one that is being written at that moment.
 *
 * While records keep coming, a ring wakes the reader only when a part of it is full, and the reader
 * looks every TICK_MS; without records it sleeps until the first one (perfwake.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "file.h"
#include "perfring.h"
#include "perfwake.h"
#include "perm.h"
#include "sys.h"

#define BOUNCE_LEN (64u << 10) /* a record's u16 size cannot exceed it */

enum {
	WAKE_PART = 4, /* a quarter full wakes the reader; the rest fills meanwhile */
	TICK_MS = 20,
	TOUCH_PAGES = 64, /* of each ring between two looks at them, until all are mapped */
};

struct cpu_ring {
	struct perfring ring;
	struct perfwake wake;
	int cpu;
	bool ready; /* ring_next() has found a sample */
	bool found; /* a sample was given out in this reading */
};

struct kbpf_perfbuf {
	size_t page_len, map_len;
	int cnt;
	struct cpu_ring *rings;
	bool touched;	    /* all pages of the rings */
	struct pollfd *fds; /* one per ring, and the caller's wake_fd last */
	uint8_t bounce[BOUNCE_LEN];
};

/* The pages count against RLIMIT_MEMLOCK on every kernel. */
static int map_ring(const struct kbpf_perfbuf *pb, int fd, void **mem)
{
	*mem = mmap(NULL, pb->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*mem == MAP_FAILED && errno == EPERM && kbpf_sys_raise_memlock() == 0)
		*mem = mmap(NULL, pb->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*mem == MAP_FAILED)
		return errno == EPERM ? -EDQUOT : -errno;
	return 0;
}

/* The KiB per ring that this user may lock: each CPU's allowance, and a share of RLIMIT_MEMLOCK. */
static size_t fitting_kib(const struct kbpf_perfbuf *pb, int cpu_cnt)
{
	struct rlimit limit = {0};
	uint64_t allowed_kib = 0;
	size_t bytes, fits = 0;

	(void)kbpf_file_read_number(AT_FDCWD, "/proc/sys/kernel/perf_event_mlock_kb", &allowed_kib);
	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	bytes = (size_t)(allowed_kib << 10) + (size_t)limit.rlim_cur / (size_t)cpu_cnt;
	for (size_t ring = pb->page_len; ring + pb->page_len <= bytes; ring *= 2)
		fits = ring;
	return fits >> 10;
}

static int add_ring(struct kbpf_perfbuf *pb, int map_fd, int cpu)
{
	uint32_t key = (uint32_t)cpu;
	size_t ring_len = pb->map_len - pb->page_len;
	int fd = kbpf_wake_event_open(cpu, (uint32_t)(ring_len / WAKE_PART)), rc;
	void *mem;

	if (fd < 0)
		return fd;
	rc = map_ring(pb, fd, &mem);
	if (rc < 0)
		goto close_fd;
	rc = kbpf_map_update(map_fd, &key, &fd, 0);
	if (rc < 0)
		goto unmap;
	pb->rings[pb->cnt].cpu = cpu;
	kbpf_wake_open(&pb->rings[pb->cnt].wake, map_fd, cpu, fd);
	kbpf_ring_init(&pb->rings[pb->cnt].ring, mem, (uint8_t *)mem + pb->page_len, ring_len);
	pb->fds[pb->cnt++] = (struct pollfd){.fd = fd, .events = POLLIN};
	return 0;
unmap:
	munmap(mem, pb->map_len);
close_fd:
	close(fd);
	return rc;
}

static int ring_err(int rc, int cpu, const struct kbpf_perfbuf *pb, int cpu_cnt, struct err *e)
{
	if (rc == -EDQUOT)
		return err_run(e, -EPERM, "ring",
			       "rings of %zu KiB for %d CPUs exceed the memory that this user may "
			       "lock; use -B %zu, raise ulimit -l, or add CAP_IPC_LOCK",
			       (pb->map_len - pb->page_len) >> 10, cpu_cnt,
			       fitting_kib(pb, cpu_cnt));
	if (rc == -EPERM || rc == -EACCES)
		return kbpf_perm_err(e, rc, "ring", PERM_PERFMON, "opening a perf ring");
	return err_run(e, rc, "ring", "creating a perf ring of %zu KiB for CPU %d failed: %s",
		       pb->map_len >> 10, cpu, strerror(-rc));
}

static int add_rings(struct kbpf_perfbuf *pb, int map_fd, const int *cpus, int cpu_cnt,
		     struct err *e)
{
	for (int i = 0; i < cpu_cnt; i++) {
		int rc = add_ring(pb, map_fd, cpus[i]);

		if (rc == -ENODEV) /* gone offline meanwhile */
			continue;
		if (rc < 0)
			return ring_err(rc, cpus[i], pb, cpu_cnt, e);
	}
	return 0;
}

static int online_cpus(int **cpus)
{
	int cnt = kbpf_file_cpu_list(CPU_ONLINE_FILE, NULL, 0), again;

	if (cnt <= 0)
		return cnt < 0 ? cnt : -EINVAL;
	*cpus = calloc((size_t)cnt, sizeof(**cpus));
	if (!*cpus)
		return -ENOMEM;
	again = kbpf_file_cpu_list(CPU_ONLINE_FILE, *cpus, cnt);
	return again < cnt ? again : cnt;
}

int kbpf_perfbuf_open(struct kbpf_perfbuf **out, int map_fd, unsigned page_cnt, struct err *e)
{
	struct kbpf_perfbuf *pb;
	int *cpus = NULL, cpu_cnt, rc;

	*out = NULL;
	if (page_cnt == 0 || (page_cnt & (page_cnt - 1)))
		return err_run(
			e, -EINVAL, "ring",
			"a ring of %u pages is not possible; the number must be a power of two",
			page_cnt);
	cpu_cnt = online_cpus(&cpus);
	if (cpu_cnt < 0) {
		free(cpus);
		return err_run(e, cpu_cnt, "ring", "cannot read %s: %s", CPU_ONLINE_FILE,
			       strerror(-cpu_cnt));
	}
	pb = calloc(1, sizeof(*pb));
	if (pb) {
		pb->page_len = (size_t)sysconf(_SC_PAGESIZE);
		pb->map_len = pb->page_len * ((size_t)page_cnt + 1);
		pb->rings = calloc((size_t)cpu_cnt, sizeof(*pb->rings));
		pb->fds = calloc((size_t)cpu_cnt + 1, sizeof(*pb->fds));
	}
	if (!pb || !pb->rings || !pb->fds)
		rc = err_run(e, -ENOMEM, "ring", "no memory for %d rings", cpu_cnt);
	else
		rc = add_rings(pb, map_fd, cpus, cpu_cnt, e);
	free(cpus);
	if (rc < 0) {
		kbpf_perfbuf_close(pb);
		return rc;
	}
	*out = pb;
	return 0;
}

void kbpf_perfbuf_close(struct kbpf_perfbuf *pb)
{
	if (!pb)
		return;
	for (int i = 0; i < pb->cnt; i++) {
		kbpf_wake_close(&pb->rings[i].wake);
		munmap(pb->rings[i].ring.meta, pb->map_len);
		close(pb->fds[i].fd);
	}
	free(pb->rings);
	free(pb->fds);
	free(pb);
}

/* The oldest sample's ring, and in *next_ns the time of the second oldest. NULL: no more. */
static struct cpu_ring *oldest(struct kbpf_perfbuf *pb, uint64_t *next_ns)
{
	struct cpu_ring *first = NULL;

	*next_ns = UINT64_MAX;
	for (int i = 0; i < pb->cnt; i++) {
		struct cpu_ring *c = &pb->rings[i];

		if (!c->ready)
			continue;
		if (!first || c->ring.time_ns < first->ring.time_ns) {
			if (first)
				*next_ns = first->ring.time_ns;
			first = c;
		} else if (c->ring.time_ns < *next_ns) {
			*next_ns = c->ring.time_ns;
		}
	}
	return first;
}

struct reading {
	uint64_t not_after_ns;
	kbpf_perfbuf_record fn;
	void *user;
	int cnt;
};

/* Reports one ring's samples as long as they are older than those of the others. */
static int read_ring(struct kbpf_perfbuf *pb, struct cpu_ring *c, uint64_t next_ns,
		     struct reading *rd)
{
	int rc = 0;

	while (rc == 0 && c->ready && c->ring.time_ns <= next_ns) {
		rc = rd->fn(rd->user, c->cpu, kbpf_ring_data(&c->ring, pb->bounce),
			    c->ring.raw_len);
		rd->cnt++;
		c->found = true;
		kbpf_ring_pass(&c->ring);
		kbpf_ring_release(&c->ring, true);
		c->ready = kbpf_ring_next(&c->ring, rd->not_after_ns);
	}
	return rc;
}

static int read_all(struct kbpf_perfbuf *pb, kbpf_perfbuf_record fn, void *user)
{
	struct reading rd = {.not_after_ns = mono_now_ns(), .fn = fn, .user = user};
	struct cpu_ring *c;
	uint64_t next_ns;
	int rc = 0;

	for (int i = 0; i < pb->cnt; i++)
		kbpf_ring_look(&pb->rings[i].ring);
	for (int i = 0; i < pb->cnt; i++)
		pb->rings[i].ready = kbpf_ring_next(&pb->rings[i].ring, rd.not_after_ns);
	while (rc == 0 && (c = oldest(pb, &next_ns)))
		rc = read_ring(pb, c, next_ns, &rd);
	for (int i = 0; i < pb->cnt; i++) {
		struct cpu_ring *r = &pb->rings[i];

		kbpf_ring_release(&r->ring, false);
		kbpf_wake_note(&r->wake, rd.not_after_ns, r->found);
		r->found = false;
	}
	return rc ? rc : rd.cnt;
}

/*
 * The kernel clears its poll flag after one poll, so the samples that were left are remembered
 * here.
 */
static bool any_left(const struct kbpf_perfbuf *pb)
{
	for (int i = 0; i < pb->cnt; i++) {
		if (kbpf_ring_left(&pb->rings[i].ring))
			return true;
	}
	return false;
}

static bool any_lazy(const struct kbpf_perfbuf *pb)
{
	uint64_t now = mono_now_ns();

	for (int i = 0; i < pb->cnt; i++) {
		if (kbpf_wake_is_lazy(&pb->rings[i].wake, now))
			return true;
	}
	return false;
}

/*
 * The first access to a page costs up to 3 us, with which the reader of a flood falls behind. So it
 * makes them beforehand, a few at a time. Returns whether more are to do.
 */
static bool touch_some(struct kbpf_perfbuf *pb)
{
	bool more = false;

	for (int i = 0; i < pb->cnt && !pb->touched; i++)
		more |= kbpf_ring_touch(&pb->rings[i].ring, pb->page_len, TOUCH_PAGES);
	pb->touched = !more;
	return more;
}

/* How long to wait before the next look, of `left_ms` (-1: for ever). */
static int wait_ms(struct kbpf_perfbuf *pb, int left_ms)
{
	if (touch_some(pb) || any_left(pb))
		return 0;
	if (left_ms >= 0 && left_ms < TICK_MS)
		return left_ms;
	return any_lazy(pb) ? TICK_MS : left_ms;
}

int kbpf_perfbuf_poll(struct kbpf_perfbuf *pb, int timeout_ms, int wake_fd, kbpf_perfbuf_record fn,
		      void *user)
{
	int ready, rc;

	pb->fds[pb->cnt] = (struct pollfd){.fd = wake_fd, .events = POLLIN};
	do {
		int ms = wait_ms(pb, timeout_ms);

		ready = poll(pb->fds, (nfds_t)pb->cnt + 1, ms);
		if (ready < 0 && errno != EINTR) /* a signal ends the wait, not the reading */
			return -errno;
		rc = read_all(pb, fn, user);
		if (timeout_ms > 0)
			timeout_ms -= ms;
	} while (rc == 0 && ready == 0 && timeout_ms != 0);
	return rc;
}

uint64_t kbpf_perfbuf_lost(const struct kbpf_perfbuf *pb)
{
	uint64_t lost = 0;

	for (int i = 0; i < pb->cnt; i++)
		lost += pb->rings[i].ring.lost;
	return lost;
}
