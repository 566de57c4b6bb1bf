/* SPDX-License-Identifier: MIT */
/*
 * seccomp.c - is a classic program a seccomp filter, not a filter of packets? Takes any valid
 * program; says yes only if it is sure.
 *
 * A seccomp filter loads nothing but whole words of struct seccomp_data, and returns what to do
 * with the system call. No packet filter returns such a number of bytes to capture.
 */
#include <linux/seccomp.h>

#include "bpfcap/cbpf.h"
#include "../../util.h"
#include "code.h"

/* Linux 5.0 */
#ifndef SECCOMP_RET_USER_NOTIF
#define SECCOMP_RET_USER_NOTIF 0x7fc00000U
#endif

/* Those that are used alone: they let the call pass, or ask somebody. */
static bool passes(uint32_t action)
{
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       action == SECCOMP_RET_TRACE || action == SECCOMP_RET_USER_NOTIF;
}

static bool is_action(uint32_t action)
{
	static const uint32_t others[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD,
					  SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (action == others[i])
			return true;
	return passes(action);
}

static bool is_word_of_data(const struct cbpf_insn *in)
{
	return CBPF_SIZE(in->code) == CBPF_W && in->k % 4 == 0 &&
	       in->k < sizeof(struct seccomp_data);
}

bool cbpf_is_seccomp(const struct cbpf_prog *p)
{
	bool loads = false, allows = false;

	for (size_t i = 0; i < p->cnt; i++) {
		const struct cbpf_insn *in = &p->insns[i];
		const uint16_t class = CBPF_CLASS(in->code), mode = CBPF_MODE(in->code);
		const uint32_t action = in->k & SECCOMP_RET_ACTION_FULL;

		if (class == CBPF_RET && (in->code != CBPF_RET || !is_action(action)))
			return false;
		allows |= class == CBPF_RET && passes(action);
		if (class != CBPF_LD && class != CBPF_LDX)
			continue;
		if (mode == CBPF_IND || mode == CBPF_MSH ||
		    (mode == CBPF_ABS && !is_word_of_data(in)))
			return false;
		loads |= mode == CBPF_ABS;
	}
	return loads && allows;
}
