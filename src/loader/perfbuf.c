/* SPDX-License-Identifier: MIT */
/*
 * perfbuf.c - one perf ring per CPU for a BPF_MAP_TYPE_PERF_EVENT_ARRAY, read as one stream in the
 * order of the records' times. BPF ring buffers (ringbuf.c) are read by the same code.
 *
 * The clock is read first, then all rings are looked at: a record that is older than the clock's
 * reading and not yet visible can only be one that is being written at that moment.
 *
 * While records keep coming, a ring wakes the reader only when a part of it is full, and the reader
 * looks every TICK_MS; without records it sleeps until the first one (perfwake.h). A BPF ring
 * buffer wakes it whenever it holds anything.
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
#include "perm.h"
#include "rings.h"
#include "sys.h"

enum {
	WAKE_PART = 4, /* a quarter full wakes the reader; the rest fills meanwhile */
	TICK_MS = 20,
	TOUCH_PAGES = 64, /* of each ring between two looks at them, until all are mapped */
};

/* The pages count against RLIMIT_MEMLOCK on every kernel. */
static int map_ring(size_t len, int fd, void **mem)
{
	*mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*mem == MAP_FAILED && errno == EPERM && kbpf_sys_raise_memlock() == 0)
		*mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (*mem == MAP_FAILED)
		return errno == EPERM ? -EDQUOT : -errno;
	return 0;
}

/* The KiB per ring that this user may lock: each CPU's allowance, and a share of RLIMIT_MEMLOCK. */
static size_t fitting_kib(const struct ring_plan *plan)
{
	struct rlimit limit = {0};
	uint64_t allowed_kib = 0;
	size_t bytes, fits = 0;

	(void)kbpf_file_read_number(AT_FDCWD, "/proc/sys/kernel/perf_event_mlock_kb", &allowed_kib);
	(void)getrlimit(RLIMIT_MEMLOCK, &limit);
	bytes = (size_t)(allowed_kib << 10) + (size_t)limit.rlim_cur / (size_t)plan->cpu_cnt;
	for (size_t ring = plan->page_len; ring + plan->page_len <= bytes; ring *= 2)
		fits = ring;
	return fits >> 10;
}

static int ring_err(int rc, int cpu, const struct ring_plan *plan, struct err *e)
{
	if (rc == -EDQUOT)
		return err_run(e, -EPERM, "ring",
			       "rings of %zu KiB for %d CPUs exceed the memory that this user may "
			       "lock; use -B %zu, raise ulimit -l, or add CAP_IPC_LOCK",
			       plan->ring_len >> 10, plan->cpu_cnt, fitting_kib(plan));
	if (rc == -EPERM || rc == -EACCES)
		return kbpf_perm_err(e, rc, "ring", PERM_PERFMON, "opening a perf ring");
	return err_run(e, rc, "ring", "creating a perf ring of %zu KiB for CPU %d failed: %s",
		       plan->ring_len >> 10, cpu, strerror(-rc));
}

static int add_ring(const struct ring_plan *plan, struct cpu_ring *c, struct err *e)
{
	uint32_t key = (uint32_t)c->cpu;
	int rc = c->fd = kbpf_wake_event_open(c->cpu, (uint32_t)(plan->ring_len / WAKE_PART));

	if (rc == -ENODEV)
		return rc;
	c->mem_len[0] = plan->page_len + plan->ring_len;
	if (rc >= 0)
		rc = map_ring(c->mem_len[0], c->fd, &c->mem[0]);
	if (rc == 0)
		rc = kbpf_map_update(plan->map_fds[0], &key, &c->fd, 0);
	if (rc < 0)
		return ring_err(rc, c->cpu, plan, e);
	kbpf_wake_open(&c->wake, plan->map_fds[0], c->cpu, c->fd);
	kbpf_ring_init(&c->ring, c->mem[0], (uint8_t *)c->mem[0] + plan->page_len, plan->ring_len);
	return 0;
}

static void close_ring(struct cpu_ring *c)
{
	kbpf_wake_close(&c->wake);
	for (size_t i = 0; i < ARRAY_LEN(c->mem); i++)
		if (c->mem[i] != MAP_FAILED)
			munmap(c->mem[i], c->mem_len[i]);
	if (c->fd >= 0)
		close(c->fd);
}

static int add_rings(struct kbpf_perfbuf *pb, const struct ring_plan *plan, struct err *e)
{
	for (int i = 0; i < plan->cpu_cnt; i++) {
		struct cpu_ring *c = &pb->rings[pb->cnt];
		int rc;

		*c = (struct cpu_ring){
			.cpu = plan->cpus[i],
			.fd = -1,
			.mem = {MAP_FAILED, MAP_FAILED},
			.wake = {.each = true, .each_fd = -1},
		};
		rc = plan->add(plan, c, e);
		if (rc == 0)
			pb->fds[pb->cnt++] = (struct pollfd){.fd = c->fd, .events = POLLIN};
		else
			close_ring(c);
		if (rc < 0 && rc != -ENODEV) /* gone offline meanwhile */
			return rc;
	}
	return 0;
}

int kbpf_rings_open(struct kbpf_perfbuf **out, struct ring_plan *plan, struct err *e)
{
	struct kbpf_perfbuf *pb = calloc(1, sizeof(*pb));
	int rc;

	*out = NULL;
	plan->page_len = (size_t)sysconf(_SC_PAGESIZE);
	if (pb) {
		pb->page_len = plan->page_len;
		pb->rings = calloc((size_t)plan->cpu_cnt, sizeof(*pb->rings));
		pb->fds = calloc((size_t)plan->cpu_cnt + 1, sizeof(*pb->fds));
	}
	if (!pb || !pb->rings || !pb->fds)
		rc = err_run(e, -ENOMEM, "ring", "no memory for %d rings", plan->cpu_cnt);
	else
		rc = add_rings(pb, plan, e);
	if (rc < 0) {
		kbpf_perfbuf_close(pb);
		return rc;
	}
	*out = pb;
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

int kbpf_rings_open_cpus(struct kbpf_perfbuf **out, struct ring_plan *plan, unsigned page_cnt,
			 struct err *e)
{
	int *cpus = NULL, rc;

	*out = NULL;
	if (page_cnt == 0 || (page_cnt & (page_cnt - 1)))
		return err_run(
			e, -EINVAL, "ring",
			"a ring of %u pages is not possible; the number must be a power of two",
			page_cnt);
	rc = plan->cpu_cnt = online_cpus(&cpus);
	plan->cpus = cpus;
	plan->ring_len = (size_t)sysconf(_SC_PAGESIZE) * page_cnt;
	if (rc < 0)
		(void)err_run(e, rc, "ring", "cannot read %s: %s", CPU_ONLINE_FILE, strerror(-rc));
	else
		rc = kbpf_rings_open(out, plan, e);
	free(cpus);
	return rc;
}

int kbpf_perfbuf_open(struct kbpf_perfbuf **out, int map_fd, unsigned page_cnt, struct err *e)
{
	return kbpf_rings_open_cpus(out, &(struct ring_plan){.add = add_ring, .map_fds = &map_fd},
				    page_cnt, e);
}

void kbpf_perfbuf_close(struct kbpf_perfbuf *pb)
{
	if (!pb)
		return;
	for (int i = 0; i < pb->cnt; i++)
		close_ring(&pb->rings[i]);
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

	if (pb->in_order)
		rd.not_after_ns = UINT64_MAX;
	for (int i = 0; i < pb->cnt; i++)
		kbpf_ring_look(&pb->rings[i].ring);
	for (int i = 0; i < pb->cnt; i++)
		pb->rings[i].ready = kbpf_ring_next(&pb->rings[i].ring, rd.not_after_ns);
	while (rc == 0 && (c = oldest(pb, &next_ns)))
		rc = read_ring(pb, c, next_ns, &rd);
	for (int i = 0; i < pb->cnt; i++) {
		struct cpu_ring *r = &pb->rings[i];

		kbpf_ring_release(&r->ring, false);
		if (r->ring.meta)
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
