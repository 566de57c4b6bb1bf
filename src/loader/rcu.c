/* SPDX-License-Identifier: MIT */
/*
 * rcu.c - /sys/kernel/rcu_expedited, set while hundreds of probes are attached and detached.
 *
 * Detaching a probe waits for three grace periods, of which the kernel's locks allow one at a time:
 * about 40 ms per probe, and less than 1 ms if they are expedited. The setting is machine-wide; any
 * number but 0 enables it. We write the token (owner.h) of the process, so that its guardian, or a
 * later capture, recognizes the setting as ours and restores the 0. If it was enabled before, it
 * stays enabled.
 */
#include "rcu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "owner.h"

#define EXPEDITED_FILE "/sys/kernel/rcu_expedited"

enum {
	MARK = 0x40000000, /* the bit above all tokens */
	NUMBER_LEN = 24,
};

static long mark_of(const struct owner *o)
{
	return MARK | (long)o->token;
}

static long own_mark(void)
{
	struct owner self;

	kbpf_owner_self(&self);
	return mark_of(&self);
}

static long get(int fd)
{
	char text[NUMBER_LEN] = {0};

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? strtol(text, NULL, 0) : -1;
}

static void set(int fd, long value)
{
	char text[NUMBER_LEN];
	int len = snprintf(text, sizeof(text), "%ld", value);

	/* Without it everything works, but more slowly. */
	if (pwrite(fd, text, (size_t)len, 0) < 0)
		return;
}

/* A process of ours wrote it and has ended. */
static bool is_left(long value)
{
	const struct owner o = {.token = (uint32_t)value & OWNER_TOKEN_MAX};

	return (value & ~(long)OWNER_TOKEN_MAX) == MARK && !kbpf_owner_alive(&o);
}

int kbpf_rcu_open(void)
{
	int fd = open(EXPEDITED_FILE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

void kbpf_rcu_expedite(int fd)
{
	long value = fd < 0 ? -1 : get(fd);

	if (value == 0 || is_left(value))
		set(fd, own_mark());
}

void kbpf_rcu_restore(int fd)
{
	if (fd >= 0 && get(fd) == own_mark())
		set(fd, 0);
}

void kbpf_rcu_sweep_owner(const struct owner *only)
{
	int fd = kbpf_rcu_open();

	if (fd < 0)
		return;
	if (get(fd) == mark_of(only))
		set(fd, 0);
	close(fd);
}
