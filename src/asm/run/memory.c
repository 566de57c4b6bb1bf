/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the interpreter's memory: the machine's regions and the stack frames. An access that
 * is not inside one of them fails.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "memory.h"

/* Is [addr, addr + len) inside the `size` bytes at `base`? */
static bool inside(uint64_t addr, uint64_t len, uint64_t base, uint64_t size)
{
	return addr >= base && addr - base <= size && len <= size - (addr - base);
}

static const struct ebpf_region *find_region(const struct ebpf_machine *m, uint64_t addr,
					     uint64_t len)
{
	for (size_t i = 0; i < m->region_cnt; i++)
		if (inside(addr, len, m->regions[i].addr, m->regions[i].len))
			return &m->regions[i];
	return NULL;
}

/* The frame whose stack holds the bytes, with the offset of the first. */
static struct frame *find_frame(struct interp *r, uint64_t addr, uint64_t len, size_t *off)
{
	for (unsigned f = 0; f <= r->depth; f++) {
		const uint64_t base = RUN_STACK_TOP - f * RUN_STACK_STEP - RUN_STACK_LEN;

		if (inside(addr, len, base, RUN_STACK_LEN)) {
			*off = (size_t)(addr - base);
			return &r->frames[f];
		}
	}
	return NULL;
}

static bool all_written(const struct frame *f, size_t off, size_t len)
{
	for (size_t i = off; i < off + len; i++)
		if (!f->written[i])
			return false;
	return true;
}

/* Returns the bytes, or NULL with the reason in *why. */
static void *locate(struct interp *r, uint64_t addr, size_t len, bool stores, const char **why)
{
	const struct ebpf_region *region = find_region(r->machine, addr, len);
	struct frame *f;
	size_t off;

	if (region) {
		*why = "are in a region that cannot be written";
		return stores && !region->writable
			       ? NULL
			       : (uint8_t *)region->data + (addr - region->addr);
	}
	f = find_frame(r, addr, len, &off);
	if (!f) {
		*why = "are in no region and no stack frame";
		return NULL;
	}
	*why = "of the stack were never written";
	if (!stores && !all_written(f, off, len))
		return NULL;
	if (stores)
		memset(&f->written[off], true, len);
	return &f->stack[off];
}

static bool on_stack(uint64_t addr)
{
	return addr <= RUN_STACK_TOP && addr > RUN_STACK_TOP - RUN_DEPTH_MAX * RUN_STACK_STEP;
}

int ebpf_run_access(struct interp *r, uint64_t addr, unsigned len, bool stores, void **host)
{
	const char *why;

	if (on_stack(addr) && addr % len != 0)
		return ebpf_run_fail(r, -EINVAL,
				     "the stack access at r10 %+" PRId64
				     " is not aligned to its %u bytes",
				     (int64_t)(addr - r->frames[r->depth].regs[10]), len);
	*host = locate(r, addr, len, stores, &why);
	if (!*host)
		return ebpf_run_fail(r, -EFAULT, "%u bytes at 0x%" PRIx64 " %s", len, addr, why);
	return 0;
}

void *ebpf_run_memory(struct ebpf_machine *m, uint64_t addr, size_t len, bool stores)
{
	const char *why;

	return m->state ? locate(m->state, addr, len, stores, &why) : NULL;
}

/* One number in each width; the length selects the member. */
union number {
	uint8_t b;
	uint16_t h;
	uint32_t w;
	uint64_t dw;
};

uint64_t ebpf_run_get(const void *host, unsigned len)
{
	union number n = {0};

	memcpy(&n, host, len);
	return len == 1 ? n.b : len == 2 ? n.h : len == 4 ? n.w : n.dw;
}

void ebpf_run_put(void *host, unsigned len, uint64_t value)
{
	union number n = {0};

	if (len == 1)
		n.b = (uint8_t)value;
	else if (len == 2)
		n.h = (uint16_t)value;
	else if (len == 4)
		n.w = (uint32_t)value;
	else
		n.dw = value;
	memcpy(host, &n, len);
}
