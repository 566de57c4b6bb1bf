/* SPDX-License-Identifier: MIT */
/*
 * main.c - tls-layout LIBRARY [ROOT [FILE]]: prints where a TLS library keeps its secrets.
 *
 * LIBRARY is loaded and put to work in a sandbox. ROOT is the root directory of the process that
 * uses it: the path and the libraries needed are looked up there. FILE is the library's file where
 * the path no longer leads to it (/proc/PID/map_files/...). Prints one line (bpfcap/tls.h), or says
 * on standard error why there is none.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpfcap/tls.h"

#include "../../src/util.h"
#include "../common/fail.h"

#include "inside.h"
#include "needs.h"
#include "sandbox.h"

#define INSIDE	     "--inside"
#define TIME_NS	     ((uint64_t)(SANDBOX_SECONDS * NS_PER_S))
#define BUSY_TIME_NS (5 * TIME_NS) /* while it waits for a CPU or a disk */

enum {
	NOT_STARTED = 126,
	SIGNALLED = 128, /* and the signal's number */
	ANSWER_MAX = 2048,
	LOOK_MS = 100,
};

struct task {
	const char *path; /* as the sandbox sees it */
	int root_fd;	  /* -1: no other root */
	int self_fd;	  /* this program's file */
	pid_t *confined;  /* shared with the process that starts it; 0: not yet */
};

struct exam_outcome {
	char answer[ANSWER_MAX];
	size_t len;
	bool too_late, too_much;
	int status; /* exit status, NOT_STARTED or SIGNALLED + n */
};

/*
 * With `own_libc` the program starts anew below the other root, with the C library from there,
 * which may be newer than the one that runs now; else it goes on with this one, which may be newer.
 */
static int confined(const struct task *t, int fd, bool own_libc)
{
	char *const argv[] = {"tls-layout", INSIDE, (char *)t->path, NULL}, *const env[] = {NULL};
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 2) < 0 || dup2(fd, 1) < 0)
		return NOT_STARTED;
	if (!own_libc)
		needs_load_libc();
	if (t->root_fd >= 0 && (fchdir(t->root_fd) < 0 || chroot(".") < 0))
		return NOT_STARTED;
	if (chdir("/") < 0 || clearenv() != 0 || sandbox_enter() < 0)
		return NOT_STARTED;
	if (!own_libc)
		return inside(t->path, 1);
	(void)syscall(SYS_execveat, t->self_fd, "", argv, env, AT_EMPTY_PATH);
	return NOT_STARTED;
}

/* Makes the namespaces, and is the parent that the confined process has outside of them. */
static int keep(const struct task *t, int fd, bool own_libc)
{
	int status;
	pid_t child;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sandbox_namespaces();
	child = fork();
	if (child == 0)
		_exit(confined(t, fd, own_libc));
	*t->confined = child;
	close(fd);
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return NOT_STARTED;
	return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

/* On a busy machine, work of a moment may take seconds; what sleeps has nothing to wait for. */
static bool is_runnable(pid_t pid)
{
	char path[32], state = 'R';
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	if (f) {
		if (fscanf(f, "%*d %*[^)]) %c", &state) != 1)
			state = 'R';
		fclose(f);
	}
	return state == 'R' || state == 'D';
}

static bool is_too_late(const struct task *t, uint64_t taken_ns)
{
	return taken_ns >= BUSY_TIME_NS || (taken_ns >= TIME_NS && !is_runnable(*t->confined));
}

static void gather(const struct task *t, struct exam_outcome *o, int fd)
{
	uint64_t start_ns = mono_now_ns();
	ssize_t n = 1;

	while (n > 0 && !o->too_much) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (is_too_late(t, mono_now_ns() - start_ns)) {
			o->too_late = true;
			return;
		}
		if (poll(&p, 1, LOOK_MS) == 0)
			continue;
		n = read(fd, o->answer + o->len, sizeof(o->answer) - 1 - o->len);
		if (n > 0)
			o->len += (size_t)n;
		o->too_much = o->len == sizeof(o->answer) - 1;
	}
}

static int attempt(const struct task *t, bool own_libc, struct exam_outcome *o, struct err *e)
{
	uint64_t start_ns = mono_now_ns();
	int fds[2], status;
	pid_t keeper;

	*o = (struct exam_outcome){0};
	*t->confined = 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_run(e, -errno, "tls", "making a pipe failed: %s", strerror(errno));
	keeper = fork();
	if (keeper == 0)
		_exit(keep(t, fds[1], own_libc));
	close(fds[1]);
	if (keeper < 0) {
		close(fds[0]);
		return err_run(e, -EAGAIN, "tls", "making a process failed");
	}
	gather(t, o, fds[0]);
	close(fds[0]);
	if (o->too_late || o->too_much)
		kill(keeper, SIGKILL); /* and what it keeps dies with it */
	if (waitpid(keeper, &status, 0) == keeper && WIFEXITED(status))
		o->status = WEXITSTATUS(status);
	/* A process 1 ignores SIGXCPU; the hard limit of its CPU time ends it. */
	if (o->status == SIGNALLED + SIGKILL && mono_now_ns() - start_ns >= TIME_NS)
		o->too_late = true;
	return 0;
}

/* What a hostile library says goes to a terminal as printable characters. */
static void make_printable(char *s)
{
	s[strcspn(s, "\n")] = '\0';
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
}

static int judge(struct exam_outcome *o, const char *path, struct probe_tls_layout *l,
		 struct err *e)
{
	const size_t reason = sizeof(INSIDE_REASON) - 1;
	struct err why;

	make_printable(o->answer);
	if (o->too_late || o->status == SIGNALLED + SIGXCPU)
		return err_run(e, -ETIMEDOUT, "tls",
			       "%s did not end its handshake with itself within %d s", path,
			       SANDBOX_SECONDS);
	if (o->too_much)
		return err_run(e, -EFBIG, "tls", "examining %s gave a far too long answer", path);
	if (o->status > SIGNALLED)
		return err_run(e, -ECHILD, "tls", "examining %s ended by signal %d (%s)", path,
			       o->status - SIGNALLED, strsignal(o->status - SIGNALLED));
	if (o->status == NOT_STARTED)
		return err_run(e, -ENOEXEC, "tls",
			       "%s was not examined: the sandbox could not be made", path);
	if (strncmp(o->answer, INSIDE_REASON, reason) == 0)
		return err_run(e, -ENOTSUP, "tls", "%s cannot be examined: %s", path,
			       o->answer + reason);
	if (probe_tls_layout_parse(l, o->answer, &why) < 0 || probe_tls_layout_check(l, &why) < 0)
		return err_run(e, -EPROTO, "tls", "examining %s gave no answer to use: %s", path,
			       why.text);
	return 0;
}

static int examine(const struct task *t, struct probe_tls_layout *l, struct err *e)
{
	struct exam_outcome o;
	int rc = 0;

	if (t->root_fd >= 0) {
		rc = attempt(t, true, &o, e);
		if (rc == 0 && (o.len || o.too_late || o.status > SIGNALLED))
			return judge(&o, t->path, l, e);
		/* No word: there is no C library that this program could start with. */
	}
	if (rc == 0)
		rc = attempt(t, false, &o, e);
	return rc ? rc : judge(&o, t->path, l, e);
}

static int prepare(struct task *t, char **argv, char *file_path, size_t len, struct err *e)
{
	const char *root = argv[2], *file = root ? argv[3] : NULL;
	int fd;

	t->path = argv[1];
	t->confined = mmap(NULL, sizeof(*t->confined), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t->confined == MAP_FAILED)
		return err_run(e, -ENOMEM, "tls", "out of memory");
	t->self_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	t->root_fd =
		root && strcmp(root, "/") != 0 ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (root && strcmp(root, "/") != 0 && t->root_fd < 0)
		return err_input(e, -errno, "tls", "%s cannot be opened: %s", root,
				 strerror(errno));
	if (!file)
		return 0;
	fd = open(file, O_RDONLY); /* kept for the sandbox */
	if (fd < 0)
		return err_input(e, -errno, "tls", "%s cannot be opened: %s", file,
				 strerror(errno));
	(void)snprintf(file_path, len, "/proc/self/fd/%d", fd);
	t->path = file_path;
	return 0;
}

int main(int argc, char **argv)
{
	struct probe_tls_layout l;
	char line[PROBE_TLS_LINE_MAX], file_path[32];
	struct task t;
	struct err e;
	int rc;

	if (argc == 3 && strcmp(argv[1], INSIDE) == 0)
		return inside(argv[2], 1);
	if (argc < 2 || argc > 4 || argv[1][0] == '-') {
		fputs("usage: tls-layout LIBRARY [ROOT [FILE]]\n", stderr);
		return 2;
	}
	rc = prepare(&t, argv, file_path, sizeof(file_path), &e);
	if (rc == 0)
		rc = examine(&t, &l, &e);
	if (rc < 0)
		return fail_report("tls-layout", &e);
	(void)probe_tls_layout_text(&l, line, sizeof(line));
	puts(line);
	return 0;
}
