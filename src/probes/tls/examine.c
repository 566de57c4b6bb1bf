/* SPDX-License-Identifier: MIT */
/*
 * examine.c - starts tls-layout for a library and reads the line that it prints.
 *
 * Its output is not trusted: the parser checks every number, and output that is too long or too
 * late is ignored.
 */
#include "examine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../util.h"

/* It limits itself to 2 s for each of two attempts, or to 10 s on a busy machine. */
#define EXAMINE_NS (24 * NS_PER_S)

static int find_examiner(const char *given, char path[PATH_MAX], struct err *e)
{
	static const char beside[] = "/../libexec/bpfcap/tls-layout";
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof(beside));
	char *slash;

	if (given) {
		(void)snprintf(path, PATH_MAX, "%s", given);
	} else if (n > 0) {
		path[n] = '\0';
		slash = strrchr(path, '/');
		strcpy(slash ? slash : path, beside);
	} else {
		path[0] = '\0';
	}
	if (access(path, X_OK) == 0)
		return 0;
	return err_run(e, -ENOENT, "tls",
		       "the program that examines TLS libraries (%s) is not there: install "
		       "libexec/bpfcap/tls-layout, or give layouts found elsewhere",
		       path);
}

static void run(const char *examiner, const char *path, const char *root, const char *file, int fd)
{
	char *const argv[] = {"tls-layout", (char *)path, (char *)(root ? root : "/"), (char *)file,
			      NULL};
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(fd, 1) >= 0 && dup2(fd, 2) >= 0)
		execv(examiner, argv);
	_exit(127);
}

int probe_tls_examine_start(struct examination *x, const char *examiner, const char *path,
			    const char *root, const char *file, struct err *e)
{
	char program[PATH_MAX];
	int fds[2], rc;

	x->fd = -1;
	rc = find_examiner(examiner, program, e);
	if (rc < 0)
		return rc;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_run(e, -errno, "tls", "making a pipe failed: %s", strerror(errno));
	x->pid = fork();
	if (x->pid == 0)
		run(program, path, root, file, fds[1]);
	close(fds[1]);
	if (x->pid < 0) {
		close(fds[0]);
		return err_run(e, -EAGAIN, "tls", "starting %s failed", program);
	}
	x->fd = fds[0];
	x->len = 0;
	x->end_ns = mono_now_ns() + EXAMINE_NS;
	return 0;
}

void probe_tls_examine_stop(struct examination *x)
{
	if (x->fd < 0)
		return;
	close(x->fd);
	x->fd = -1;
	kill(x->pid, SIGKILL);
	(void)waitpid(x->pid, NULL, 0);
}

/* "tls-layout: tls: what is wrong" without what stands before it. */
static int said(const struct examination *x, struct err *e)
{
	static const char prefix[] = "tls-layout: tls: ";
	const char *text = x->text;

	if (strncmp(text, prefix, sizeof(prefix) - 1) == 0)
		text += sizeof(prefix) - 1;
	return err_run(e, -ENOTSUP, "tls", "%s",
		       *text ? text : "tls-layout ended without an answer");
}

static int judge(struct examination *x, struct probe_tls_layout *l, struct err *e)
{
	int status = -1, rc;

	close(x->fd);
	x->fd = -1;
	(void)waitpid(x->pid, &status, 0);
	x->text[x->len] = '\0';
	x->text[strcspn(x->text, "\n")] = '\0';
	if (status != 0)
		return said(x, e);
	rc = probe_tls_layout_parse(l, x->text, e);
	return rc ? rc : probe_tls_layout_check(l, e);
}

int probe_tls_examine_read(struct examination *x, struct probe_tls_layout *l, struct err *e)
{
	ssize_t n;

	do {
		n = read(x->fd, x->text + x->len, sizeof(x->text) - 1 - x->len);
		if (n > 0)
			x->len += (size_t)n;
	} while (n > 0);
	if (n == 0) /* the end of its output, or of the buffer */
		return judge(x, l, e);
	if (errno != EAGAIN || mono_now_ns() > x->end_ns) {
		probe_tls_examine_stop(x);
		return err_run(e, -ETIMEDOUT, "tls", "examining a TLS library took too long");
	}
	return 1;
}

int probe_tls_examine(struct probe_tls_layout *l, const char *lib, const char *root,
		      const char *examiner, struct err *e)
{
	struct examination x;
	int rc = probe_tls_examine_start(&x, examiner, lib, root, NULL, e);

	if (rc == 0)
		rc = 1;
	while (rc == 1) {
		struct pollfd p = {.fd = x.fd, .events = POLLIN};

		(void)poll(&p, 1, 100);
		rc = probe_tls_examine_read(&x, l, e);
	}
	return rc;
}
