/* SPDX-License-Identifier: MIT */
/*
 * probe.h - capture sessions: hooks in the kernel, a filter, and a callback for each packet.
 *
 *	struct probe_config c = {.expr = "icmp"};
 *	struct probe *p;
 *
 *	if (probe_open(&p, &c, &e) == 0) {
 *		while (running && probe_poll(p, 100, on_event, NULL, &e) >= 0)
 *			;
 *		probe_stop(p);			  detach; what is still in the rings is kept
 *		probe_poll(p, 0, on_event, NULL, &e);
 *		probe_close(p);
 *	}
 */
#ifndef BPFCAP_PROBE_H
#define BPFCAP_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PROBE_SNAP_LEN_MAX 64800u /* bytes of a perf record that are neither head nor stack */
#define PROBE_STACK_DEPTH  64
#define PROBE_COMM_LEN	   16

/* ---- Session ------------------------------------------------------------------------------ */

/* Gets one sentence when a matching interface appears and is captured, when attaching to one fails,
 * and when one disappears. */
typedef void (*probe_notice_fn)(void *user, const char *text);

/* Gets each function that a glob matches but that is skipped, and why. */
typedef void (*probe_left_out_fn)(void *user, const char *func, const char *why);

struct probe_config {
	const char *kernel; /* -k: "5.4"; NULL or "auto": the running kernel, probed */
	const char *expr;   /* pcap-filter(7); NULL or "": everything */
	/*
	 * What carries packets that are looked at, too: a list as in bpfcap/through.h; NULL: they
	 * are not. inner_only: the packet itself is not looked at.
	 */
	const char *through;
	bool inner_only;
	const char *const *hooks;  /* hook specs, NULL-terminated; NULL: the kernel's default */
	const char *const *ifaces; /* names, globs or "any", NULL-terminated; NULL: all */
	bool wait;	   /* names in `ifaces` need not exist yet: capture there once they do */
	uint32_t snap_len; /* bytes kept of a packet; 0: as many as fit */
	bool stack;	   /* kernel stack with each event */
	bool owners;	   /* whose socket each packet belongs to */
	bool track; /* once matched, a packet and its clones are captured at all hooks but xdp until
		     * they are freed, even if they no longer match */
	bool no_promiscuous;  /* at socket, leave chosen interfaces as they are (tcpdump's -p) */
	uint32_t ring_pages;  /* per CPU, a power of two; 0: default */
	const char *linktype; /* "EN10MB", "RAW" ...: treat packets as this; NULL: as they are */
	/*
	 * For kernel functions and tracepoints. fake_headers: make Ethernet and IP headers where a
	 * packet has none yet. skb_data: the packet starts this many bytes ("-14") from skb->data,
	 * as Ethernet or what `linktype` says; NULL: where its headers are.
	 */
	bool fake_headers;
	const char *skb_data;
	/* Demand aligned access even where the kernel does not (BPF_F_STRICT_ALIGNMENT). */
	bool strict_alignment;
	/* Count packets in the kernel, in a table of at most this many rows, and pass on none:
	 * bpfcap/tally.h. 0: pass them on. */
	uint32_t tally;
	/*
	 * "FILE" or "FILE:FUNCTION", assembly or an object: this function is called for each packet
	 * that matches, and says whether it is kept (bpfcap/call.h); NULL: none.
	 */
	const char *call;
	bool times_work; /* for probe_worked_ns(); costs a system call for 64 packets */
	char **log;	 /* if set: probe_open() gives the verifier's logs (malloc'ed) */

	/* Packets must also have these properties. */
	/*
	 * A name of ip-netns(8), a path, an inode number or "self"; NULL: any. `ifaces`, and hooks
	 * on interfaces, are then those of this namespace: the calling thread enters it while
	 * probe_open(), probe_poll() and probe_stop() list or attach, and returns.
	 */
	const char *netns;
	uint32_t pid;		    /* the hook runs in this process; 0: in any */
	const char *mark;	    /* "VALUE" or "VALUE/MASK" of skb->mark; NULL: any */
	const char *const *reasons; /* drop reasons, names or numbers, NULL-terminated; NULL: any */

	probe_notice_fn notice;	    /* may be NULL */
	probe_left_out_fn left_out; /* may be NULL */
	void *notice_user;	    /* for both */
};

struct probe;

/*
 * Compiles, loads and attaches everything; packets are recorded from the moment it returns. On
 * failure nothing is left behind and *e says why: -EINVAL (input) for a wrong expression, hook,
 * interface or kernel version; -EPERM names the capability; -ENOTSUP names the kernel feature.
 */
int probe_open(struct probe **out, const struct probe_config *c, struct err *e);

enum probe_dir { PROBE_DIR_UNKNOWN, PROBE_DIR_IN, PROBE_DIR_OUT };

/* A moment of the wall clock. Those of a capture file may be beyond any calendar. */
struct probe_time {
	uint64_t s; /* since 1970 */
	uint32_t ns;
};

/* A packet seen at a hook. Pointers are valid during the callback. */
struct probe_event {
	struct probe_time time;
	uint64_t mono_ns; /* CLOCK_MONOTONIC */
	unsigned hook;	  /* index for probe_hook_name() */
	int cpu;	  /* that the hook ran on; -1: unknown */
	uint32_t ifindex; /* 0: none */
	enum probe_dir dir;
	int linktype;	   /* enum cbpf_linktype of `data` */
	uint32_t len;	   /* real length, with the VLAN tag put back */
	uint32_t cap_len;  /* bytes at `data` */
	uint32_t made_len; /* of these, the first `made_len` are headers made by fake_headers */
	const uint8_t *data;
	/*
	 * `through`: the packet inside that matched, from 1 on, 0 for the packet itself; where in
	 * `data` it begins; its link type (Ethernet or RAW). One without VLAN tags that `data` has
	 * begins 14 bytes before what follows the last of them.
	 */
	uint16_t inner_layer, inner_off, inner_linktype;
	/* Kernel address of the sk_buff, 0: unknown. A user to whom the kernel shows no addresses
	 * gets another number instead, which stands for it in this session, and no places. */
	uint64_t skb;
	bool has_reason; /* `drop` on kernels that have reasons */
	uint32_t reason;
	uint64_t location; /* code address where it was dropped, 0: unknown */
	uint32_t pid, tid; /* the task the hook ran in; 0: unknown or idle */
	char comm[PROBE_COMM_LEN];
	uint32_t owner_pid; /* the process that has its socket; 0: unknown, or `owner` is off */
	char owner_comm[PROBE_COMM_LEN];
	const uint64_t *stack; /* return addresses, innermost first */
	unsigned stack_cnt;
	const uint8_t *call_out; /* config.call: what the function wrote; NULL: it was not called */
	uint32_t call_len;
	uint32_t netns;	 /* inode of the device's network namespace, 0: unknown */
	char ifname[16]; /* the device's name, also in other namespaces; "": unknown */
};

/* A non-zero return ends the poll that called it. */
typedef int (*probe_event_fn)(void *user, const struct probe_event *ev);

/*
 * Waits up to timeout_ms (-1: without limit) for packets and calls fn for each, in the order of
 * their times. Returns how many, the callback's non-zero value, or -errno. Returns 0 early when a
 * signal arrives.
 */
int probe_poll(struct probe *p, int timeout_ms, probe_event_fn fn, void *user, struct err *e);
/* Ends the wait of the current probe_poll(), or of the next one. May be called by a signal handler
 * and by other threads. */
void probe_wake(struct probe *p);

/* Detaches all hooks; events already written can still be polled. Idempotent. */
void probe_stop(struct probe *p);
/* Stops, and releases everything. NULL is allowed. */
void probe_close(struct probe *p);

struct probe_counts {
	uint64_t seen;	       /* packets the hooks ran for (after the interface test) */
	uint64_t matched;      /* of these, what the filter accepted */
	uint64_t captured;     /* passed to the callback, or counted in the kernel */
	uint64_t dropped;      /* matched, but config.call's function dropped them */
	uint64_t lost_ring;    /* matched, but the ring was full */
	uint64_t lost_other;   /* matched or unknown: nesting, unreadable memory, missed runs */
	uint64_t lost_refused; /* matched, but the kernel refused the record ... */
	int refusal;	       /* ... with this -errno, the last time */
	uint64_t lost_memory;  /* in memory of a process that could not be read */
	uint64_t beyond, beyond_bytes; /* tally: of matched, in no row because the table is full */
	uint64_t no_packet;	       /* the hook ran for something without packet bytes */
	size_t ring_needed; /* bytes of each CPU's ring that would have held lost_ring, too */
};

/* Packets that matched, or may have, and were not passed to the callback. */
static inline uint64_t probe_counts_lost(const struct probe_counts *c)
{
	return c->lost_ring + c->lost_other + c->lost_refused + c->lost_memory;
}

/* Counts of hook i (or of all, for i = PROBE_ALL_HOOKS). */
#define PROBE_ALL_HOOKS (~0u)
int probe_counts(struct probe *p, unsigned i, struct probe_counts *c);

/* CLOCK_MONOTONIC until which the records of the rings have been passed on. */
uint64_t probe_passed_ns(struct probe *p);

/*
 * The longest time in which the rings were not read, and the longest CPU time that the work between
 * two readings took, such as output (with config.times_work). The rest is waiting for a CPU, or for
 * what the callback waits for.
 */
uint64_t probe_away_ns(const struct probe *p);
uint64_t probe_worked_ns(const struct probe *p);

unsigned probe_hook_cnt(const struct probe *p);
const char *probe_hook_name(const struct probe *p, unsigned i); /* "tx", "kfree_skb" */
/* False while a hook waits for an interface that -i matches. */
bool probe_hook_attached(const struct probe *p, unsigned i);
const char *probe_hook_spec(const struct probe *p, unsigned i); /* "rawtp:net_dev_queue" */

/* The name of an interface by index, as rtnetlink last reported it; NULL: unknown here. */
const char *probe_iface_name(struct probe *p, uint32_t ifindex);
/* A drop reason's name as the kernel's own format text gives it; NULL: unknown. */
const char *probe_reason_name(const struct probe *p, uint32_t reason);
/* "symbol+0x1f" (with " [module]") of a kernel address; "0x..." if it cannot be resolved. */
void probe_symbol(struct probe *p, uint64_t addr, char *text, size_t text_len);
/* The same of address i of a packet's stack; at hooks in processes "function+0x1f [file]", or the
 * offset in the file, "+0x1234 [file]". */
void probe_frame(struct probe *p, const struct probe_event *ev, unsigned i, char *text,
		 size_t text_len);

/* The inode of a network namespace, named as in struct probe_config. -EINVAL (input). */
int probe_netns_inode(const char *text, uint32_t *inode, struct err *e);

/* ---- Without capturing -------------------------------------------------------------------- */

/* *t = what the running kernel has (probed), or for "5.4" etc. what that version has. */
int probe_target(struct ebpf_target *t, const char *kernel, struct err *e);

/* Help for one hook spec: its form, what it captures, what it needs. */
struct probe_hook_help {
	const char *spec, *text, *needs;
};
const struct probe_hook_help *probe_hook_help(size_t *cnt);

/*
 * The program of a hook for a target, without loading it and without root: the filter alone
 * (`filter_only`: what -ddd prints, no maps, value in R0) or the whole capture program (with map
 * fds 0 and, if the running kernel's sk_buff layout is unknown, that of `t`'s version).
 */
int probe_program(const struct probe_config *c, const char *hook, bool filter_only,
		  const struct ebpf_target *t, struct ebpf_prog *out, struct err *e);

/* Kernel structures such as sk_buff: byte offsets found by probe_layout_find(). -1: not found. */
struct probe_field {
	const char *object; /* "sk_buff", "net_device" ... */
	const char *name;
	int32_t off;
};
struct probe_layout;
/*
 * Finds the layout of the running kernel and checks it; -ENOTSUP, with the reason, if it cannot be
 * trusted.
 */
int probe_layout_find(struct probe_layout **out, struct err *e);
const struct probe_field *probe_layout_fields(const struct probe_layout *l, size_t *cnt);
void probe_layout_free(struct probe_layout *l);

/* Writes what this kernel offers, as text or as one JSON object. */
int probe_doctor(FILE *out, bool json, struct err *e);

#ifdef __cplusplus
}
#endif
#endif
