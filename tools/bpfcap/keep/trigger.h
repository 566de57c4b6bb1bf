/* SPDX-License-Identifier: MIT */
/* trigger.h - --trigger: the conditions under which the newest packets are written. */
#ifndef BPFCAP_TOOLS_BPFCAP_KEEP_TRIGGER_H
#define BPFCAP_TOOLS_BPFCAP_KEEP_TRIGGER_H

#include "../options.h"
#include "../output/packet.h"

struct trigger;

struct triggers {
	struct trigger *list;
	size_t cnt;
};

/*
 * Reads the conditions of the options. -EINVAL (input) for one that has no meaning; free `t` in
 * either case.
 */
int triggers_read(struct triggers *t, const struct cap_options *o, struct err *e);
/* Finds their hooks in the session. -EINVAL (input) if it does not have one of them. */
int triggers_bind(struct triggers *t, struct probe *p, struct err *e);
/* Takes each packet, in order. Gives the text of the condition that it fulfils, or NULL. */
const char *triggers_packet(struct triggers *t, const struct packet *pk);
void triggers_free(struct triggers *t);

#endif
