/* SPDX-License-Identifier: MIT */
/*
 * owner.c - names of processes that outlive them, and locks that do not; see owner.h.
 *
 * The inode is that of the user namespace. Only processes of the initial one may load programs, so
 * all captures see the same inode, in any network, pid or mount namespace. A read lock requires no
 * permission to write. It belongs to the open file, which closes with the process.
 */
#include "owner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bpfcap/kbpf.h"
#include "../util.h"
#include "sys.h"

enum {
	CLAIM_CNT = 16,
	NONBLOCK = 1, /* GRND_NONBLOCK: the token has to be unlikely, not secret */
	TURN_STEP_MS = 5,
};

static atomic_bool turn_missed; /* another process keeps it: wait for it only once */

static struct {
	pthread_mutex_t lock;
	pid_t pid;
	uint32_t token;
} own = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Kernels without user namespaces may still have network namespaces. */
static int open_inode(void)
{
	int fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static struct flock lock_at(uint32_t token, short type)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)token, .l_len = 1};
}

/* -errno if that is unknown. */
static int is_locked(int fd, uint32_t token)
{
	struct flock any = lock_at(token, F_WRLCK);

	if (fcntl(fd, F_OFD_GETLK, &any) < 0)
		return -errno;
	return any.l_type != F_UNLCK;
}

static uint32_t draw(unsigned round)
{
	uint32_t bits;

	if (syscall(SYS_getrandom, &bits, sizeof(bits), NONBLOCK) != sizeof(bits))
		bits = ((uint32_t)mono_now_ns() ^ (uint32_t)getpid() << 10) + round;
	return bits & OWNER_TOKEN_MAX;
}

/* A token that no living process has; the descriptor stays open as long as this process. */
static uint32_t claim(void)
{
	int fd = open_inode();

	for (unsigned i = 0; fd >= 0 && i < CLAIM_CNT; i++) {
		uint32_t token = draw(i);
		struct flock mine = lock_at(token, F_RDLCK);

		if (token && is_locked(fd, token) == 0 && fcntl(fd, F_OFD_SETLK, &mine) == 0)
			return token;
	}
	if (fd >= 0)
		close(fd);
	return 0;
}

void kbpf_owner_self(struct owner *o)
{
	pthread_mutex_lock(&own.lock);
	if (own.pid != getpid()) { /* a child is a process of its own */
		own.token = claim();
		own.pid = getpid();
	}
	*o = (struct owner){own.pid, own.token};
	pthread_mutex_unlock(&own.lock);
}

bool kbpf_owner_same(const struct owner *a, const struct owner *b)
{
	return a->token == b->token && (a->token != 0 || a->pid == b->pid);
}

bool kbpf_owner_alive(const struct owner *o)
{
	int fd, locked;

	if (o->token == 0)
		return true;
	fd = open_inode();
	if (fd < 0)
		return true;
	locked = is_locked(fd, o->token);
	close(fd);
	return locked != 0;
}

void kbpf_owner_format(const struct owner *o, bool made_qdisc, char name[OWNER_NAME_LEN])
{
	(void)snprintf(name, OWNER_NAME_LEN, "bpfcap:%d:%08" PRIx32 "%s", (int)o->pid, o->token,
		       made_qdisc ? ":q" : "");
}

bool kbpf_owner_parse(const char *name, struct owner *o, bool *made_qdisc)
{
	char again[OWNER_NAME_LEN];
	int pid;

	if (sscanf(name, "bpfcap:%d:%8" SCNx32, &pid, &o->token) != 2 || pid <= 0)
		return false;
	o->pid = pid;
	*made_qdisc = strlen(name) > 2 && strcmp(name + strlen(name) - 2, ":q") == 0;
	kbpf_owner_format(o, *made_qdisc, again);
	return strcmp(name, again) == 0;
}

static void prog_name(const struct owner *o, char name[KBPF_PROG_NAME_LEN])
{
	(void)snprintf(name, KBPF_PROG_NAME_LEN, "bpfcap_%08" PRIx32, o->token);
}

void kbpf_xdp_prog_name(char name[KBPF_PROG_NAME_LEN])
{
	struct owner self;

	kbpf_owner_self(&self);
	prog_name(&self, name);
}

bool kbpf_owner_parse_prog(const char *name, struct owner *o)
{
	char again[KBPF_PROG_NAME_LEN];

	*o = (struct owner){0};
	if (sscanf(name, "bpfcap_%8" SCNx32, &o->token) != 1)
		return false;
	prog_name(o, again);
	return strcmp(name, again) == 0;
}

int kbpf_owner_take_turn(void)
{
	const struct timespec interval = {.tv_nsec = TURN_STEP_MS * NS_PER_MS};
	const uint64_t end_ns = mono_now_ns() + TURN_WAIT_MS * NS_PER_MS;
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	while (fd >= 0) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (mono_now_ns() >= end_ns)
			atomic_store(&turn_missed, true);
		if (errno != EWOULDBLOCK || atomic_load(&turn_missed))
			break;
		(void)nanosleep(&interval, NULL);
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

bool kbpf_turn_missed(void)
{
	return atomic_load(&turn_missed);
}
