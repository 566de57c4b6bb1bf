/* SPDX-License-Identifier: MIT */
/*
 * context.h - what the files that write capture programs share: the session's choices, the hook,
 * the program being written, and its stack and scratch.
 *
 * Private to src/probes. No functions: pieces.h lists the parts of a program, capture.h the rest.
 */
#ifndef BPFCAP_SRC_PROBES_CAPTURE_CONTEXT_H
#define BPFCAP_SRC_PROBES_CAPTURE_CONTEXT_H

#include "bpfcap/through.h"
#include "../call.h"
#include "../layout/layout.h"
#include "../meta.h"
#include "../record.h"

struct emit;
struct hook_ops;

/* ---- The hook ----------------------------------------------------------------------------- */

#define HOOK_TEXT_LEN 128

/* Hooks whose context is the packet: what that context offers. */
struct capture_ctx {
	enum cbpf2ebpf_access access;
	bool is_skb;	 /* the context is a struct __sk_buff */
	bool in_buffers; /* the packet may lie in several buffers, see has_frags */
	/* A packet socket: its filter sees a frame on lo on its way out and on its way in, and
	 * frames without the VLAN tag that the kernel keeps beside them, as tcpdump's does. */
	bool packet_socket;
	int16_t ifindex;	/* offsets in the context */
	int16_t data, data_end; /* -1: the packet cannot be read through pointers */
	int32_t verdict;	/* the program's return value: the packet continues as before */
};

/* What the programs of all hooks of one kind have in common. */
struct capture_kind {
	enum ebpf_prog_type type;
	bool tracing; /* the program gets the address of an sk_buff, so the layout is needed */
	bool user;    /* it gets addresses in the memory of the process that it runs in */
	struct capture_ctx ctx; /* unless tracing or user */

	/* Writes the whole program: probe_emit_tracing_program(), probe_emit_ctx_program() or
	 * probe_emit_user_program(). */
	int (*emit)(struct emit *m, struct err *e);
	/*
	 * Tracing. In: R1 = context, SLOT_HOOK = the hook's index. Out: R6 = sk_buff or 0;
	 * SLOT_REASON and SLOT_LOCATION where the hook knows them; SLOT_HOOK = index of the hook
	 * that runs, for a row of hooks. Jumps to m->out when there is nothing to capture.
	 * Clobbers R0..R5, R7..R9 and the filter's stack.
	 */
	void (*emit_prologue)(const struct emit *m);
	/*
	 * Optional: the hook's arguments for a function of the user's own. In: R6 = struct
	 * probe_call, SLOT_CTX. Clobbers R0..R2.
	 */
	void (*emit_args)(const struct emit *m);
	/*
	 * User; user.c says what each takes and gives. emit_next and emit_more: for hooks that get
	 * several packets at once.
	 */
	void (*emit_next)(const struct emit *m);
	void (*emit_packet)(const struct emit *m);
	void (*emit_more)(const struct emit *m, int rounds);
};

/* A place in the kernel where packets are captured. hooks/ fills it; hooks/hook.h has the rest. */
struct hook {
	const struct hook_ops *ops;
	const struct capture_kind *kind;
	void *state;		   /* of the hook's own file; NULL in all of a row but the first */
	char spec[HOOK_TEXT_LEN];  /* "rawtp:net_dev_queue" */
	char name[HOOK_TEXT_LEN];  /* for the user: "tx" */
	char event[HOOK_TEXT_LEN]; /* tracepoint or function */
	uint16_t index;		   /* in the session; goes into each record */
	/* Hooks that share a program stand in a row: the first has their number, the others 0. */
	unsigned member_cnt;
	uint32_t attach_type; /* expected_attach_type of the program, 0 for most */
	enum probe_dir dir;

	/* Where the sk_buff, the drop reason and the dropping address are: raw tracepoint: argument
	 * from 0; tracepoint: offset in the record; kprobe: argument from 0. -1: not there. */
	int skb_at, reason_at, location_at;
	enum ebpf_size reason_size;
};

/* ---- The session's choices ---------------------------------------------------------------- */

/* What the programs of one session share. */
struct capture {
	const struct ebpf_target *target;
	const struct probe_layout *layout; /* needed by tracing hooks */
	/* The filter for Ethernet frames, and for packets that begin with an IP header; raw is NULL
	 * if libpcap refuses the expression for the latter: no such packet matches. */
	struct cbpf2ebpf_filter *eth, *raw;
	/* For packet sockets, if a hook is one: */
	bool sockets;
	struct cbpf2ebpf_filter *live;		   /* asks the kernel for VLAN tags; NULL: as eth */
	struct cbpf_prog classic_eth, classic_raw; /* no instructions: raw as above */
	bool user;				   /* a hook sees the memory of processes */
	bool selects; /* the program only selects packets, the socket delivers them */
	struct cbpf2ebpf_tables *tables; /* their long lists; NULL: they stay in the programs */
	uint32_t netmask; /* of the only interface, in network order; 0: several, or none */
	uint32_t snap_len;
	bool asks_iface;       /* the filter reads the interface's number */
	uint32_t window_len;   /* bytes read before the filter runs; they decide its verdict */
	uint32_t buffer_len;   /* bytes that the filter may read; what was not copied is garbage */
	struct call_code call; /* of the user's own; no instructions: none */
	struct cbpf2ebpf_through through; /* no carriers: only the packet itself is looked at */
	bool inner_only;
	int ifaces_fd;	      /* map of the interfaces chosen, which change; -1: all are */
	uint32_t iface_netns; /* their namespace; 0: do not test it */
	struct capture_meta meta;
	bool stack;
	bool fake_headers; /* make the headers that a packet does not have yet */
	bool has_skb_data; /* the packet starts there from skb->data; else it is found */
	int32_t skb_data;
	int linktype; /* the type that all packets are treated as (-y), or -1 */
	bool track;
	bool ringbuf;	 /* records go to BPF ring buffers, not to perf rings */
	uint32_t tally;	 /* count matches in a table of so many rows; 0: write records */
	bool ptr_values; /* programs may know the address of their context: CAP_PERFMON */
	/* Maps, or -1. Programs that are only shown have 0 for each. */
	int track_fd, tables_fd, tally_fd, call_fd;
	int events_fd, counters_fd, scratch_fd, linktypes_fd;
};

/* Value of the per-CPU counter map; the key is the hook's index. */
struct capture_counters {
	uint64_t seen, matched, lost_ring, lost_other, no_packet;
	uint64_t lost_refused; /* the helper failed, but the ring was not full; the last errno: */
	int64_t refusal;
	uint64_t lost_memory;	       /* of a process, not to be read */
	uint64_t dropped;	       /* by the user's own function */
	uint64_t beyond, beyond_bytes; /* counted here, because the tally is full */
};

#define CAPTURE_SHARED_LEN 640 /* of skb_shared_info, enough for 32 fragments */

/*
 * Tracing programs work in a value of a plain array map, `busy` while one does: a program may be
 * interrupted by another on the same CPU, so each has several, key = CPU * levels + level.
 * (A per-CPU map would limit the value to 32 KiB.) The packet follows.
 */
struct capture_scratch {
	uint64_t busy;
	uint64_t tmp;
	uint8_t skb[256];
	/* Of a packet with bytes in pages (pages.c): */
	uint64_t at;	 /* the address of the next ones, */
	uint32_t left;	 /* how many are left of this fragment, */
	uint32_t frag;	 /* the number of the next fragment */
	uint32_t linear; /* length of the linear part */
	uint32_t level;	 /* of this scratch, for the values of call.c */
	/* Of a packet in user memory (user.c, mbuf_copy.c). In the scratch the verifier takes them
	 * for unknown numbers, so that all ways through a loop look alike to it. */
	uint32_t copied; /* bytes of it that are here */
	uint32_t segments, sum, next;
	uint8_t shared[CAPTURE_SHARED_LEN];
	struct probe_record record;
};

#define CAPTURE_LEVELS	   3  /* process, soft interrupt, hard interrupt */
#define CAPTURE_WINDOW_MIN 16 /* the header of an Ethernet frame with a tag */
#define CAPTURE_MADE_MAX   56 /* Ethernet and IPv6 headers, rounded up */

/* ---- The program being written ------------------------------------------------------------ */

/* One program being written. */
struct emit {
	struct ebpf_builder *b;
	const struct capture *c;
	const struct hook *h;
	ebpf_label out;	       /* return, without counting */
	ebpf_label release;    /* leave the scratch, return */
	ebpf_label no_packet;  /* count it, release */
	ebpf_label unreadable; /* count it as lost, release */
	ebpf_label memory;     /* count it as lost because of its memory, release */
	ebpf_label call;       /* the user's own function */
	ebpf_label done;       /* user: there are no more packets, leave the scratch, return */
	enum ebpf_helper read; /* probe_read, or probe_read_kernel where it exists */
	enum ebpf_size ptr;    /* of a kernel pointer */
	bool has_head;	       /* the address of a packet's data can be read: SLOT_HEAD */
};

/* Where a filter continues. */
struct inside_labels {
	ebpf_label none;  /* nothing matches */
	ebpf_label found; /* the packet itself matches; for those that are followed, too */
};

static inline bool calls_function(const struct capture *c)
{
	return c->call.prog.cnt != 0;
}

static inline bool looks_inside(const struct capture *c)
{
	return c->through.carriers != 0;
}

/* Stack slots, from the frame pointer. The filter may use what is below SLOT_END. */
enum {
	SLOT_CTX = -8,
	SLOT_COUNTERS = -16,
	SLOT_SCRATCH = -24,
	SLOT_START = -32, /* from the window on, packet byte i is at this kernel address + i */
	SLOT_REASON = -40,
	SLOT_LOCATION = -48,
	SLOT_KEY = -56,
	SLOT_HOOK = -64,    /* index of the hook, u32 */
	SLOT_TRACKED = -72, /* not 0: followed, whether it matches or not */
	SLOT_SKB = -80,	    /* addresses of the sk_buff and of its data: see track.c */
	SLOT_HEAD = -88,
	SLOT_END = -88,
	SLOT_RECORD = SLOT_END - (int)sizeof(struct probe_record), /* of hooks that do not trace */
	FILTER_STACK_LEN = 384,
	/* beside a function of the user's own, which gets the rest of the 512 bytes */
	FILTER_STACK_LEN_CALL = 184,
	SLOT_INNER = SLOT_END - FILTER_STACK_LEN - 8, /* layer, offset, link type; u16 each */
	/* User: packets of this run; for the hook's own use. Such packets are not followed. */
	SLOT_ROUND = SLOT_REASON,
	SLOT_USER = SLOT_SKB,
	SLOT_USER_2 = SLOT_HEAD,
};

/* Offsets in the scratch. */
#define SCRATCH(field) offsetof(struct capture_scratch, field)
#define RECORD(field)  (SCRATCH(record) + offsetof(struct probe_record, field))
#define SKB(m, f)      (SCRATCH(skb) + (size_t)layout_off((m)->c->layout, LAYOUT_SKB_##f))
#define STACK(m)       ((m)->c->stack ? RECORD_STACK_LEN : 0)
#define CALLED(m)      (calls_function((m)->c) ? (int)sizeof(struct record_call) : 0)
#define PACKET(m)      ((int)SCRATCH(record) + probe_emit_head_len(m) + CALLED(m) + STACK(m))
#define COUNTER(field) offsetof(struct capture_counters, field)

#define LINKTYPE_HEADLESS 0xffff /* within a program: R7 points to a transport header */

#endif
