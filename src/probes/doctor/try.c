/* SPDX-License-Identifier: MIT */
/*
 * try.c - tries each kind of hook with a program that does nothing.
 *
 * What is attached is detached at once. tc and xdp are tried at the loopback device of a network
 * namespace made for it, so no interface in use is touched. Each function returns 0 with the means
 * by which the hook works, or -errno with a sentence.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/kring.h"
#include "../session/state.h"
#include "../tls/elf.h"
#include "findings.h"

enum { LO_INDEX = 1, PASS_XDP = 2 };

/* r0 = result; exit */
static int load(uint32_t type, int result, struct err *e)
{
	const struct ebpf_insn insns[] = {{.code = 0xb7, .imm = result}, {.code = 0x95}};
	const struct kbpf_prog_spec spec = {.type = type, .insns = insns, .insn_cnt = 2};

	return kbpf_prog_load(&spec, e);
}

/* Tracing programs must be able to read kernel memory, and the layout must be known. */
static int load_tracing(const struct doctor *d, uint32_t type, struct err *e)
{
	int rc = probe_session_choose_rings(&d->target, 1u << type, e);
	int fd = rc < 0 ? rc : load(type, 0, e);

	if (fd < 0)
		return fd;
	if (kbpf_has_helper(type, EBPF_FN_probe_read_kernel) == 1 ||
	    kbpf_has_helper(type, EBPF_FN_probe_read) == 1) {
		if (d->has_layout)
			return fd;
		*e = d->layout_err;
	} else {
		(void)err_run(e, -EPERM, "hook", "programs may not read kernel memory (%s)",
			      d->lockdown == LOCKDOWN_CONFIDENTIALITY ? "lockdown=confidentiality"
								      : "CAP_PERFMON is missing");
	}
	close(fd);
	return -EPERM;
}

/* Closes both; returns 0 or the failure. */
static int done(int prog_fd, int attached)
{
	close(prog_fd);
	if (attached >= 0)
		close(attached);
	return attached < 0 ? attached : 0;
}

int probe_doctor_try_rawtp(const struct doctor *d, const char **how, struct err *e)
{
	int fd = load_tracing(d, BPF_PROG_TYPE_RAW_TRACEPOINT, e);

	*how = "raw tracepoints";
	return fd < 0 ? fd : done(fd, kbpf_raw_tracepoint_attach(fd, "kfree_skb", e));
}

int probe_doctor_try_tracepoint(const struct doctor *d, const char **how, struct err *e)
{
	int fd = load_tracing(d, BPF_PROG_TYPE_TRACEPOINT, e), dir, rc;

	*how = "perf events; tracefs can be read";
	if (fd < 0)
		return fd;
	dir = kbpf_tracefs_open(e);
	if (dir < 0)
		return done(fd, dir);
	rc = kbpf_tracepoint_attach(fd, dir, "skb", "kfree_skb", e);
	close(dir);
	return done(fd, rc);
}

/* By a line in tracefs, if there is no kprobe PMU. */
static int try_events(int prog_fd, struct err *e)
{
	struct kbpf_kprobe probe = {.func = "consume_skb", .prog_fd = prog_fd};
	struct kbpf_kprobes *k;
	int dir = kbpf_tracefs_open(NULL), rc = -ENOTSUP;

	if (dir >= 0 && faccessat(dir, "kprobe_events", W_OK, 0) == 0)
		rc = kbpf_kprobes_attach(&k,
					 &(struct kbpf_kprobes_spec){.way = KBPF_KPROBE_TRACEFS,
								     .tracefs_fd = dir,
								     .probes = &probe,
								     .cnt = 1},
					 e);
	else
		(void)err_run(e, rc, "hook",
			      "this kernel has no kprobes (CONFIG_KPROBES, CONFIG_KPROBE_EVENTS)");
	if (rc >= 0)
		kbpf_kprobes_detach(k);
	if (dir >= 0)
		close(dir);
	return rc < 0 ? rc : 0;
}

int probe_doctor_try_kprobe(const struct doctor *d, const char **how, struct err *e)
{
	int fd = load_tracing(d, BPF_PROG_TYPE_KPROBE, e);

	if (fd < 0)
		return fd;
	if (kbpf_has_kprobe_pmu() == 1) {
		*how = kbpf_has_kprobe_multi() == 1
			       ? "the kprobe PMU; globs by one kprobe_multi link"
			       : "the kprobe PMU";
		return done(fd, kbpf_kprobe_attach(fd, "consume_skb", 0, e));
	}
	*how = "kprobe_events in tracefs";
	return done(fd, try_events(fd, e));
}

/* Where this program begins: it does not come by there again. */
static int own_entry(uint64_t *offset, struct err *e)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), rc;
	struct tls_elf f;

	if (fd < 0)
		return err_run(e, -errno, "hook", "/proc/self/exe cannot be read: %s",
			       strerror(errno));
	rc = probe_tls_elf_open(&f, fd, e);
	close(fd);
	if (rc < 0)
		return rc;
	rc = probe_tls_elf_entry(&f, offset);
	probe_tls_elf_close(&f);
	return rc < 0 ? err_run(e, rc, "hook", "/proc/self/exe has no entry") : 0;
}

int probe_doctor_try_user(const struct doctor *d, const char **how, struct err *e)
{
	uint64_t offset = 0;
	int fd = load_tracing(d, BPF_PROG_TYPE_KPROBE, e), rc;

	*how = "uprobes";
	if (fd < 0)
		return fd;
	rc = own_entry(&offset, e);
	return done(fd,
		    rc < 0 ? rc : kbpf_uprobe_attach(fd, 0, "/proc/self/exe", offset, false, e));
}

static int attach_tc(const struct doctor *d, const char **how, struct err *e)
{
	bool tcx = ebpf_target_has(&d->target, EBPF_FEATURE_LINK_TCX);
	int fd = load(BPF_PROG_TYPE_SCHED_CLS, -1, e), rc;
	struct kbpf_tc tc;

	*how = tcx ? "tcx links" : "clsact qdisc and bpf filter";
	if (fd < 0)
		return fd;
	rc = kbpf_tc_attach(&tc, fd, LO_INDEX, KBPF_TC_INGRESS, tcx, e);
	if (rc == 0)
		rc = kbpf_tc_detach(&tc, e);
	close(fd);
	return rc;
}

static int attach_xdp(const struct doctor *d, const char **how, struct err *e)
{
	bool by_link = ebpf_target_has(&d->target, EBPF_FEATURE_LINK_XDP);
	int fd = load(BPF_PROG_TYPE_XDP, PASS_XDP, e), rc;
	struct kbpf_xdp xdp;

	*how = by_link ? "XDP links" : "rtnetlink";
	if (fd < 0)
		return fd;
	rc = kbpf_xdp_attach(&xdp,
			     &(struct kbpf_xdp_spec){.prog_fd = fd,
						     .ifindex = LO_INDEX,
						     .mode = KBPF_XDP_GENERIC,
						     .link = by_link},
			     e);
	if (rc == 0)
		rc = kbpf_xdp_detach(&xdp, e);
	close(fd);
	return rc;
}

struct apart {
	int (*fn)(const struct doctor *d, const char **how, struct err *e);
	const struct doctor *d;
	const char **how;
	struct err *e;
	int rc;
};

/* Only this thread changes its namespace. Without permission for that, only loading is tried. */
static void *run_apart(void *arg)
{
	struct apart *a = arg;

	if (unshare(CLONE_NEWNET) == 0)
		a->rc = a->fn(a->d, a->how, a->e);
	else
		a->rc = err_run(a->e, -errno, "hook",
				"creating a network namespace to try it in is not permitted; "
				"CAP_SYS_ADMIN is needed");
	return NULL;
}

static int try_apart(int (*fn)(const struct doctor *, const char **, struct err *),
		     const struct doctor *d, const char **how, struct err *e)
{
	struct apart a = {fn, d, how, e, 0};
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, run_apart, &a);

	if (rc)
		return err_run(e, -rc, "hook", "starting a thread failed: %s", strerror(rc));
	(void)pthread_join(thread, NULL);
	return a.rc;
}

/* Loading needs no namespace. */
static int can_load(const struct doctor *d, uint32_t type, struct err *e)
{
	int fd = load(type, 0, e);

	if (fd < 0)
		return fd;
	close(fd);
	return probe_session_choose_rings(&d->target, 1u << type, e);
}

int probe_doctor_try_tc(const struct doctor *d, const char **how, struct err *e)
{
	int rc = can_load(d, BPF_PROG_TYPE_SCHED_CLS, e);

	return rc < 0 ? rc : try_apart(attach_tc, d, how, e);
}

int probe_doctor_try_xdp(const struct doctor *d, const char **how, struct err *e)
{
	int rc = can_load(d, BPF_PROG_TYPE_XDP, e);

	return rc < 0 ? rc : try_apart(attach_xdp, d, how, e);
}

int probe_doctor_try_socket(const struct doctor *d, const char **how, struct err *e)
{
	struct kbpf_packets *packets;
	int rc = kbpf_packets_open(&packets, 1, e);

	(void)d;
	*how = "a packet socket with a ring";
	kbpf_packets_close(packets);
	return rc;
}
