/* SPDX-License-Identifier: MIT */
/* session.h - a capture session: what struct probe holds. */
#ifndef BPFCAP_SRC_PROBES_SESSION_SESSION_H
#define BPFCAP_SRC_PROBES_SESSION_SESSION_H

#include "../capture/capture.h"
#include "../clock.h"
#include "../kallsyms.h"
#include "../owners/owners.h"
#include "../tp_format.h"

/* Counts kept on our side, by hook. */
struct session_hook {
	int prog_fd; /* -1: none */
	uint64_t captured;
	uint64_t damaged; /* records that no program of ours writes */
};

#define SESSION_FORGET_CNT 3

struct probe {
	struct ebpf_target target;
	struct probe_layout layout;
	struct capture capture;
	struct hook_list hooks;
	struct session_hook *state; /* one for each hook */

	uint32_t own_netns;	  /* inode, 0: unknown */
	struct kbpf_iface *iface; /* all of this network namespace */
	unsigned iface_cnt;
	uint64_t iface_heard_ns; /* CLOCK_MONOTONIC */
	char **pattern;		 /* -i: names and globs, NULL-terminated; NULL: all */
	struct kbpf_iface *chosen;
	unsigned chosen_cnt;
	struct kbpf_iface_monitor *monitor; /* NULL: interfaces that come later do not matter */
	int wake_fd;			    /* readable when there is news, or the clock is set */

	struct hook_env env;
	int forget_fd[SESSION_FORGET_CNT]; /* see track.c; 0: none */
	struct kbpf_guard *guard; /* takes off tc filters when we die; NULL: nothing to guard */
	struct kbpf_perfbuf *rings;
	struct record_room room;
	struct probe_clock clock;
	struct kallsyms
		*symbols; /* read when the first is asked for; see probe_session_symbols() */
	bool symbols_tried;
	struct tp_names reasons;
	struct owners *owners; /* NULL: not asked for */
	bool stopped;
	char *log; /* the verifier's, when asked for */

	/* During a poll. */
	probe_event_fn fn;
	void *user;
	probe_notice_fn notice;
	void *notice_user;
};

/* target.c: may this process load programs that know the addresses of what they are given? */
bool probe_shows_pointers(void);

/* session.c: does one of the hooks trace, or does one not? */
bool probe_session_has_hook(const struct probe *p, bool tracing);

/* maps.c: the maps and rings of p->capture. */
int probe_session_make_maps(struct probe *p, const struct probe_config *c, struct err *e);
void probe_session_close_maps(struct probe *p);

/* track.c: for --track, once all hooks are attached. */
int probe_session_track_open(struct probe *p, struct err *e);
void probe_session_track_close(struct probe *p);

/* poll.c: NULL where the kernel shows no symbols. */
const struct kallsyms *probe_session_symbols(struct probe *p);

/* Enters an interface into the map of link types. */
void probe_session_linktype(const struct probe *p, const struct kbpf_iface *i);

/* iface.c */
int probe_session_choose_ifaces(struct probe *p, const char *const *patterns, struct err *e);
void probe_session_free_ifaces(struct probe *p);
/* Lists the interfaces anew. */
int probe_session_hear(struct probe *p, struct err *e);
bool probe_session_wants_iface(const struct probe *p, const char *name);
bool probe_session_is_glob(const char *pattern);
bool probe_session_has_glob(const struct probe *p);
bool probe_session_wants_all(const struct probe *p); /* -i any, or no -i */

/* follow.c: interfaces that come and go. */
int probe_session_follow_open(struct probe *p, const char *const *patterns, struct err *e);
void probe_session_follow_close(struct probe *p);
/* Hook i is attached to each of the interfaces chosen, and not once for all. */
bool probe_session_by_iface(const struct probe *p, unsigned i);
/* Attaches hook i to the interfaces chosen; one that a glob chose may fail. */
int probe_session_attach_ifaces(struct probe *p, unsigned i, struct err *e);
/* To be called when wake_fd may be readable: attaches to what has come, forgets what has gone. */
void probe_session_follow(struct probe *p);
/* LINKTYPE of what a hook sees on a device of this ARPHRD type; -1: neither Ethernet nor IP. */
int probe_linktype_of_arp(uint16_t arp_type);

#endif
