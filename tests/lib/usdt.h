/* SPDX-License-Identifier: MIT */
/*
 * usdt.h - USDT probes for tests, as sys/sdt.h of SystemTap documents them: a nop and a note. The
 * caller says where the arguments are, and that those places hold them (`inputs` of the asm).
 */
#ifndef BPFCAP_TESTS_LIB_USDT_H
#define BPFCAP_TESTS_LIB_USDT_H

#include <stdint.h>

#if defined(__x86_64__)

/* clang-format off */

/* The counter of a probe that the kernel increments while somebody wants the probe. */
#define USDT_SEMAPHORE(name) \
	__attribute__((section(".probes"), used)) volatile uint16_t usdt_semaphore_##name

#define USDT_NOTE(provider, name, semaphore, args, ...) \
	__asm__ volatile("990:	nop\n" \
			 ".pushsection .note.stapsdt,\"\",\"note\"\n" \
			 ".balign 4\n" \
			 ".4byte 992f-991f, 994f-993f, 3\n" \
			 "991:	.asciz \"stapsdt\"\n" \
			 "992:	.balign 4\n" \
			 "993:	.8byte 990b, usdt_base, " semaphore "\n" \
			 ".asciz \"" provider "\"\n" \
			 ".asciz \"" name "\"\n" \
			 ".asciz \"" args "\"\n" \
			 "994:	.balign 4\n" \
			 ".popsection\n" \
			 ".ifndef usdt_base\n" \
			 ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
			 ".weak usdt_base\n" \
			 ".hidden usdt_base\n" \
			 "usdt_base:	.space 1\n" \
			 ".size usdt_base, 1\n" \
			 ".popsection\n" \
			 ".endif\n" ::__VA_ARGS__ \
			 : "memory")

/* clang-format on */
#endif
#endif
