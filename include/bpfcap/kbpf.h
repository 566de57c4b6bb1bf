/* SPDX-License-Identifier: MIT */
/*
 * kbpf.h - BPF system calls: programs, maps, hooks, rings and the network configuration they need.
 *
 * The caller owns returned file descriptors, which are close-on-exec, and closes them with
 * close(2). Instructions are plain arrays; struct ebpf_insn has the layout of the kernel's struct
 * bpf_insn. See bpf(2), perf_event_open(2) and rtnetlink(7). Functions without an error parameter
 * return -errno as the system call reported it.
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
	uint32_t type; /* BPF_PROG_TYPE_*, any that the kernel knows */
	const struct ebpf_insn *insns;
	size_t insn_cnt;
	const char *name;      /* letters, digits, '_' and '.', 15 at most; NULL: "bpfcap" */
	const char *license;   /* NULL: "Dual MIT/GPL", for GPL-only helpers */
	uint32_t attach_type;  /* expected_attach_type, 0 for most */
	bool strict_alignment; /* BPF_F_STRICT_ALIGNMENT */
	bool xdp_frags;	       /* BPF_F_XDP_HAS_FRAGS: accepts packets in several buffers */
	char **log;	       /* if set: *log receives the verifier's whole log (malloc'ed) */
	int64_t *refused_at;   /* if set: the slot that the verifier refused; -1: unknown */
	uint32_t log_level;    /* with `log`: 1 instructions, 2 also states, 4 statistics only */
};

/*
 * Loads a program. Without `log` the verifier runs silently; if it rejects the program, a second
 * load with a log gives the reason for the error text. Raises RLIMIT_MEMLOCK if necessary. Returns
 * the fd, or -errno: the text names the capability for -EPERM, else it quotes the verifier.
 */
int kbpf_prog_load(const struct kbpf_prog_spec *spec, struct err *e);

/* What BPF_OBJ_GET_INFO_BY_FD reports about a program. */
struct kbpf_prog_info {
	uint32_t id, type;
	uint32_t jited_len, xlated_len; /* bytes */
	uint32_t verified_insn_cnt;	/* 0 before 5.16 */
	uint64_t run_time_ns, run_cnt;	/* 0 unless kernel.bpf_stats_enabled */
	uint64_t recursion_miss_cnt;	/* 0 before 5.12 */
	char name[16];
};

/* Returns 0 or -errno. */
int kbpf_prog_info(int prog_fd, struct kbpf_prog_info *info);

/*
 * Gives the instructions as the verifier rewrote them. *insns is malloc'ed. Returns 0 or -errno:
 * -EPERM if the kernel hides them (hardened JIT, and kernel addresses are not visible).
 */
int kbpf_prog_xlated(int prog_fd, struct ebpf_insn **insns, size_t *cnt);

struct kbpf_test_run {
	const void *data_in;
	uint32_t data_in_len;
	void *data_out;	       /* may be NULL */
	uint32_t data_out_len; /* in: capacity; out: bytes */
	const void *ctx_in;
	uint32_t ctx_in_len;
	uint32_t repeat;      /* 0: once */
	uint32_t retval;      /* out */
	uint32_t duration_ns; /* out: mean per run */
};

/* Runs BPF_PROG_TEST_RUN. Packets need at least 14 bytes. Returns 0 or -errno. */
int kbpf_prog_test_run(int prog_fd, struct kbpf_test_run *run);

/* ---- Maps --------------------------------------------------------------------------------- */

struct kbpf_map_spec {
	uint32_t type;		     /* BPF_MAP_TYPE_* */
	uint32_t key_len, value_len; /* bytes */
	uint32_t entry_cnt, flags;   /* BPF_F_* */
	const char *name;	     /* as in struct kbpf_prog_spec; NULL: none */
	int inner_map_fd; /* of a map of maps: one like those that will be in it; else 0 */
};

/* Returns the fd, or -errno with the reason. Raises RLIMIT_MEMLOCK if the kernel requires it. */
int kbpf_map_create(const struct kbpf_map_spec *spec, struct err *e);
/* Creates a frozen array map with one value, these bytes. Returns as kbpf_map_create() does. */
int kbpf_map_create_const(const void *bytes, uint32_t len, const char *name, struct err *e);
/*
 * Key and value have the lengths that the map was created with. A value of a per-CPU map is
 * kbpf_possible_cpu_cnt() values in a row, each rounded up to 8 bytes. Return 0 or -errno: -ENOENT
 * if there is no such key, -EEXIST and -E2BIG as in bpf(2). `flags`: BPF_ANY, BPF_NOEXIST,
 * BPF_EXIST.
 */
int kbpf_map_lookup(int fd, const void *key, void *value);
int kbpf_map_update(int fd, const void *key, const void *value, uint64_t flags);
int kbpf_map_delete(int fd, const void *key);
/* Gives the key after `key`, or the first one (NULL, or a key that is gone). -ENOENT: the last. */
int kbpf_map_next(int fd, const void *key, void *next);

int kbpf_possible_cpu_cnt(void); /* values in a per-CPU value; -errno */

/* ---- What this kernel has, found by trying ------------------------------------------------- */

/* Each returns 1 (present), 0 (absent), or -errno if this is unknown (-EPERM). */
int kbpf_has_helper(uint32_t prog_type, int helper);
int kbpf_has_map_type(uint32_t map_type);
int kbpf_has_insns(uint32_t prog_type, const struct ebpf_insn *insns, size_t cnt); /* loads? */
int kbpf_has_tcx(void);
int kbpf_has_xdp_link(void);
int kbpf_has_perf_link(void);
int kbpf_has_kprobe_multi(void);
int kbpf_has_kprobe_pmu(void);

/* ---- Tracing hooks ------------------------------------------------------------------------ */

/*
 * Opens the directory of tracefs ("/sys/kernel/tracing"). If tracefs is not mounted, mounts it
 * detached, visible to this process alone. Returns a directory fd for openat(2), or -errno: -ENOENT
 * without CONFIG_TRACING, -EPERM under lockdown.
 */
int kbpf_tracefs_open(struct err *e);

/* Reads a small text file below `dir_fd` (AT_FDCWD: any path) as a whole. *text is malloc'ed. */
int kbpf_read_file(int dir_fd, const char *path, char **text, size_t *len);

/* Attaches the program to tracepoint CATEGORY:NAME. Closing the fd detaches it. */
int kbpf_tracepoint_attach(int prog_fd, int tracefs_fd, const char *category, const char *name,
			   struct err *e);
/*
 * Attaches the program to a raw tracepoint; needs no tracefs. Closing the fd detaches it. -EINVAL:
 * the program reads more arguments than the event has.
 */
int kbpf_raw_tracepoint_attach(int prog_fd, const char *name, struct err *e);
/* The same at kernel function `func`, at `offset`, through the kprobe PMU. */
int kbpf_kprobe_attach(int prog_fd, const char *func, uint64_t offset, struct err *e);
/*
 * Attaches the program to `offset` of the user-space file `path`, or to where the function there
 * returns, in one process or (pid 0) in all, through the uprobe PMU. Closing the fd detaches it.
 */
int kbpf_uprobe_attach(int prog_fd, uint32_t pid, const char *path, uint64_t offset, bool at_return,
		       struct err *e);
/* The same for a USDT probe; increments its counter at `semaphore` of the file (0: none). */
int kbpf_usdt_attach(int prog_fd, const char *path, uint64_t offset, uint64_t semaphore,
		     struct err *e);

struct kbpf_guard; /* see below */

/* How to probe kernel functions. */
enum kbpf_kprobe_way {
	KBPF_KPROBE_PMU,     /* one perf event per function */
	KBPF_KPROBE_LINK,    /* one perf event per function, with cookies: kbpf_has_perf_link() */
	KBPF_KPROBE_MULTI,   /* one link for all functions, with cookies: kbpf_has_kprobe_multi() */
	KBPF_KPROBE_TRACEFS, /* events in tracefs, for kernels without the PMU: use a guardian */
};

#define KBPF_ATTACH_KPROBE_MULTI 42 /* attach_type of programs for KBPF_KPROBE_MULTI */

struct kbpf_kprobe {
	const char *func; /* or "module:function" */
	/*
	 * Address of func, from /proc/kallsyms. 0: the kernel looks the name up, which is slow
	 * before 6.2 and fails if several functions share it.
	 */
	uint64_t addr;
	uint64_t offset; /* 0 with KBPF_KPROBE_MULTI */
	/*
	 * Length of instructions at the address that do nothing. After them the kernel probes with
	 * a breakpoint or a jump; at the function's start it would use its function tracer, which
	 * takes several times as long. Not for KBPF_KPROBE_MULTI.
	 */
	uint32_t skip;
	uint64_t cookie; /* the result of bpf_get_attach_cookie() at this probe, if supported */
	int prog_fd;	 /* KBPF_KPROBE_MULTI: one program for all */
	/*
	 * Out: 0, or -errno: -ENOENT unknown, -EINVAL cannot be probed (or, from tracefs, unknown),
	 * -EADDRNOTAVAIL several functions have this name.
	 */
	int result;
};

struct kbpf_kprobes;

struct kbpf_kprobes_spec {
	enum kbpf_kprobe_way way;
	int tracefs_fd; /* for KBPF_KPROBE_TRACEFS; the caller keeps it open until the detach */
	struct kbpf_kprobe *probes; /* the results are written here */
	size_t cnt;
	const struct kbpf_guard *guard; /* may be NULL */
};

/*
 * Attaches programs to many functions. Skips functions that cannot be probed; their `result` holds
 * the reason. Returns the number of attached probes, or -errno if there are none. May raise the
 * soft limit of open files.
 *
 * With a guardian, /sys/kernel/rcu_expedited is on while 32 or more probes are attached or detached
 * one by one, which makes detaching them many times faster. It is restored afterwards, by the
 * guardian if this process is killed meanwhile.
 */
int kbpf_kprobes_attach(struct kbpf_kprobes **out, const struct kbpf_kprobes_spec *spec,
			struct err *e);
void kbpf_kprobes_detach(struct kbpf_kprobes *k); /* NULL is allowed */

/* Removes the events that dead processes left in tracefs. Returns their number. */
int kbpf_kprobe_sweep(int tracefs_fd, struct err *e);

/* ---- Network hooks ------------------------------------------------------------------------ */

/* Attaches the program to a socket (SO_ATTACH_BPF). */
int kbpf_socket_attach(int sock_fd, int prog_fd, struct err *e);

struct kbpf_iface {
	int index;
	uint16_t arp_type; /* ARPHRD_* */
	uint32_t flags;	   /* IFF_* */
	uint32_t mtu;
	char name[16];
};

/*
 * Lists the interfaces of this network namespace. *list is malloc'ed. Returns the count or -errno.
 */
int kbpf_iface_list(struct kbpf_iface **list, struct err *e);

struct kbpf_iface_monitor;

/*
 * Reports interfaces that appear, change or disappear from now on. Open the monitor before listing
 * the present interfaces, so that none is missed in between.
 */
int kbpf_iface_monitor_open(struct kbpf_iface_monitor **out, struct err *e);
void kbpf_iface_monitor_close(struct kbpf_iface_monitor *m);   /* NULL is allowed */
int kbpf_iface_monitor_fd(const struct kbpf_iface_monitor *m); /* readable when there are changes */

typedef void (*kbpf_iface_fn)(void *user, const struct kbpf_iface *iface, bool gone);

/*
 * Reports the changes in one message, without waiting. Returns their number (0: none), or -errno;
 * -ENOBUFS if some were lost: list the interfaces again.
 */
int kbpf_iface_monitor_read(struct kbpf_iface_monitor *m, kbpf_iface_fn fn, void *user);

enum kbpf_tc_dir { KBPF_TC_INGRESS, KBPF_TC_EGRESS };

/* One attachment to a tc hook, by a tcx link or a clsact filter. */
struct kbpf_tc {
	int ifindex;
	enum kbpf_tc_dir dir;
	int link_fd;	  /* clsact: detach only a filter with this program */
	uint32_t prog_id; /* clsact: what the filter must show before it is taken off */
	uint32_t prio;	  /* clsact: a capture, this one or another, created the qdisc */
	bool made_qdisc;  /* clsact: the qdisc was made by a capture, this one or another */
};

/*
 * Attaches a sched_cls program, which must return TC_ACT_UNSPEC for every packet. With `tcx` it is
 * held by a link, which ends with the process; otherwise by a direct-action filter of a clsact
 * qdisc, which is created if it is missing, with an unused priority. Other qdiscs and filters stay
 * as they are.
 */
int kbpf_tc_attach(struct kbpf_tc *tc, int prog_fd, int ifindex, enum kbpf_tc_dir dir, bool tcx,
		   struct err *e);
/* Detaches the program, and removes the qdisc if a capture created it and it is no longer used. */
int kbpf_tc_detach(struct kbpf_tc *tc, struct err *e);
/*
 * Removes the filters that dead processes left on the interfaces of this network namespace, and the
 * qdiscs that captures created if these are empty. Returns the number of filters, or -errno.
 */
int kbpf_tc_sweep(struct err *e);

enum kbpf_xdp_mode { KBPF_XDP_ANY, KBPF_XDP_GENERIC, KBPF_XDP_NATIVE };

/* One XDP program on an interface. */
struct kbpf_xdp {
	int ifindex;
	int link_fd;	  /* -1: set by netlink */
	uint32_t prog_id; /* netlink: detach only this program */
	uint32_t flags;	  /* XDP_FLAGS_*_MODE: the mode in use */
};

struct kbpf_xdp_spec {
	int prog_fd, ifindex;
	enum kbpf_xdp_mode mode; /* KBPF_XDP_ANY: native if the driver supports it, else generic */
	bool link;		 /* use a link, which needs kbpf_has_xdp_link(); else netlink */
	const struct kbpf_guard
		*guard; /* detaches the program if netlink attached it; may be NULL */
};

/*
 * Attaches an XDP program. A link ends with the process; an attachment by netlink outlives it.
 * Returns 0 or -errno: -EBUSY if the interface already has a program, which is never replaced.
 */
int kbpf_xdp_attach(struct kbpf_xdp *x, const struct kbpf_xdp_spec *spec, struct err *e);
int kbpf_xdp_detach(struct kbpf_xdp *x, struct err *e);

#define KBPF_PROG_NAME_LEN 16
/* Gives the name for a program that is attached without a link. It identifies this process, for
 * kbpf_xdp_sweep(). */
void kbpf_xdp_prog_name(char name[KBPF_PROG_NAME_LEN]);
/*
 * Detaches the XDP programs that dead processes left on any interface of this network namespace.
 * Returns their number, or -errno: -EPERM without CAP_SYS_ADMIN, which reading names requires.
 */
int kbpf_xdp_sweep(struct err *e);
/* True if another process has locked this network namespace for so long that this one attached or
 * detached a program without waiting for its turn. */
bool kbpf_turn_missed(void);

/* ---- Sockets ------------------------------------------------------------------------------ */

/* A socket as sock_diag(7) reports it. Addresses and ports are in network byte order. */
struct kbpf_sock {
	uint8_t family, protocol, state; /* AF_*, IPPROTO_*, TCP_* */
	uint16_t src_port, dst_port;
	uint8_t src[16], dst[16]; /* IPv4: the first 4 bytes */
	uint32_t ifindex;	  /* the interface it is bound to, or 0 */
	uint32_t uid;
	uint32_t inode;	 /* in /proc/PID/fd/N: socket:[inode]; 0: no process holds it */
	uint64_t cookie; /* the result of bpf_get_socket_cookie() */
};

typedef void (*kbpf_sock_fn)(void *user, const struct kbpf_sock *s);

/*
 * Calls fn for each socket of `family` (AF_INET, AF_INET6) and `protocol` (IPPROTO_TCP, UDP, RAW)
 * in this network namespace. Returns their number, or -errno: -ENOENT if the kernel cannot list
 * them.
 */
int kbpf_sock_list(uint8_t family, uint8_t protocol, kbpf_sock_fn fn, void *user, struct err *e);

/* ---- Guardian ----------------------------------------------------------------------------- */

/*
 * A guardian is a small process that detaches what outlives this process, however this process
 * ends: clsact filters of the programs passed to kbpf_guard_program(), and XDP programs without a
 * link, probe events in tracefs and /sys/kernel/rcu_expedited of the functions that it was passed
 * to. Start it before the first such attachment and before threads, in the network namespace of the
 * interfaces. It keeps the privileges of that moment, so it can clean up even after this process
 * has dropped its own. A process may have several guardians.
 */
int kbpf_guard_start(struct kbpf_guard **out, struct err *e);
/* Call it before attaching the program at tc. Returns 0 (also if g is NULL) or -errno. */
int kbpf_guard_program(struct kbpf_guard *g, int prog_fd);
/*
 * Makes the guardian detach what is still attached, and waits for it to end. Returns 0, or -EIO if
 * it failed. NULL is allowed.
 */
int kbpf_guard_stop(struct kbpf_guard *g);

/* ---- Perf buffer (kring.h has BPF ring buffers) ------------------------------------------- */

struct kbpf_perfbuf;

/*
 * Opens one ring per online CPU, each of `page_cnt` data pages (a power of two), and enters them
 * into a BPF_MAP_TYPE_PERF_EVENT_ARRAY.
 */
int kbpf_perfbuf_open(struct kbpf_perfbuf **out, int map_fd, unsigned page_cnt, struct err *e);
void kbpf_perfbuf_close(struct kbpf_perfbuf *pb);

/*
 * Called for each record; the memory is valid during the call. `cpu` wrote the record. A non-zero
 * result ends the reading and is returned; the record counts as read.
 */
typedef int (*kbpf_perfbuf_record)(void *user, int cpu, const void *data, uint32_t len);

/*
 * Waits up to timeout_ms (-1: without limit) for records, or for `wake_fd` (-1: none) to become
 * readable. A record may be noticed some 20 ms late. Then reports the records written before the
 * wake-up, over all rings, oldest first: the first 8 bytes of each record must be its time,
 * CLOCK_MONOTONIC in ns. Younger records wait for the next call. Returns the number of records, the
 * callback's non-zero result, or -errno. A signal ends the wait early.
 */
int kbpf_perfbuf_poll(struct kbpf_perfbuf *pb, int timeout_ms, int wake_fd, kbpf_perfbuf_record fn,
		      void *user);

/* Returns the number of records that the kernel dropped since the start because a ring was full. */
uint64_t kbpf_perfbuf_lost(const struct kbpf_perfbuf *pb);

#ifdef __cplusplus
}
#endif
#endif
