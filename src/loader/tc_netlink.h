/* SPDX-License-Identifier: MIT */
/*
 * tc_netlink.h - the messages of tc: qdiscs at the clsact hook and BPF filters on them. One
 * function per message; private to the loader.
 */
#ifndef BPFCAP_SRC_LOADER_TC_NETLINK_H
#define BPFCAP_SRC_LOADER_TC_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfcap/kbpf.h"
#include "owner.h"

struct netlink;

enum tc_qdisc { TC_QDISC_NONE, TC_QDISC_CLSACT, TC_QDISC_INGRESS, TC_QDISC_OTHER };

struct tc_filter {
	int ifindex;
	enum kbpf_tc_dir dir;
	uint32_t prio, handle; /* handle 0: the classifier that holds the filters */
	uint32_t info;	       /* priority and protocol as tc messages have them */
	uint32_t prog_id;      /* 0: not a BPF filter */
	char name[OWNER_NAME_LEN];
};

/* Called for each; after a non-zero result it is not called again, and that result is returned. */
typedef int (*tc_qdisc_fn)(void *user, int ifindex, enum tc_qdisc kind);
typedef int (*tc_filter_fn)(void *user, const struct tc_filter *f);

/* All return 0, fn's value, or -errno. */
int kbpf_tcnl_qdiscs(struct netlink *nl, tc_qdisc_fn fn, void *user);
int kbpf_tcnl_filters(struct netlink *nl, int ifindex, enum kbpf_tc_dir dir, tc_filter_fn fn,
		      void *user);

int kbpf_tcnl_add_clsact(struct netlink *nl, int ifindex);
int kbpf_tcnl_del_clsact(struct netlink *nl, int ifindex);

/* A filter to create: direct-action, with handle 1, for all protocols. */
struct tc_new_filter {
	int ifindex;
	enum kbpf_tc_dir dir;
	uint32_t prio;
	int prog_fd;
	const char *name;
};

/* -EEXIST: the priority is in use. */
int kbpf_tcnl_add_filter(struct netlink *nl, const struct tc_new_filter *f);
/*
 * The clsact qdisc and the first filter on it by one system call, so that a process that is killed
 * leaves both or neither. *qdisc: the result for the qdisc; if it failed, the filter may exist
 * nevertheless.
 */
int kbpf_tcnl_add_both(struct netlink *nl, const struct tc_new_filter *f, int *qdisc);
int kbpf_tcnl_del_filter(struct netlink *nl, const struct tc_filter *f);

#endif
