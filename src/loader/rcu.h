/* SPDX-License-Identifier: MIT */
/* rcu.h - expedites the kernel's grace periods for a while; private. */
#ifndef BPFCAP_SRC_LOADER_RCU_H
#define BPFCAP_SRC_LOADER_RCU_H

struct owner;

/*
 * Opens a descriptor for the two functions below, which then need no privilege. Returns it or
 * -errno.
 */
int kbpf_rcu_open(void);

/*
 * Expedites grace periods until kbpf_rcu_restore(). Does nothing if they already are, or if fd is
 * negative.
 */
void kbpf_rcu_expedite(int fd);
void kbpf_rcu_restore(int fd);

/* Restores the setting if process `o` enabled it. */
void kbpf_rcu_sweep_owner(const struct owner *only);

#endif
