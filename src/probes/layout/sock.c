/* SPDX-License-Identifier: MIT */
/*
 * sock.c - finds the members of a socket that headers are generated from.
 *
 * As find.c does for sk_buff: a sched_cls program that reads the fields of struct bpf_sock is
 * loaded, never attached, and read back. What the kernel does not reveal stays at -1.
 */
#include <linux/bpf.h>

#include "bpfcap/dsl.h"
#include "../../util.h"
#include "parts.h"

static const struct sock_access {
	uint8_t off; /* in struct bpf_sock */
	enum layout_field field;
} accesses[] = {
	{offsetof(struct bpf_sock, family), LAYOUT_SOCK_FAMILY},
	{offsetof(struct bpf_sock, state), LAYOUT_SOCK_STATE},
	{offsetof(struct bpf_sock, src_ip4), LAYOUT_SOCK_SADDR},
	{offsetof(struct bpf_sock, dst_ip4), LAYOUT_SOCK_DADDR},
	{offsetof(struct bpf_sock, src_ip6), LAYOUT_SOCK_SADDR6},
	{offsetof(struct bpf_sock, dst_ip6), LAYOUT_SOCK_DADDR6},
	{offsetof(struct bpf_sock, protocol), LAYOUT_SOCK_PROTOCOL},
};

#define ACCESS_CNT (ARRAY_LEN(accesses))

/*
 *	sk = skb->sk;  if (!sk || !(sk = sk_fullsock(sk))) return 0;
 *	for each access: r8 = r10 (the marker); r2 = sk->field
 *	return 0
 */
static int build(const struct ebpf_target *t, struct ebpf_prog *out)
{
	struct ebpf_builder *b = ebpf_new(t, EBPF_PROG_SCHED_CLS);
	ebpf_label none = ebpf_label_new(b);
	int rc;

	EMIT(b, LDX(DW, R1, CTX(R1, __sk_buff, sk)),
		JEQ(R1, 0, none),
		CALL(sk_fullsock),
		JEQ(R0, 0, none),
		MOV(R6, R0));
	for (size_t i = 0; i < ACCESS_CNT; i++)
		EMIT(b, MOV(R8, R10),
			LDX(W, R2, MEM(R6, accesses[i].off)));
	EMIT(b, LABEL(none),
		MOV(R0, 0),
		EXIT());
	rc = ebpf_finish(b, out, NULL);
	ebpf_free(b);
	return rc;
}

/* Of the protocol the byte that holds its low 8 bits: until 5.5 it was a bit field of a u32. */
static int32_t low_byte(const struct layout_load *load)
{
	int shift = load->mask ? __builtin_ctzll(load->mask) / 8 : 0;

	return load->off +
	       (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? shift : load->len - 1 - shift);
}

void probe_layout_find_sock(struct probe_layout *l, const struct ebpf_target *t)
{
	struct layout_loads seg[ACCESS_CNT] = {0};
	struct ebpf_prog p = {0};

	if (build(t, &p) < 0 ||
	    probe_layout_reveal(&p, BPF_PROG_TYPE_SCHED_CLS, seg, ACCESS_CNT, NULL) < 0)
		return;
	for (size_t i = 0; i < ACCESS_CNT; i++) {
		const struct layout_load *load = &seg[i].load[0];

		if (seg[i].cnt != 1 || !load->from_ctx)
			continue; /* of addresses: a kernel without IPv6 reads none */
		l->field[accesses[i].field].off =
			accesses[i].field == LAYOUT_SOCK_PROTOCOL ? low_byte(load) : load->off;
	}
}
