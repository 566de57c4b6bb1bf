/* SPDX-License-Identifier: MIT */
/* choose.h - -r: selects packets of files by interface, hook, reason, process and namespace. */
#ifndef BPFCAP_TOOLS_BPFCAP_CHOOSE_H
#define BPFCAP_TOOLS_BPFCAP_CHOOSE_H

#include "options.h"
#include "output/packet.h"

struct choice {
	const struct cap_options *options;
	uint32_t netns;	  /* 0: any */
	bool needs_names; /* of the packets */
};

/* -EINVAL (input) for a namespace that does not exist. */
int choose_init(struct choice *c, const struct cap_options *o, struct err *e);
/*
 * Refuses an option that chooses by what a file does not hold: a pcap file has neither interfaces
 * nor hooks. -EINVAL (input).
 */
int choose_check(const struct choice *c, const char *path, const struct input_iface *f,
		 struct err *e);
/* Whether a packet with its names is chosen. */
bool choose_takes(const struct choice *c, const struct packet *pk);

/* Whether `spec` names this hook: "kprobe:ip_*@1" names "ip_rcv"; "tc" names "tc:ingress". */
bool choose_is_hook(const char *spec, const char *name);
/* Whether `name`, with or without the prefix of the kernel's enum, is this reason (NULL: none). */
bool choose_is_reason(const char *name, const char *reason);

#endif
