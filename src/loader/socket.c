/* SPDX-License-Identifier: MIT */
/* socket.c - makes a program the filter of a socket of the caller. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"

int kbpf_socket_attach(int sock_fd, int prog_fd, struct err *e)
{
	int code;

	if (setsockopt(sock_fd, SOL_SOCKET, SO_ATTACH_BPF, &prog_fd, sizeof(prog_fd)) == 0)
		return 0;
	code = -errno;
	return err_run(e, code, "hook", "attaching a program to a socket failed: %s%s",
		       strerror(-code),
		       code == -EINVAL ? "; it takes a program of type socket filter" : "");
}
