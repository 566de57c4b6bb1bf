/* SPDX-License-Identifier: MIT */
/*
 * ringbuf.c - opens BPF ring buffers (Linux 5.8), which perfbuf.c reads like perf rings.
 *
 * Takes the ring buffers of any program, or makes one for each CPU: their records then come in the
 * order of their times, say which CPU wrote them, and CPUs do not wait for each other. Fails with
 * -errno of the map or its mapping.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/kring.h"
#include "rings.h"
#include "sys.h"
#include "uapi.h"

static int create(size_t len, struct err *e)
{
	const struct kbpf_map_spec spec = {
		.type = UAPI_MAP_TYPE_RINGBUF, .entry_cnt = (uint32_t)len, .name = "bpfcap_ring"};

	return kbpf_map_create(&spec, e);
}

/* The kernel's positions are words of its own. */
static int check_words(struct err *e)
{
	struct utsname u;

	(void)uname(&u);
	if (sizeof(long) == 8 || (!strstr(u.machine, "64") && strcmp(u.machine, "s390x") != 0))
		return 0;
	return err_run(e, -ENOTSUP, "ring",
		       "a 32-bit program cannot read BPF ring buffers of a 64-bit kernel");
}

static int map_memory(struct cpu_ring *c, int i, size_t len, int prot, size_t at)
{
	c->mem_len[i] = len;
	c->mem[i] = mmap(NULL, len, prot, MAP_SHARED, c->fd, (off_t)at);
	return c->mem[i] == MAP_FAILED ? -errno : 0;
}

/* A page with our position, one with the kernel's, and the data twice. */
static int map_ring(struct cpu_ring *c, size_t page_len, size_t ring_len, struct err *e)
{
	int rc = map_memory(c, 0, page_len, PROT_READ | PROT_WRITE, 0);

	if (rc == 0)
		rc = map_memory(c, 1, page_len + 2 * ring_len, PROT_READ, page_len);
	if (rc < 0)
		return err_run(e, rc, "ring", "mapping a BPF ring buffer of %zu KiB failed: %s",
			       ring_len >> 10, strerror(-rc));
	kbpf_ring_init_bpf(&c->ring, c->mem[0], c->mem[1], (uint8_t *)c->mem[1] + page_len,
			   ring_len);
	return 0;
}

static int add_given(const struct ring_plan *plan, struct cpu_ring *c, struct err *e)
{
	struct uapi_map_info info = {0};
	struct uapi_obj_info attr = {
		.fd = (uint32_t)plan->map_fds[c->cpu],
		.len = sizeof(info),
		.info = kbpf_sys_ptr(&info),
	};
	int rc = kbpf_sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));

	if (rc == 0 && info.type != UAPI_MAP_TYPE_RINGBUF)
		rc = -EINVAL;
	if (rc < 0)
		return err_run(e, rc, "ring", "descriptor %d is not a BPF ring buffer: %s",
			       plan->map_fds[c->cpu], strerror(-rc));
	c->fd = dup(plan->map_fds[c->cpu]);
	if (c->fd < 0)
		return err_run(e, -errno, "ring", "copying a descriptor failed: %s",
			       strerror(errno));
	return map_ring(c, plan->page_len, info.entry_cnt, e);
}

int kbpf_ringbuf_open(struct kbpf_perfbuf **out, const int *map_fds, int cnt, struct err *e)
{
	int number[KBPF_RINGBUF_CNT_MAX], rc = check_words(e);
	struct ring_plan plan = {
		.add = add_given, .map_fds = map_fds, .cpus = number, .cpu_cnt = cnt};

	*out = NULL;
	if (rc < 0)
		return rc;
	if (cnt < 1 || cnt > KBPF_RINGBUF_CNT_MAX)
		return err_run(e, -EINVAL, "ring", "%d ring buffers are not between 1 and %d", cnt,
			       KBPF_RINGBUF_CNT_MAX);
	for (int i = 0; i < cnt; i++)
		number[i] = i;
	rc = kbpf_rings_open(out, &plan, e);
	if (rc == 0)
		(*out)->in_order = cnt == 1;
	return rc;
}

static int add_cpu(const struct ring_plan *plan, struct cpu_ring *c, struct err *e)
{
	uint32_t key = (uint32_t)c->cpu;
	int rc = c->fd = create(plan->ring_len, e);

	if (rc >= 0)
		rc = map_ring(c, plan->page_len, plan->ring_len, e);
	if (rc < 0)
		return rc;
	rc = kbpf_map_update(plan->map_fds[0], &key, &c->fd, 0);
	return rc < 0 ? err_run(e, rc, "ring",
				"the BPF ring buffer of CPU %d does not fit into its map: %s",
				c->cpu, strerror(-rc))
		      : 0;
}

int kbpf_ringbuf_cpu_map(unsigned cpu_cnt, unsigned page_cnt, const char *name, struct err *e)
{
	struct kbpf_map_spec spec = {.type = BPF_MAP_TYPE_ARRAY_OF_MAPS,
				     .key_len = sizeof(uint32_t),
				     .value_len = sizeof(uint32_t),
				     .entry_cnt = cpu_cnt,
				     .name = name};
	/* of equal size: before 5.10 all maps in such a map are */
	int like = create((size_t)sysconf(_SC_PAGESIZE) * page_cnt, e), fd;

	if (like < 0)
		return like;
	spec.inner_map_fd = like;
	fd = kbpf_map_create(&spec, e);
	close(like);
	return fd;
}

int kbpf_ringbuf_open_cpus(struct kbpf_perfbuf **out, int map_fd, unsigned page_cnt, struct err *e)
{
	int rc = check_words(e);

	*out = NULL;
	return rc < 0 ? rc
		      : kbpf_rings_open_cpus(
				out, &(struct ring_plan){.add = add_cpu, .map_fds = &map_fd},
				page_cnt, e);
}
