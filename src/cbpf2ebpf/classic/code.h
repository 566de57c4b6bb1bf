/* SPDX-License-Identifier: MIT */
/* code.h - the fields of a classic BPF opcode, and the one table of valid opcodes. */
#ifndef BPFCAP_SRC_CBPF2EBPF_CLASSIC_CODE_H
#define BPFCAP_SRC_CBPF2EBPF_CLASSIC_CODE_H

#include "bpfcap/cbpf.h"

/* clang-format off */
enum {
	CBPF_LD = 0x00, CBPF_LDX = 0x01, CBPF_ST = 0x02, CBPF_STX = 0x03, /* class */
	CBPF_ALU = 0x04, CBPF_JMP = 0x05, CBPF_RET = 0x06, CBPF_MISC = 0x07,

	CBPF_W = 0x00, CBPF_H = 0x08, CBPF_B = 0x10, /* size of a load */

	CBPF_IMM = 0x00, CBPF_ABS = 0x20, CBPF_IND = 0x40, /* mode of a load */
	CBPF_MEM = 0x60, CBPF_LEN = 0x80, CBPF_MSH = 0xa0,

	CBPF_ADD = 0x00, CBPF_SUB = 0x10, CBPF_MUL = 0x20, CBPF_DIV = 0x30, /* ALU */
	CBPF_OR = 0x40, CBPF_AND = 0x50, CBPF_LSH = 0x60, CBPF_RSH = 0x70,
	CBPF_NEG = 0x80, CBPF_MOD = 0x90, CBPF_XOR = 0xa0,

	CBPF_JA = 0x00, CBPF_JEQ = 0x10, CBPF_JGT = 0x20, CBPF_JGE = 0x30, CBPF_JSET = 0x40,

	CBPF_K = 0x00, CBPF_X = 0x08, CBPF_A = 0x10, /* source operand; A: of RET */

	CBPF_TAX = 0x00, CBPF_TXA = 0x80,

	CBPF_CELLS = 16, /* scratch memory */
};
/* clang-format on */

#define CBPF_CLASS(code) ((code)&0x07)
#define CBPF_SIZE(code)	 ((code)&0x18)
#define CBPF_MODE(code)	 ((code)&0xe0)
#define CBPF_OP(code)	 ((code)&0xf0)

/*
 * Offsets of absolute loads that are not offsets from the start of the packet: from AD_OFF on,
 * ancillary data; from NET_OFF on, bytes counted from the network header; from LL_OFF on, from the
 * link-layer header.
 */
#define CBPF_AD_OFF  0xfffff000u
#define CBPF_NET_OFF 0xfff00000u
#define CBPF_LL_OFF  0xffe00000u

/* SKF_AD_* of linux/filter.h, which are part of the kernel's ABI: name, number, tcpdump's name. */
/* clang-format off */
#define CBPF_ANCILLARY(X)                                                                          \
	X(PROTOCOL, 0, "proto")                                                                    \
	X(PKTTYPE, 4, "type")                                                                      \
	X(IFINDEX, 8, "ifidx")                                                                     \
	X(NLATTR, 12, "nla")                                                                       \
	X(NLATTR_NEST, 16, "nlan")                                                                 \
	X(MARK, 20, "mark")                                                                        \
	X(QUEUE, 24, "queue")                                                                      \
	X(HATYPE, 28, "hatype")                                                                    \
	X(RXHASH, 32, "rxhash")                                                                    \
	X(CPU, 36, "cpu")                                                                          \
	X(ALU_XOR_X, 40, "xor_x")                                                                  \
	X(VLAN_TAG, 44, "vlan_tci")                                                                \
	X(VLAN_TAG_PRESENT, 48, "vlanp")                                                           \
	X(PAY_OFFSET, 52, "poff")                                                                  \
	X(RANDOM, 56, "rand")                                                                      \
	X(VLAN_TPID, 60, "vlan_tpid")
/* clang-format on */

enum cbpf_ancillary {
#define CBPF_AD_ENUM(name, number, text) CBPF_AD_##name = number,
	CBPF_ANCILLARY(CBPF_AD_ENUM)
#undef CBPF_AD_ENUM
};

/* The name that tcpdump -d has for an ancillary offset, or NULL. */
const char *cbpf_ancillary_name(uint32_t ad);

enum cbpf_form {
	CBPF_FORM_NONE,	  /* not an opcode */
	CBPF_FORM_PLAIN,  /* no operand */
	CBPF_FORM_IMM,	  /* k is a number */
	CBPF_FORM_SHIFT,  /* k is a shift count */
	CBPF_FORM_ABS,	  /* [k] */
	CBPF_FORM_IND,	  /* [x + k] */
	CBPF_FORM_MSH,	  /* 4*([k]&0xf) */
	CBPF_FORM_CELL,	  /* M[k] */
	CBPF_FORM_X,	  /* x */
	CBPF_FORM_JA,	  /* k is a distance */
	CBPF_FORM_JUMP_K, /* k, jt, jf */
	CBPF_FORM_JUMP_X, /* x, jt, jf */
};

/* Registers and M[k]. */
enum { CBPF_A_BIT = 1, CBPF_X_BIT = 2, CBPF_M_BIT = 4 };

struct cbpf_code {
	uint8_t form; /* enum cbpf_form */
	uint8_t reads, writes;
	const char *name;
};

extern const struct cbpf_code cbpf_codes[256];

/* The entry for an opcode; its form is CBPF_FORM_NONE if there is no such opcode. */
static inline const struct cbpf_code *cbpf_code(uint16_t code)
{
	return &cbpf_codes[code < 256 ? code : 0xff];
}

/*
 * cbpf_run() for programs whose result is undefined in libpcap's interpreter, or that may not end.
 * run.c
 */
uint32_t c2e_run(const struct cbpf_prog *p, const uint8_t *packet, uint32_t cap_len, uint32_t len);

#endif
