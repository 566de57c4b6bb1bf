/* SPDX-License-Identifier: MIT */
/*
 * capture.h - the program that runs at a hook: prologue, filter, copy, submit.
 *
 * Private to src/probes. capture.c puts the pieces together; skb.c, packet.c and
 * submit.c are the pieces of tracing programs, ctx.c is the whole of the others.
 */
#ifndef BPFCAP_SRC_PROBES_CAPTURE_CAPTURE_H
#define BPFCAP_SRC_PROBES_CAPTURE_CAPTURE_H

#include "bpfcap/cbpf2ebpf.h"
#include "../hook.h"
#include "../layout/layout.h"
#include "../meta.h"
#include "../record.h"

/* What the programs of one session share. */
struct capture {
	const struct ebpf_target *target;
	const struct probe_layout *layout; /* needed by tracing hooks */
	/* The filter for Ethernet frames, and for packets that begin with an IP header. One that
	 * has no meaning for the latter does not compile, and matches none: cnt is 0. */
	struct cbpf_prog eth, raw;
	struct cbpf2ebpf_tables *tables; /* their long lists; NULL: are in the programs */
	uint32_t snap_len;
	uint32_t window_len; /* bytes read before the filter runs; they decide its verdict */
	int ifaces_fd;	     /* map of the interfaces chosen, which change; 0: all are */
	uint32_t
		iface_netns; /* where they are: others have the same numbers; 0: not to be tested */
	struct capture_meta meta;
	bool stack;
	bool fake_headers; /* make the headers that a packet does not have yet */
	bool has_skb_data; /* the packet starts there from skb->data; else it is found */
	int32_t skb_data;
	int linktype; /* what all packets are taken for (-y), or -1 */
	bool track;
	bool ptr_values; /* programs may know the address of their context: CAP_PERFMON */
	int track_fd;	 /* map; 0 in programs only shown */
	int events_fd, counters_fd, scratch_fd, linktypes_fd; /* maps; 0 in programs only shown */
	int tables_fd;					      /* the same; 0: none */
};

/* Value of the per-CPU counter map; the key is the hook's index. */
struct capture_counters {
	uint64_t seen, matched, lost_ring, lost_other, no_packet;
};

#define CAPTURE_SHARED_LEN 640 /* of skb_shared_info, with room for 32 fragments */

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
	uint64_t at;	 /* where the next are to be read, */
	uint32_t left;	 /* how many of this fragment, */
	uint32_t frag;	 /* the number of the one behind it */
	uint32_t linear; /* length of the linear part */
	uint32_t unused;
	uint8_t shared[CAPTURE_SHARED_LEN];
	struct probe_record record;
};

#define CAPTURE_LEVELS	   3  /* process, soft interrupt, hard interrupt */
#define CAPTURE_WINDOW_MIN 16 /* the head of an Ethernet frame with a tag */
#define CAPTURE_MADE_MAX   56 /* Ethernet and IPv6, rounded up: what the window holds then */

/* Bytes of a scratch value. */
uint32_t probe_capture_scratch_len(const struct capture *c);

/* Takes over what the configuration says of packets, its filter compiled. -EINVAL (input). */
int probe_capture_configure(struct capture *c, const struct probe_config *config, struct err *e);

/* Compiles the filter into *c (eth, raw, tables, window_len). */
int probe_capture_filter(struct capture *c, const char *expr, struct err *e);
void probe_capture_filter_free(struct capture *c);

int probe_capture_build(const struct capture *c, const struct hook *h, struct ebpf_prog *out,
			struct err *e);

/* Do XDP programs for this target get packets in several buffers? They are loaded with
 * BPF_F_XDP_HAS_FRAGS then, which came with its helpers. */
bool probe_capture_has_frags(const struct capture *c);

/* ---- The pieces --------------------------------------------------------------------------- */

/* One program being written. */
struct emit {
	struct ebpf_builder *b;
	const struct capture *c;
	const struct hook *h;
	ebpf_label out;	       /* return, without counting */
	ebpf_label release;    /* leave the scratch, return */
	ebpf_label no_packet;  /* count it, release */
	ebpf_label unreadable; /* count it as lost, release */
	enum ebpf_helper read; /* probe_read, or probe_read_kernel where it exists */
	enum ebpf_size ptr;    /* of a kernel pointer */
	bool has_head;	       /* the address of a packet's data can be read: SLOT_HEAD */
};

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
	FILTER_STACK_LEN = 384,
};

/* Offsets in the scratch, by what is there. */
#define SCRATCH(field) offsetof(struct capture_scratch, field)
#define RECORD(field)  (SCRATCH(record) + offsetof(struct probe_record, field))
#define SKB(m, f)      (SCRATCH(skb) + (size_t)layout_off((m)->c->layout, LAYOUT_SKB_##f))
#define STACK(m)       ((m)->c->stack ? RECORD_STACK_LEN : 0)
#define PACKET(m)      ((int)(sizeof(struct capture_scratch) + STACK(m)))
#define COUNTER(field) offsetof(struct capture_counters, field)

/* counters->field++. In: SLOT_COUNTERS. Clobbers R1, R2. */
void probe_emit_count(const struct emit *m, size_t counter);
/* counters = lookup(SLOT_HOOK), into SLOT_COUNTERS; to m->out without. Clobbers R0..R5. */
void probe_emit_counters(const struct emit *m);

/* ancillary.c: cbpf2ebpf_ancillary of tracing programs and of others; user: struct emit */
int probe_emit_ancillary(void *user, struct ebpf_builder *b, uint32_t ad);
int probe_emit_outbound(void *user, struct ebpf_builder *b, uint32_t ad);

/* skb.c */
void probe_emit_scratch_take(const struct emit *m);
void probe_emit_scratch_release(const struct emit *m);
void probe_emit_skb(const struct emit *m);
void probe_emit_iface(const struct emit *m);
void probe_emit_iface_test(const struct emit *m);

/* meta.c */
void probe_emit_pid_test(const struct emit *m, ebpf_label away);
void probe_emit_reason_test(const struct emit *m);
void probe_emit_skb_mark_test(const struct emit *m);
void probe_emit_ctx_mark_test(const struct emit *m);
void probe_emit_netns_test(const struct emit *m);
void probe_emit_iface_netns_test(const struct emit *m);
void probe_emit_net(const struct emit *m);

/* track.c */
void probe_emit_track_skb(const struct emit *m);
void probe_emit_track_ctx(const struct emit *m);
void probe_emit_track_find(const struct emit *m);
void probe_emit_track_note(const struct emit *m);
/* The program that forgets the sk_buff at `skb_at` of its context. */
int probe_track_build(const struct capture *c, enum ebpf_prog_type type, enum ebpf_size size,
		      int skb_at, struct ebpf_prog *prog, struct err *e);

/* packet.c */
void probe_emit_packet_start(const struct emit *m);
void probe_emit_packet_window(const struct emit *m);
void probe_emit_packet_rest(const struct emit *m);

/* pages.c */
uint32_t probe_pages_room(const struct capture *c, uint32_t packet_len); /* that it needs */
void probe_emit_pages_window(const struct emit *m);
void probe_emit_pages_rest(const struct emit *m);

/* fake.c */
#define LINKTYPE_HEADLESS 0xffff /* within a program: at R7 stands a transport header */
void probe_emit_fake_headers(const struct emit *m);

/* submit.c */
void probe_emit_submit(const struct emit *m);

/* ctx.c: socket, tc, xdp. In: R1 = context. Ends the program. */
int probe_emit_ctx_program(struct emit *m, struct err *e);

#endif
