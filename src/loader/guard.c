/* SPDX-License-Identifier: MIT */
/*
 * guard.c - a small process that cleans up after one that was killed.
 *
 * It holds one end of a pair of sockets and nothing else. The kernel closes the other end however
 * the guarded process ends. The guardian then detaches what it was sent notes about: XDP programs
 * by their interface, tc filters and probe events by the process's name in theirs, and it restores
 * a setting that holds the process's token. It keeps CAP_NET_ADMIN, and an open directory of
 * tracefs, whose files belong to root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"
#include "../util.h"
#include "kprobe_tracefs.h"
#include "rcu.h"
#include "sys.h"
#include "tc_sweep.h"
#include "uapi.h"
#include "xdp.h"

#define FD_CNT_ASSUMED 65536
#define BUSY_WAIT_NS   20000000
#define BUSY_TRY_CNT   250
#define END_LOOK_MS    100
#define END_WAIT_MS    6000 /* longer than events can be busy */

/* Without close_range(2) and /proc, the number of descriptors can only be guessed. */
static void close_from(int first)
{
	DIR *dir;
	const struct dirent *d;

	if (syscall(UAPI_NR_CLOSE_RANGE, (unsigned)first, ~0u, 0) == 0)
		return;
	dir = opendir("/proc/self/fd");
	if (!dir) {
		for (int fd = first; fd < FD_CNT_ASSUMED; fd++)
			close(fd);
		return;
	}
	while ((d = readdir(dir))) {
		int fd = atoi(d->d_name);

		if (fd >= first && fd != dirfd(dir))
			close(fd);
	}
	closedir(dir);
}

/* Signals that ask the guarded process to end may go to its whole process group or session. */
static void ignore_signals(void)
{
	static const int signals[] = {
		SIGHUP,	 SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGALRM,
		SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2,
	};

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		(void)signal(signals[i], SIG_IGN);
}

/* Makes the socket standard input and closes all other descriptors. */
static int stand_apart(int sock)
{
	(void)setsid();
	ignore_signals();
	(void)prctl(PR_SET_NAME, "bpfcap-guard");
	if (dup2(sock, STDIN_FILENO) < 0)
		return -errno;
	close_from(STDIN_FILENO + 1);
	(void)open("/dev/null", O_WRONLY);
	(void)open("/dev/null", O_WRONLY);
	return chdir("/") < 0 ? -errno : 0;
}

/*
 * Keeps only the capability that removing filters and XDP programs needs. The files it writes
 * belong to the user that it runs as.
 */
static void keep_one_capability(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct set[_LINUX_CAPABILITY_U32S_3], keep[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, set) < 0)
		return;
	memset(keep, 0, sizeof(keep));
	keep[0].permitted = keep[0].effective = set[0].permitted & 1u << CAP_NET_ADMIN;
	(void)syscall(SYS_capset, &head, keep);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/*
 * The kernel can close the socket before the events of the dying process; these are busy until
 * then.
 */
static int sweep_events(int tracefs_fd, const struct guard_notes *only)
{
	const struct timespec interval = {.tv_nsec = BUSY_WAIT_NS};
	int rc = -EBUSY;

	if (tracefs_fd < 0) /* then it has no events either */
		return 0;
	for (int i = 0; rc == -EBUSY && i < BUSY_TRY_CNT; i++) {
		if (i > 0)
			(void)nanosleep(&interval, NULL);
		rc = kbpf_kprobe_sweep_only(tracefs_fd, only, NULL);
	}
	return rc;
}

/* Continues after a failure; returns the first. */
static int sweep(int tracefs_fd, const struct guard_notes *only)
{
	int rc, next;

	kbpf_rcu_sweep_owner(&only->owner);
	rc = kbpf_tc_sweep_only(only, NULL);
	next = sweep_events(tracefs_fd, only);
	if (rc >= 0)
		rc = next;
	for (size_t i = 0; i < only->cnt; i++) {
		next = only->note[i].kind == GUARD_XDP ? kbpf_xdp_clear(&only->note[i].xdp) : 0;
		if (rc >= 0)
			rc = next;
	}
	return rc;
}

static void keep(struct guard_notes *only, const struct guard_note *note)
{
	struct guard_note *more = grow(only->note, &only->cap, only->cnt + 1, sizeof(*more));

	if (!more)
		return;
	only->note = more;
	only->note[only->cnt++] = *note;
}

static void hear(struct guard_notes *only)
{
	struct guard_note note;
	ssize_t n;

	do {
		n = read(STDIN_FILENO, &note, sizeof(note));
		if (n == sizeof(note))
			keep(only, &note);
	} while (n > 0 || (n < 0 && errno == EINTR));
}

static _Noreturn void guard(int sock, const struct owner *owner)
{
	struct guard_notes only = {.owner = *owner};
	int tracefs_fd;

	if (stand_apart(sock) < 0)
		_exit(EXIT_FAILURE);
	tracefs_fd = kbpf_tracefs_open(NULL);
	keep_one_capability();
	hear(&only);
	_exit(sweep(tracefs_fd, &only) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

int kbpf_guard_program(struct kbpf_guard *g, int prog_fd)
{
	struct guard_note note = {.kind = GUARD_PROG};
	struct kbpf_prog_info info;
	int rc = kbpf_prog_info(prog_fd, &info);

	note.id = info.id;
	return rc < 0 ? rc : kbpf_guard_note(g, &note);
}

int kbpf_guard_start(struct kbpf_guard **out, struct err *e)
{
	const struct timeval longest = {.tv_usec = NOTE_WAIT_MS * 1000};
	struct kbpf_guard *g = malloc(sizeof(*g));
	struct owner self;
	int fds[2], rc = -ENOMEM;

	*out = NULL;
	if (!g)
		goto fail;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
		rc = -errno;
		goto free_guard;
	}
	kbpf_owner_self(&self);
	g->pid = fork();
	if (g->pid < 0) {
		rc = -errno;
		goto close_pair;
	}
	if (g->pid == 0)
		guard(fds[0], &self);
	close(fds[0]);
	/* A guardian that somebody has stopped does not take notes. */
	(void)setsockopt(fds[1], SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof(longest));
	g->sock = fds[1];
	*out = g;
	return 0;
close_pair:
	close(fds[0]);
	close(fds[1]);
free_guard:
	free(g);
fail:
	return err_run(e, rc, "hook",
		       "starting the process that cleans up after a crash failed: %s",
		       strerror(-rc));
}

/* Continues a guardian that was stopped; false if that is not permitted. */
static bool keeps_going(pid_t pid)
{
	siginfo_t info = {0};

	if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) < 0)
		return true;
	return info.si_pid == 0 || kill(pid, SIGCONT) == 0;
}

/* The guardian closes its end of the sockets when it exits. */
static bool has_ended(const struct kbpf_guard *g)
{
	struct pollfd end = {.fd = g->sock, .events = POLLIN};

	for (int ms = 0; ms < END_WAIT_MS && keeps_going(g->pid); ms += END_LOOK_MS)
		if (poll(&end, 1, END_LOOK_MS) > 0)
			return true;
	return false;
}

int kbpf_guard_stop(struct kbpf_guard *g)
{
	int status = 0;
	bool ended;
	pid_t rc;

	if (!g)
		return 0;
	(void)shutdown(g->sock, SHUT_WR);
	ended = has_ended(g);
	close(g->sock);
	do {
		rc = waitpid(g->pid, &status, ended ? 0 : WNOHANG);
	} while (rc < 0 && errno == EINTR);
	free(g);
	if (!ended && rc == 0)
		return -EIO;
	/* If SIGCHLD is ignored, the exit status is unavailable. */
	return rc > 0 && status ? -EIO : 0;
}
