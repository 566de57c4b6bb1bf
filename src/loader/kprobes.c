/* SPDX-License-Identifier: MIT */
/*
 * kprobes.c - attaches programs to many kernel functions: by one link for all, or one by one.
 *
 * Attaching works under the kernel's locks, so threads would make it slower. Detaching waits for
 * several grace periods, some of them outside the locks, so threads do it. For many functions,
 * grace periods are shortened, if a guardian can undo that (rcu.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "kprobe.h"
#include "kprobe_tracefs.h"
#include "link.h"
#include "parallel.h"
#include "perf_event.h"
#include "rcu.h"
#include "sys.h"

enum { HURRY_CNT = 32 }; /* fewer do not justify a machine-wide setting */

struct kbpf_kprobes {
	enum kbpf_kprobe_way way;
	int tracefs_fd;
	uint32_t pmu_type;
	struct kbpf_kprobe *probes; /* the caller's, while attaching */
	size_t cnt;
	int *fds;   /* -1: not attached. With one link for several: at the first of them */
	int rcu_fd; /* -1: takes its time */
};

static int open_event(const struct kbpf_kprobes *k, size_t i, const struct kbpf_kprobe *p)
{
	return k->way == KBPF_KPROBE_TRACEFS
		       ? kbpf_kprobe_event_open(k->tracefs_fd, (uintptr_t)k, i, p)
		       : kbpf_kprobe_open(k->pmu_type, p);
}

/* Where possible, after the bytes that do nothing: the kernel may patch these at run time. */
static int attach_one(const struct kbpf_kprobes *k, size_t i)
{
	struct kbpf_kprobe behind = k->probes[i];
	const struct kbpf_kprobe *p = &k->probes[i];
	int fd = -EINVAL;

	behind.offset += behind.skip;
	if (p->skip)
		fd = open_event(k, i, &behind);
	if (fd == -EINVAL || fd == -EILSEQ)
		fd = open_event(k, i, p);
	if (fd < 0)
		return fd;
	if (k->way == KBPF_KPROBE_LINK)
		return kbpf_link_perf(p->prog_fd, fd, p->cookie);
	fd = kbpf_perf_set_program(fd, p->prog_fd);
	if (fd < 0 && k->way == KBPF_KPROBE_TRACEFS)
		kbpf_kprobe_event_remove(k->tracefs_fd, (uintptr_t)k, i);
	return fd;
}

static void detach_work(void *user, size_t i)
{
	struct kbpf_kprobes *k = user;

	if (k->fds[i] < 0)
		return;
	close(k->fds[i]);
	if (k->way == KBPF_KPROBE_TRACEFS)
		kbpf_kprobe_event_remove(k->tracefs_fd, (uintptr_t)k, i);
}

/* The kernel expects the name of a module's function without the module. */
static const char *bare_name(const char *func)
{
	const char *colon = strchr(func, ':');

	return colon ? colon + 1 : func;
}

struct multi {
	struct kbpf_kprobes *k;
	const char **funcs;
	uint64_t *addrs, *cookies;
	bool by_addr; /* all are known; a name may belong to several functions */
};

static void set_results(struct kbpf_kprobes *k, size_t first, size_t cnt, int result)
{
	for (size_t i = first; i < first + cnt; i++)
		k->probes[i].result = result == -ESRCH ? -ENOENT : result;
}

/*
 * One unknown function fails the whole link, so a list that failed is split in halves and tried
 * again.
 */
static void attach_range(const struct multi *m, size_t first, size_t cnt)
{
	int fd = kbpf_link_kprobe_multi(m->k->probes[0].prog_fd,
					m->by_addr ? NULL : m->funcs + first, m->addrs + first,
					m->cookies + first, (uint32_t)cnt);

	m->k->fds[first] = fd;
	if (cnt > 1 && (fd == -ESRCH || fd == -ENOENT || fd == -EADDRNOTAVAIL ||
			(fd == -EINVAL && m->by_addr))) {
		attach_range(m, first, cnt / 2);
		attach_range(m, first + cnt / 2, cnt - cnt / 2);
	} else {
		set_results(m->k, first, cnt, fd < 0 ? fd : 0);
	}
}

static int attach_multi(struct kbpf_kprobes *k)
{
	struct multi m = {
		.k = k,
		.funcs = calloc(k->cnt, sizeof(*m.funcs)),
		.addrs = calloc(k->cnt, sizeof(*m.addrs)),
		.cookies = calloc(k->cnt, sizeof(*m.cookies)),
		.by_addr = true,
	};
	int rc = m.funcs && m.addrs && m.cookies ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < k->cnt; i++) {
		if (k->probes[i].offset || k->probes[i].prog_fd != k->probes[0].prog_fd)
			rc = -EINVAL;
		m.funcs[i] = bare_name(k->probes[i].func);
		m.addrs[i] = k->probes[i].addr;
		m.by_addr = m.by_addr && m.addrs[i];
		m.cookies[i] = k->probes[i].cookie;
	}
	if (rc == 0)
		attach_range(&m, 0, k->cnt);
	free(m.funcs);
	free(m.addrs);
	free(m.cookies);
	return rc;
}

static int attach_all(struct kbpf_kprobes *k)
{
	if (k->way == KBPF_KPROBE_MULTI)
		return attach_multi(k);
	if (k->way != KBPF_KPROBE_TRACEFS && kbpf_kprobe_pmu(&k->pmu_type) < 0)
		return -ENOTSUP;
	kbpf_sys_raise_nofile(k->cnt);
	kbpf_rcu_expedite(k->rcu_fd);
	for (size_t i = 0; i < k->cnt; i++) {
		k->fds[i] = attach_one(k, i);
		k->probes[i].result = k->fds[i] < 0 ? k->fds[i] : 0;
	}
	kbpf_rcu_restore(k->rcu_fd);
	return 0;
}

static int note_events(const struct kbpf_kprobes *k, const struct kbpf_guard *g)
{
	const struct guard_note note = {.kind = GUARD_EVENTS, .id = (uintptr_t)k};

	return kbpf_guard_note(g, &note);
}

/* The number of attached probes; if that is 0, the first failure. */
static int count(const struct kbpf_kprobes *k, struct err *e)
{
	int attached = 0;

	for (size_t i = 0; i < k->cnt; i++)
		attached += k->probes[i].result == 0;
	return attached ? attached : kbpf_kprobe_err(k->probes[0].result, k->probes[0].func, e);
}

int kbpf_kprobes_attach(struct kbpf_kprobes **out, const struct kbpf_kprobes_spec *spec,
			struct err *e)
{
	const size_t cnt = spec->cnt;
	struct kbpf_kprobes *k = calloc(1, sizeof(*k));
	int *fds = calloc(cnt ? cnt : 1, sizeof(*fds)), rc;

	*out = NULL;
	if (!k || !fds || !cnt) {
		free(k);
		free(fds);
		return err_run(e, cnt ? -ENOMEM : -EINVAL, "hook", "%s",
			       cnt ? "no memory for the probes" : "there is no function to probe");
	}
	for (size_t i = 0; i < cnt; i++)
		fds[i] = -1;
	*k = (struct kbpf_kprobes){spec->way, spec->tracefs_fd, 0, spec->probes, cnt, fds, -1};
	if (spec->guard && spec->way != KBPF_KPROBE_MULTI && cnt >= HURRY_CNT)
		k->rcu_fd = kbpf_rcu_open();
	rc = spec->way == KBPF_KPROBE_TRACEFS ? note_events(k, spec->guard) : 0;
	if (rc == 0)
		rc = attach_all(k);
	rc = rc < 0 ? kbpf_kprobe_err(rc, k->probes[0].func, e) : count(k, e);
	if (rc < 0)
		kbpf_kprobes_detach(k);
	else
		*out = k;
	return rc;
}

void kbpf_kprobes_detach(struct kbpf_kprobes *k)
{
	if (!k)
		return;
	kbpf_rcu_expedite(k->rcu_fd);
	kbpf_parallel(k->cnt, detach_work, k);
	kbpf_rcu_restore(k->rcu_fd);
	if (k->rcu_fd >= 0)
		close(k->rcu_fd);
	free(k->fds);
	free(k);
}
