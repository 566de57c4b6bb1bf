/* SPDX-License-Identifier: MIT */
/* state.h - a capture session: struct probe, and what each file of this room does with it. */
#ifndef BPFCAP_SRC_PROBES_SESSION_STATE_H
#define BPFCAP_SRC_PROBES_SESSION_STATE_H

#include "../clock.h"
#include "../hooks/hook.h"
#include "../kallsyms_reader.h"
#include "../opaque.h"
#include "../owners/owners.h"
#include "../tp_format.h"
#include "../uprobe/stacks.h"
#include "blocks.h"

/* Counts kept in user space, for each hook. */
struct session_hook {
	int prog_fd; /* -1: none */
	uint64_t captured;
	uint64_t damaged; /* records that are malformed */
};

#define SESSION_FORGET_CNT 3
/* Between two looks at the clock: records, and their bytes. */
#define SESSION_LOOK_CNT 64
#define SESSION_LOOK_LEN (64u << 10)

/* Records that wait to be passed on, in blocks of memory; those before `first` are. See hold.c. */
struct hold {
	struct blocks blocks;
	uint8_t block[BLOCK_CNT_MAX]; /* at a position / BLOCK_LEN, modulo their count */
	uint64_t first, end;	      /* positions */
	bool waits;		      /* the first one, for symbols */
	uint64_t slice_end_ns;	      /* later records of this reading are kept */
};

/* What -i asks for. Any character may stand in a name: a glob is what was no name at the start. */
struct iface_pattern {
	char *text;
	bool glob;
};

struct probe {
	struct ebpf_target target;
	struct probe_layout layout;
	struct capture capture;
	struct hook_list hooks;
	struct session_hook *state; /* one for each hook */

	uint32_t own_netns;	  /* inode, 0: unknown */
	uint32_t iface_netns;	  /* of the interfaces: our own, or that of --netns */
	int netns_fd, back_fd;	  /* of it, and of our own during probe_open(); -1: the same */
	struct kbpf_iface *iface; /* all of this network namespace */
	unsigned iface_cnt;
	uint64_t iface_heard_ns;       /* CLOCK_MONOTONIC */
	struct iface_pattern *pattern; /* -i; the last has no text; NULL: all */
	bool waits;		       /* the names need not exist yet */
	struct kbpf_iface *chosen;
	unsigned chosen_cnt;
	size_t chosen_cap;
	struct kbpf_iface_monitor *monitor; /* NULL: later interfaces do not matter */
	int wake_fd; /* readable when there is news, the clock is set, or the bell is rung */
	int bell_fd; /* rung by probe_wake() */

	struct hook_env env;
	int forget_fd[SESSION_FORGET_CNT]; /* see track.c; -1: none */
	struct kbpf_guard *guard;   /* detaches tc filters when we die; NULL: nothing to guard */
	struct kbpf_perfbuf *rings; /* NULL: the only hook delivers the packets itself */
	struct record_room room;
	struct probe_clock clock;
	struct kallsyms_reader *symbols; /* NULL: no hook needs any */
	bool has_symbols;		 /* they are read */
	struct user_stacks *stacks;	 /* NULL: no stacks of processes */
	struct hold hold;
	struct tp_names reasons;
	struct opaque addresses;
	struct owners *owners; /* NULL without --owner */
	bool stopped;
	bool delivers; /* probe_session_delivers() */
	char *log;     /* of the verifier, on request */

	uint64_t left_ns; /* when the rings were last read; 0: the session waits for them */
	uint64_t away_ns; /* the longest time since then */
	uint64_t left_cpu_ns, worked_ns; /* the same in CPU time of the thread, if times_work */
	bool times_work;
	uint64_t taken_cnt;  /* records from the rings, */
	uint64_t taken_len;  /* and their bytes; */
	uint64_t looked_len; /* of them, those before the last look at the clock */
	size_t ring_len;     /* of each CPU */

	/* During a poll. */
	probe_event_fn fn;
	void *user;
	int passed_cnt, fn_rc; /* events passed to fn; what it returned last */
	probe_notice_fn notice;
	void *notice_user;
};

/*
 * Functions that take a struct probe_config are steps of probe_open(): 0 or -errno; probe_close()
 * releases what they made, even after a failure.
 */

#define PROBE_BASE_VERSION "5.4"

/* ---- target.c ------------------------------------------------------------------------------- */

/* True if this process may load programs that read the address of their context. */
bool probe_shows_pointers(void);
/* As probe_target(), for programs of these types: bit n for type n. */
int probe_session_target(struct ebpf_target *t, const char *kernel, uint32_t types, struct err *e);
/*
 * Where do programs of these types (bit n for type n) write their records? 0: perf rings. 1: BPF
 * ring buffers, because perf_event_output() is a stub. -ENOTSUP: nowhere.
 */
int probe_session_choose_rings(const struct ebpf_target *t, uint32_t types, struct err *e);

/* ---- iface.c: the interfaces of a session --------------------------------------------------- */

/* The IPv4 netmask of an interface in network order; 0: it has none. For "ip broadcast". */
uint32_t probe_iface_netmask(const char *name);
int probe_session_choose_ifaces(struct probe *p, const char *const *patterns, struct err *e);
void probe_session_free_ifaces(struct probe *p);
/*
 * Moves the thread to the namespace of the interfaces, if that is another one. Returns a descriptor
 * for probe_netns_leave(), -1 if there is nothing to leave, or another -errno.
 */
int probe_session_visit_netns(const struct probe *p);
/* Lists the interfaces again. */
int probe_session_hear(struct probe *p, struct err *e);
bool probe_session_wants_iface(const struct probe *p, const char *name);
bool probe_session_has_glob(const struct probe *p);
bool probe_session_wants_all(const struct probe *p); /* -i any, or no -i */

/* ---- maps.c: the maps and rings of p->capture ----------------------------------------------- */

int probe_session_make_maps(struct probe *p, struct err *e);
int probe_session_open_rings(struct probe *p, struct err *e);
/* Bytes of one ring. */
size_t probe_session_ring_len(const struct probe_config *c);
void probe_session_close_maps(struct probe *p);
/* Enters an interface into the map of link types. */
void probe_session_linktype(const struct probe *p, const struct kbpf_iface *i);

/* ---- source.c: where the packets come from -------------------------------------------------- */

/* Whether the only hook delivers its packets itself. */
bool probe_session_delivers(const struct probe *p, const struct probe_config *c);
/* Opens the rings and loads the programs, or opens the hook that needs none. */
int probe_session_open_source(struct probe *p, const struct probe_config *c, struct err *e);
/* The chosen interfaces; *numbers is malloc'ed. */
int probe_session_ifaces(const struct probe *p, struct capture_ifaces *at, uint32_t **numbers,
			 struct err *e);

/* ---- load.c: programs ----------------------------------------------------------------------- */

/* Returns the program's descriptor. */
int probe_session_load(struct probe *p, struct hook *h, bool want_log, struct err *e);
int probe_session_load_all(struct probe *p, const struct probe_config *c, struct err *e);

/* ---- follow.c: interfaces that appear and disappear ----------------------------------------- */

int probe_session_follow_open(struct probe *p, const struct probe_config *c, struct err *e);
void probe_session_follow_close(struct probe *p);
/* True if hook i is attached to each chosen interface, and not once for all. */
bool probe_session_by_iface(const struct probe *p, unsigned i);
/* Attaches hook i to the chosen interfaces; it may fail on one that a glob chose. */
int probe_session_attach_ifaces(struct probe *p, unsigned i, struct err *e);
/* Call it when wake_fd may be readable: attaches to interfaces that have appeared, and forgets
 * those that are gone. */
void probe_session_follow(struct probe *p);

/* ---- poll.c --------------------------------------------------------------------------------- */

/* Notes that the rings are read now. `leaves`: other work follows. */
void probe_session_at_rings(struct probe *p, bool leaves);
/* Parses a record; false, and counted, if no program of ours writes such records. */
bool probe_session_parse(struct probe *p, const void *data, uint32_t len, struct probe_event *ev);
/* Passes the packet of a record on. Returns the callback's result. */
int probe_session_pass(struct probe *p, int cpu, struct probe_event *ev);
/* Passes on a packet that a hook delivers itself (user: the session). */
int probe_session_packet(void *user, const struct kbpf_packet *packet);

/* ---- hold.c: records that wait to be passed on ---------------------------------------------- */

bool probe_session_holds(const struct probe *p);
bool probe_session_is_full(const struct probe *p); /* release some before the rings are read */
/* How long to wait for records if the caller would wait `timeout_ms`. */
int probe_session_wait_ms(const struct probe *p, int timeout_ms);
/* Takes a record from a ring (user: the session): passes it on or keeps it. */
int probe_session_take(void *user, int cpu, const void *data, uint32_t len);
/* Passes kept records on for a while; after the end of the capture, all of them. */
void probe_session_release(struct probe *p);

/* ---- tally.c: counts instead of records ----------------------------------------------------- */

int probe_session_make_tally(struct probe *p, struct err *e);
/* Waits for the time to pass, or for news. 0 or -errno. */
int probe_session_wait(const struct probe *p, int timeout_ms);

/* ---- attach.c ------------------------------------------------------------------------------- */

int probe_session_attach(struct probe *p, const struct probe_config *c, struct err *e);

/* ---- track.c: for --track, once all hooks are attached -------------------------------------- */

int probe_session_track_open(struct probe *p, const struct probe_config *c, struct err *e);
void probe_session_track_close(struct probe *p);

#endif
