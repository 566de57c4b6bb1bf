/* SPDX-License-Identifier: MIT */
/* rcu.h - has the kernel's grace periods end at once, for a while; private. */
#ifndef BPFCAP_SRC_LOADER_RCU_H
#define BPFCAP_SRC_LOADER_RCU_H

struct owner;

/* A descriptor for the two below, which work without rights of their own. -errno without it. */
int kbpf_rcu_open(void);

/* Until kbpf_rcu_restore(). Does nothing where somebody else has done it, or fd is negative. */
void kbpf_rcu_expedite(int fd);
void kbpf_rcu_restore(int fd);

/* Restores what this process of ours left. */
void kbpf_rcu_sweep_owner(const struct owner *only);

#endif
