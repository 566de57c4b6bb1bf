/* SPDX-License-Identifier: MIT */
/*
 * pieces.h - the pieces of capture programs, by the file that emits them.
 *
 * Private to capture/. The contract of each (registers in, out and clobbered) is at its definition.
 */
#ifndef BPFCAP_SRC_PROBES_CAPTURE_PIECES_H
#define BPFCAP_SRC_PROBES_CAPTURE_PIECES_H

#include "context.h"

/* ---- ancillary.c: cbpf2ebpf_ancillary; user is the struct emit ----------------------------- */

int probe_emit_ancillary(void *user, struct ebpf_builder *b, uint32_t ad); /* tracing programs */
int probe_emit_outbound(void *user, struct ebpf_builder *b, uint32_t ad);  /* the others */

/* ---- skb.c: counters, scratch, sk_buff, interface ------------------------------------------ */

void probe_emit_count(const struct emit *m, size_t counter);
void probe_emit_counters(const struct emit *m);
void probe_emit_count_output(const struct emit *m);
void probe_emit_scratch_take(const struct emit *m);
void probe_emit_scratch_release(const struct emit *m);
void probe_emit_skb(const struct emit *m);
bool probe_emit_knows_dev(const struct capture *c);
void probe_emit_dev(const struct emit *m);
void probe_emit_iface(const struct emit *m);
void probe_emit_iface_test(const struct emit *m);

/* ---- meta.c: conditions that are not about the packet's bytes ------------------------------ */

void probe_emit_pid_test(const struct emit *m, ebpf_label away);
void probe_emit_reason_test(const struct emit *m);
void probe_emit_skb_mark_test(const struct emit *m);
void probe_emit_ctx_mark_test(const struct emit *m);
void probe_emit_net(const struct emit *m);
void probe_emit_iface_netns_test(const struct emit *m);
void probe_emit_netns_test(const struct emit *m);

/* ---- track.c: packets that are followed ---------------------------------------------------- */

void probe_emit_track_skb(const struct emit *m);
void probe_emit_track_ctx(const struct emit *m);
void probe_emit_track_find(const struct emit *m);
void probe_emit_track_note(const struct emit *m);

/* ---- packet.c: where the packet starts, its linear bytes ----------------------------------- */

void probe_emit_packet_start(const struct emit *m);
void probe_emit_packet_window(const struct emit *m);
void probe_emit_packet_rest(const struct emit *m);

/* ---- pages.c: the bytes in pages ----------------------------------------------------------- */

/* Bytes of scratch needed after the header of a record to copy a packet of `packet_len` bytes. */
uint32_t probe_pages_room(const struct capture *c, uint32_t packet_len);
void probe_emit_pages_window(const struct emit *m);
void probe_emit_pages_rest(const struct emit *m);

/* ---- fake.c: headers that the packet does not have yet ------------------------------------- */

void probe_emit_fake_headers(const struct emit *m);

/* ---- inside.c: the filter for packets inside the packet ------------------------------------ */

int probe_emit_inside(struct emit *m, const struct cbpf2ebpf_frame *eth,
		      const struct cbpf2ebpf_frame *raw, const struct inside_labels *l,
		      struct err *e);

/* ---- tracing.c: the filter, for a packet in the scratch ------------------------------------- */

int probe_emit_scratch_filter(struct emit *m, struct err *e);

/* submit.c: bytes of the head of this program's records. */
int probe_emit_head_len(const struct emit *m);
/* ctx.c: where the record is, from the frame pointer. */
int probe_emit_record_at(const struct emit *m);
#define ON_STACK(m, field)                                                                         \
	MEM(R10, probe_emit_record_at(m) + (int)offsetof(struct probe_record, field))

/* ---- call.c: the user's own function ------------------------------------------------------- */

/*
 * Each asks the function whether to keep the packet, and copies what it wrote behind the head of
 * the record; otherwise counts the packet and jumps to the end of the program.
 *
 * In: R9 = scratch with the packet and record.{len, ...}. Clobbers R0..R6.
 */
void probe_emit_call_scratch(const struct emit *m);
/* In: R6 = context, R8 = record.cap_len, the record. Clobbers R0..R5, R7, R9. */
void probe_emit_call_ctx(const struct emit *m);
/* Places the function, after the program. */
void probe_emit_call_function(const struct emit *m);

/* ---- submit.c: the record is completed and written to the ring ----------------------------- */

/* In: R9 = scratch. Out: r = record.cap_len, which is at most snap_len. */
void probe_emit_cap_len(const struct emit *m, ebpf_reg r);
void probe_emit_submit(const struct emit *m);

/* ---- ringbuf.c: the same to a BPF ring buffer ---------------------------------------------- */

void probe_emit_ringbuf_output(const struct emit *m, int head_len);
void probe_emit_ringbuf_packet(const struct emit *m);

/* ---- tally.c: or the packet is counted in a table ------------------------------------------ */

void probe_emit_tally(const struct emit *m);

#endif
