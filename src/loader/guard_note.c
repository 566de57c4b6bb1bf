/* SPDX-License-Identifier: MIT */
/*
 * guard_note.c - sends notes to a guardian, and checks whether a set of notes names an object.
 * Fails with the error of send(2).
 */
#include "guard_note.h"

#include <errno.h>
#include <sys/socket.h>

#include "bpfcap/kbpf.h"

int kbpf_guard_note(const struct kbpf_guard *g, const struct guard_note *n)
{
	if (!g)
		return 0;
	return send(g->sock, n, sizeof(*n), MSG_NOSIGNAL) < 0 ? -errno : 0;
}

bool kbpf_guard_note_matches(const struct guard_notes *only, const struct owner *o,
			     enum guard_kind kind, uint64_t id)
{
	if (!only)
		return !kbpf_owner_alive(o);
	if (!kbpf_owner_same(&only->owner, o))
		return false;
	for (size_t i = 0; i < only->cnt; i++)
		if (only->note[i].kind == kind && only->note[i].id == id)
			return true;
	return false;
}
