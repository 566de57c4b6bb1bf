/* SPDX-License-Identifier: MIT */
/* keeper.h - keeps a file whole when this process is killed in the middle of a write. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_KEEPER_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_KEEPER_H

#include <stdint.h>
#include <sys/types.h>

struct keeper {
	uint64_t *whole_len; /* shared with the keeper; NULL: there is none */
	pid_t pid;	     /* 0 or less: there is none */
	int alive_fd;	     /* of a pipe that is closed when this process ends */
};

/* Watches over the regular file `fd`. Without memory or processes, there is no keeper. */
void keeper_start(struct keeper *k, int fd);
/* The file holds whole records up to here; what is written now comes behind. */
void keeper_note(struct keeper *k, uint64_t len);
void keeper_end(struct keeper *k);

#endif
