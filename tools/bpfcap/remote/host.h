/* SPDX-License-Identifier: MIT */
/* host.h - one machine of --remote: its ssh(1), and the packets that come from it. */
#ifndef BPFCAP_TOOLS_BPFCAP_REMOTE_HOST_H
#define BPFCAP_TOOLS_BPFCAP_REMOTE_HOST_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../common/text.h"
#include "../input/pcapng.h"

enum host_phase {
	HOST_CONNECTS, /* until the script there says that bpfcap runs */
	HOST_CAPTURES,
	HOST_ENDED, /* no packet comes any more */
};

enum {
	HOST_FDS = 3,
	HOST_HELD_MAX = 64 << 20, /* bytes of packets that wait here */
};

/* When the bytes up to `end` of the stream had arrived. */
struct host_mark {
	uint64_t end, ms;
};

struct host {
	const char *word;     /* [USER@]HOST or ssh://[USER@]HOST[:PORT] */
	char *name;	      /* HOST */
	const char *binaries; /* of --remote-binaries */
	pid_t pid;	      /* of ssh; 0: none */
	int status;	      /* of waitpid() */
	int in, said_fd;      /* pipes of ssh; that of its output is ng.in.fd; -1: closed */
	enum host_phase phase;
	bool asked; /* to end */
	bool failed, at_end;

	struct pcapng_reader ng;
	bool pending; /* `item` is a packet, and `block` a copy of its bytes */
	struct input_item item;
	struct text block;
	uint64_t arrived_ms;	 /* of the pending packet */
	struct host_mark *marks; /* in order of both members */
	size_t mark_cnt, mark_cap;

	struct text to_send; /* the binary, for a machine without bpfcap */
	size_t sent;
	struct text said;   /* on standard error: the start of a line */
	struct text counts; /* the last lines, about what was captured and lost */
	uint64_t packet_cnt;
	uint32_t netns; /* of the first packet */
	bool several_netns;
};

/* A block that is no packet: an interface, statistics ... */
typedef void (*host_on_block)(void *user, const struct input_item *it);

/* Starts ssh with this command. `word` and `binaries` must outlive it. 0 or -errno. */
int host_start(struct host *h, const char *word, const char *command, struct err *e);
/* What to wait for; a descriptor of -1 where there is nothing. */
void host_poll(const struct host *h, struct pollfd p[HOST_FDS]);
/* Reads and writes what poll(2) has found. A failure is printed, and ends this machine only. */
void host_move(struct host *h, const struct pollfd p[HOST_FDS]);
/* Asks the capture there to end; its last packets and counts still come. */
void host_ask(struct host *h);
/* Ends ssh. */
void host_kill(struct host *h, int sig);
/* Whether ssh has ended, or was never started; prints once why if that is a failure. */
bool host_over(struct host *h);
void host_free(struct host *h);

/* ---- stream.c -------------------------------------------------------------------------------- */

/* Reads up to the next packet, unless one is pending or its bytes have not arrived yet. */
void host_next(struct host *h, host_on_block on_block, void *user);
/* Prints "HOST: ..." and ends the machine. */
void host_fail(struct host *h, const char *sentence);
/* Reads what is in the pipe; part of host_move(). */
void stream_fill(struct host *h);

uint64_t host_now_ms(void);

#endif
