/* SPDX-License-Identifier: MIT */
/*
 * kbpf.h - the kernel's side of BPF by raw system calls: programs, maps, hooks, rings, netlink.
 *
 * File descriptors returned are owned by the caller, close-on-exec, and closed with close(2).
 * Instructions are plain arrays (struct ebpf_insn has the layout of the kernel's struct bpf_insn);
 * nothing here knows how they were made. See bpf(2), perf_event_open(2), rtnetlink(7). Functions
 * without an error parameter give -errno, as the system call said it.
 *
 *	struct kbpf_prog_spec spec = {.type = BPF_PROG_TYPE_SOCKET_FILTER,
 *				      .insns = prog.insns, .insn_cnt = prog.cnt};
 *	int fd = kbpf_prog_load(&spec, &e);
 *
 *	if (fd >= 0) {
 *		err = kbpf_socket_attach(sock_fd, fd, &e);
 *		close(fd);	the socket holds the program
 *	}
 */
#ifndef BPFCAP_KBPF_H
#define BPFCAP_KBPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ebpf_insn;

/* ---- Programs ----------------------------------------------------------------------------- */

struct kbpf_prog_spec {
	uint32_t type; /* BPF_PROG_TYPE_* */
	const struct ebpf_insn *insns;
	size_t insn_cnt;
	const char *name;      /* letters, digits, '_' and '.', 15 at most; NULL: "bpfcap" */
	uint32_t attach_type;  /* expected_attach_type, 0 for most */
	bool strict_alignment; /* BPF_F_STRICT_ALIGNMENT */
	bool xdp_frags;	       /* BPF_F_XDP_HAS_FRAGS: packets may come in several buffers */
	char **log;	       /* if set: *log receives the verifier's whole log (malloc'ed) */
	uint32_t log_level;    /* with `log`: 1 instructions, 2 also states, 4 statistics only */
};

/*
 * Loads a program (license "Dual MIT/GPL", so that GPL-only helpers may be called). Without `log`
 * the verifier runs silently; when it refuses, the load is repeated with a log and the
 * error text ends with the log's meaningful tail. Raises RLIMIT_MEMLOCK first where that is needed.
 * Returns the fd, or -errno: -EPERM names the missing capability, -EINVAL/-EACCES/-E2BIG quote the
 * verifier.
 */
int kbpf_prog_load(const struct kbpf_prog_spec *spec, struct err *e);

/* What BPF_OBJ_GET_INFO_BY_FD tells about a program. */
struct kbpf_prog_info {
	uint32_t id, type;
	uint32_t jited_len, xlated_len; /* bytes */
	uint32_t verified_insn_cnt;	/* 0 before 5.16 */
	uint64_t run_time_ns, run_cnt;	/* 0 unless kernel.bpf_stats_enabled */
	uint64_t recursion_miss_cnt;	/* 0 before 5.12 */
	char name[16];
};

/* 0 or -errno. */
int kbpf_prog_info(int prog_fd, struct kbpf_prog_info *info);

/*
 * The instructions as the verifier rewrote them. *insns is malloc'ed. -EPERM when the kernel hides
 * them (hardened JIT and no right to see kernel addresses).
 */
int kbpf_prog_xlated(int prog_fd, struct ebpf_insn **insns, size_t *cnt);

struct kbpf_test_run {
	const void *data_in;
	uint32_t data_in_len;
	void *data_out;	       /* may be NULL */
	uint32_t data_out_len; /* in: room; out: bytes */
	const void *ctx_in;
	uint32_t ctx_in_len;
	uint32_t repeat;      /* 0: once */
	uint32_t retval;      /* out */
	uint32_t duration_ns; /* out: mean per run */
};

/* BPF_PROG_TEST_RUN. Packets of at least 14 bytes. 0 or -errno. */
int kbpf_prog_test_run(int prog_fd, struct kbpf_test_run *run);

/* Walks the loaded programs: the smallest id above *id into *id; -ENOENT at the end. */
int kbpf_prog_next_id(uint32_t *id);
/* An fd of the program with that id, or -errno: -ENOENT when it is gone. */
int kbpf_prog_fd_by_id(uint32_t id);

/* ---- Maps --------------------------------------------------------------------------------- */

struct kbpf_map_spec {
	uint32_t type;		     /* BPF_MAP_TYPE_* */
	uint32_t key_len, value_len; /* bytes */
	uint32_t entry_cnt;
	uint32_t flags;	  /* BPF_F_* */
	const char *name; /* as in struct kbpf_prog_spec; NULL: none */
};

/* Returns the fd, or -errno with the reason. Raises RLIMIT_MEMLOCK where that is needed. */
int kbpf_map_create(const struct kbpf_map_spec *spec, struct err *e);
/* An array map of one value of these bytes, which programs read and nobody changes. The same. */
int kbpf_map_create_const(const void *bytes, uint32_t len, const char *name, struct err *e);
/*
 * Key and value are as long as the map was made for; values of per-CPU maps are
 * kbpf_possible_cpu_cnt() in a row, each rounded up to 8 bytes. 0, or -errno: -ENOENT no such key
 * (or none behind it), -EEXIST and -E2BIG as bpf(2) says. `flags`: BPF_ANY, BPF_NOEXIST, BPF_EXIST.
 */
int kbpf_map_lookup(int fd, const void *key, void *value);
int kbpf_map_update(int fd, const void *key, const void *value, uint64_t flags);
int kbpf_map_delete(int fd, const void *key);
int kbpf_map_next_key(int fd, const void *key, void *next); /* key NULL: the first */

int kbpf_possible_cpu_cnt(void); /* slots of a per-CPU value; -errno */

/* ---- What this kernel has, found by trying ------------------------------------------------- */

/* Each returns 1 (has it), 0 (has not), or -errno when it cannot tell (-EPERM). */
int kbpf_has_prog_type(uint32_t type);
int kbpf_has_helper(uint32_t prog_type, int helper);
int kbpf_has_map_type(uint32_t map_type);
int kbpf_has_insns(uint32_t prog_type, const struct ebpf_insn *insns, size_t cnt); /* loads? */
int kbpf_has_tcx(void);
int kbpf_has_xdp_link(void);
int kbpf_has_perf_link(void);
int kbpf_has_kprobe_multi(void);
int kbpf_has_kprobe_pmu(void);

/* ---- Tracing hooks ------------------------------------------------------------------------ */

/* The directory of tracefs ("/sys/kernel/tracing"), found in the mounts or mounted privately for
 * this process alone (unshare of the mount namespace is not done: a detached mount is opened).
 * Returns a directory fd to be used with openat(2), or -errno: -ENOENT without CONFIG_TRACING,
 * -EPERM under lockdown. */
int kbpf_tracefs_open(struct err *e);

/* Reads a whole small text file below `dir_fd` (AT_FDCWD: any path). *text is malloc'ed. */
int kbpf_read_file(int dir_fd, const char *path, char **text, size_t *len);

/* Opens tracepoint CATEGORY:NAME and attaches the program; closing the fd detaches. */
int kbpf_tracepoint_attach(int prog_fd, int tracefs_fd, const char *category, const char *name,
			   struct err *e);
/* Raw tracepoint: no tracefs needed; closing the fd detaches. -EINVAL: the program reads more
 * arguments than the event has. */
int kbpf_raw_tracepoint_attach(int prog_fd, const char *name, struct err *e);
/* Entry of kernel function `func` (or func+offset); through the kprobe PMU. Closing detaches. */
int kbpf_kprobe_attach(int prog_fd, const char *func, uint64_t offset, struct err *e);
/* The place `offset` of the user-space file `path`, or where the function there returns, in every
 * process that maps the file; through the uprobe PMU. Closing detaches. */
int kbpf_uprobe_attach(int prog_fd, const char *path, uint64_t offset, bool at_return,
		       struct err *e);

struct kbpf_guard; /* see below */

/* Ways to probe kernel functions. */
enum kbpf_kprobe_way {
	KBPF_KPROBE_PMU,     /* a perf event each */
	KBPF_KPROBE_LINK,    /* the same, with cookies: kbpf_has_perf_link() */
	KBPF_KPROBE_MULTI,   /* all at once, with cookies: kbpf_has_kprobe_multi() */
	KBPF_KPROBE_TRACEFS, /* events made in tracefs, for where there is no PMU: use a guardian */
};

#define KBPF_ATTACH_KPROBE_MULTI 42 /* attach_type of programs for KBPF_KPROBE_MULTI */

struct kbpf_kprobe {
	const char *func; /* or "module:function" */
	uint64_t addr;	  /* of func, from /proc/kallsyms; 0: the kernel looks the name up, which is
			   * slow before 6.2 and fails where several functions share it */
	uint64_t offset;  /* 0 with KBPF_KPROBE_MULTI */
	uint32_t skip;	 /* so many bytes there do nothing. Behind them the kernel sets a breakpoint
			   * or a jump; at the function's begin it asks its function tracer, which
			   * takes several times as long. Not for KBPF_KPROBE_MULTI */
	uint64_t cookie; /* what bpf_get_attach_cookie() gives there, for the ways that have it */
	int prog_fd;	 /* KBPF_KPROBE_MULTI: the same for all */
	int result;	 /* out: 0, or -errno: -ENOENT unknown, -EINVAL cannot be probed (or, from
			   * tracefs, unknown), -EADDRNOTAVAIL several functions have this name */
};

struct kbpf_kprobes;

struct kbpf_kprobes_spec {
	enum kbpf_kprobe_way way;
	int tracefs_fd; /* for KBPF_KPROBE_TRACEFS; stays the caller's and open until the detach */
	struct kbpf_kprobe *probes; /* the results are written here */
	size_t cnt;
	const struct kbpf_guard *guard; /* may be NULL */
};

/*
 * Attaches programs to many functions. Functions that cannot be probed are skipped; their `result`
 * says why. Returns the number of attached probes, or -errno if there is none. May raise the soft
 * limit of open files.
 *
 * With a guardian, /sys/kernel/rcu_expedited is on while 32 or more probes are attached or detached
 * one by one, which makes detaching them many times faster. It is restored afterwards, and by the
 * guardian if this process is killed meanwhile.
 */
int kbpf_kprobes_attach(struct kbpf_kprobes **out, const struct kbpf_kprobes_spec *spec,
			struct err *e);
void kbpf_kprobes_detach(struct kbpf_kprobes *k); /* NULL is fine */

/* Removes the events that dead processes left in tracefs; returns how many. */
int kbpf_kprobe_sweep(int tracefs_fd, struct err *e);

/* ---- Network hooks ------------------------------------------------------------------------ */

/* SO_ATTACH_BPF on a socket of the caller's. */
int kbpf_socket_attach(int sock_fd, int prog_fd, struct err *e);

struct kbpf_iface {
	int index;
	uint16_t arp_type; /* ARPHRD_* */
	uint32_t flags;	   /* IFF_* */
	uint32_t mtu;
	char name[16];
};

/* Interfaces of this network namespace by rtnetlink; *list is malloc'ed. Count or -errno. */
int kbpf_iface_list(struct kbpf_iface **list, struct err *e);

struct kbpf_iface_monitor;

/* Hears of interfaces that appear, change or vanish from now on. Open it before listing those
 * that are there, so that none is missed in between. */
int kbpf_iface_monitor_open(struct kbpf_iface_monitor **out, struct err *e);
void kbpf_iface_monitor_close(struct kbpf_iface_monitor *m);   /* NULL is fine */
int kbpf_iface_monitor_fd(const struct kbpf_iface_monitor *m); /* readable when there is news */

typedef void (*kbpf_iface_fn)(void *user, const struct kbpf_iface *iface, bool gone);

/* Hands out one message's news without waiting. How many (0: nothing new), or -errno; -ENOBUFS
 * when some were lost: list the interfaces again. */
int kbpf_iface_monitor_read(struct kbpf_iface_monitor *m, kbpf_iface_fn fn, void *user);

enum kbpf_tc_dir { KBPF_TC_INGRESS, KBPF_TC_EGRESS };

/* One attachment of ours to a tc hook, by tcx link or by clsact filter. */
struct kbpf_tc {
	int ifindex;
	enum kbpf_tc_dir dir;
	int link_fd;	  /* tcx; -1: clsact */
	uint32_t prog_id; /* clsact: what the filter must show before it is taken off */
	uint32_t prio;	  /* clsact: priority of the filter */
	bool made_qdisc;  /* clsact: the qdisc was made by a capture, this one or another */
};

/*
 * Attaches a sched_cls program that returns TC_ACT_UNSPEC for every packet. With `tcx` by link
 * (gone with the process), else as direct-action filter of a clsact qdisc, which is made where it
 * is missing, under a priority nobody else uses. Others' qdiscs and filters are not touched.
 */
int kbpf_tc_attach(struct kbpf_tc *tc, int prog_fd, int ifindex, enum kbpf_tc_dir dir, bool tcx,
		   struct err *e);
/* Takes off what kbpf_tc_attach() did, and the qdisc if we made it and nobody else uses it. */
int kbpf_tc_detach(struct kbpf_tc *tc, struct err *e);
/*
 * Removes the filters that dead processes left on any interface of this network namespace, and the
 * qdiscs that captures made where nothing is left on them. Returns how many filters, or -errno.
 */
int kbpf_tc_sweep(struct err *e);

enum kbpf_xdp_mode { KBPF_XDP_ANY, KBPF_XDP_GENERIC, KBPF_XDP_NATIVE };

/* One XDP program of ours on an interface. */
struct kbpf_xdp {
	int ifindex;
	int link_fd;	  /* -1: set by netlink */
	uint32_t prog_id; /* netlink: what the interface must show before it is taken off */
	uint32_t flags;	  /* XDP_FLAGS_*_MODE: how it runs */
};

struct kbpf_xdp_spec {
	int prog_fd, ifindex;
	enum kbpf_xdp_mode mode;	/* KBPF_XDP_ANY: native if the driver can, else generic */
	bool link;			/* needs kbpf_has_xdp_link(); else by netlink */
	const struct kbpf_guard *guard; /* cleans up what netlink attached; may be NULL */
};

/*
 * Attaches an XDP program. A link ends with the process; an attachment by netlink outlives it.
 * -EBUSY if the interface already has a program, which is never replaced.
 */
int kbpf_xdp_attach(struct kbpf_xdp *x, const struct kbpf_xdp_spec *spec, struct err *e);
int kbpf_xdp_detach(struct kbpf_xdp *x, struct err *e);

#define KBPF_PROG_NAME_LEN 16
/* The name to load a program under that will be attached without a link: it says which process it
 * is of, for kbpf_xdp_sweep(). */
void kbpf_xdp_prog_name(char name[KBPF_PROG_NAME_LEN]);
/*
 * Detaches the XDP programs that dead processes left on any interface of this network namespace.
 * Returns how many, or -errno: -EPERM without CAP_SYS_ADMIN, which reading names takes.
 */
int kbpf_xdp_sweep(struct err *e);

/* ---- Sockets ------------------------------------------------------------------------------ */

/* A socket as sock_diag(7) knows it. Addresses and ports in network byte order. */
struct kbpf_sock {
	uint8_t family, protocol, state; /* AF_*, IPPROTO_*, TCP_* */
	uint16_t src_port, dst_port;
	uint8_t src[16], dst[16]; /* IPv4: the first 4 bytes */
	uint32_t ifindex;	  /* bound to, or 0 */
	uint32_t uid;
	uint32_t inode;	 /* of /proc/PID/fd/N: socket:[inode]; 0: belongs to nobody any more */
	uint64_t cookie; /* what bpf_get_socket_cookie() gives */
};

typedef void (*kbpf_sock_fn)(void *user, const struct kbpf_sock *s);

/* Calls fn for each socket of `family` (AF_INET, AF_INET6) and `protocol` (IPPROTO_TCP, UDP, RAW)
 * in this network namespace. How many, or -errno: -ENOENT when the kernel cannot list these. */
int kbpf_sock_list(uint8_t family, uint8_t protocol, kbpf_sock_fn fn, void *user, struct err *e);

/* ---- Guardian ----------------------------------------------------------------------------- */

/*
 * A guardian, for all that outlives a process: filters at clsact of the programs that it is told
 * of, XDP programs without a link, probe events in tracefs and /sys/kernel/rcu_expedited, where it
 * was given to the function that makes these. A small process that takes them off when this one
 * ends, however it ends. Start it before the first such attachment and before threads, in the
 * network namespace of the interfaces; it keeps the rights of that moment, so it cleans up even for
 * a process that has given up its own. A process may have several.
 */
int kbpf_guard_start(struct kbpf_guard **out, struct err *e);
/* Before the program is attached at tc. 0 (also with g NULL) or -errno. */
int kbpf_guard_program(struct kbpf_guard *g, int prog_fd);
/* Has the guardian take off what is still attached, and waits for its end. 0, or -EIO when it
 * failed. NULL is fine. */
int kbpf_guard_stop(struct kbpf_guard *g);

/* ---- Perf buffer -------------------------------------------------------------------------- */

struct kbpf_perfbuf;

/*
 * Rings for a BPF_MAP_TYPE_PERF_EVENT_ARRAY, one per online CPU, `page_cnt` (a power of two) data
 * pages each; made, mapped and entered into the map.
 */
int kbpf_perfbuf_open(struct kbpf_perfbuf **out, int map_fd, unsigned page_cnt, struct err *e);
void kbpf_perfbuf_close(struct kbpf_perfbuf *pb);

/* Called for each record; the memory is valid during the call. `cpu` is where it was written.
 * A non-zero return stops the reading (the record counts as read) and is handed back. */
typedef int (*kbpf_perfbuf_record)(void *user, int cpu, const void *data, uint32_t len);

/*
 * Waits up to timeout_ms (-1: for ever) for records, which may be found some 20 ms late, or for
 * `wake_fd` (-1: none) to become readable, then hands out what was written before the call's
 * wake-up, oldest first over all rings: the first 8 bytes of each record are its time,
 * CLOCK_MONOTONIC in ns, and nothing younger than the moment the rings were looked at is given.
 * Returns the number of records, the callback's non-zero value, or -errno. A signal
 * ends the wait early.
 */
int kbpf_perfbuf_poll(struct kbpf_perfbuf *pb, int timeout_ms, int wake_fd, kbpf_perfbuf_record fn,
		      void *user);

/* Records that the kernel dropped because a ring was full, since the start. */
uint64_t kbpf_perfbuf_lost(const struct kbpf_perfbuf *pb);

#ifdef __cplusplus
}
#endif
#endif
