/* SPDX-License-Identifier: MIT */
/*
 * host.c - a machine of --remote: starts ssh(1), feeds it, passes on what it says, and ends it.
 * Fails if pipes or processes cannot be made; later failures are printed with the machine's name.
 */
#include "host.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../src/util.h"
#include "../../common/fail.h"

enum { CANNOT_RUN = 127, LINE_MAX_LEN = 1024, COUNTS_MAX = 4096 };

/* ---- ssh ---------------------------------------------------------------------------------- */

/*
 * Signals of the terminal are for us: the capture there has to send its counts. ssh ends when we
 * die, and notices a machine that no longer answers.
 */
static void become(const char *word, const char *command, const int fds[3], pid_t parent)
{
	static const char failed[] = "cannot run ssh\n";
	const struct sigaction plain = {.sa_handler = SIG_DFL}, none = {.sa_handler = SIG_IGN};

	(void)sigaction(SIGPIPE, &plain, NULL);
	(void)sigaction(SIGXFSZ, &plain, NULL);
	(void)sigaction(SIGINT, &none, NULL);
	(void)sigaction(SIGHUP, &none, NULL);
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(CANNOT_RUN);
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent)
		execlp("ssh", "ssh", "-T", "-oServerAliveInterval=5", "-oConnectTimeout=10", "--",
		       word, command, (char *)NULL);
	(void)!write(STDERR_FILENO, failed, sizeof(failed) - 1);
	_exit(CANNOT_RUN);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int make_pipes(int ends[3][2], struct err *e)
{
	for (int i = 0; i < 3; i++) {
		if (pipe2(ends[i], O_CLOEXEC) == 0)
			continue;
		(void)err_run(e, -errno, "remote", "cannot make a pipe: %s", strerror(errno));
		while (i-- > 0) {
			close(ends[i][0]);
			close(ends[i][1]);
		}
		return e->code;
	}
	return 0;
}

static void stop_blocking(int fd)
{
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* The part of the word that names the machine; malloc'ed. */
static char *name_of(const char *word)
{
	const bool is_uri = strncmp(word, "ssh://", 6) == 0;
	const char *at = strrchr(word, '@');
	char *name = strdup(at ? at + 1 : is_uri ? word + 6 : word);
	char *port = name && is_uri ? strrchr(name, ':') : NULL;

	if (port && !strchr(port, ']')) /* not of [2001:db8::1] */
		*port = '\0';
	return name;
}

int host_start(struct host *h, const char *word, const char *command, struct err *e)
{
	const pid_t parent = getpid();
	int ends[3][2];

	h->word = word;
	h->name = name_of(word);
	if (!h->name)
		return err_run(e, -ENOMEM, "remote", "out of memory");
	h->ng.path = h->name;
	if (make_pipes(ends, e) != 0)
		return e->code;
	h->pid = fork();
	if (h->pid == 0)
		become(word, command, (int[]){ends[0][0], ends[1][1], ends[2][1]}, parent);
	close(ends[0][0]);
	close(ends[1][1]);
	close(ends[2][1]);
	h->in = ends[0][1];
	h->ng.in.fd = ends[1][0];
	h->said_fd = ends[2][0];
	stop_blocking(h->in);
	stop_blocking(h->ng.in.fd);
	stop_blocking(h->said_fd);
	if (h->pid > 0)
		return 0;
	h->pid = 0;
	return err_run(e, -errno, "remote", "cannot start ssh: %s", strerror(errno));
}

/* ---- What it says ------------------------------------------------------------------------- */

/* "3 packets captured": the counts begin. */
static bool begins_counts(const char *line)
{
	while (isdigit((unsigned char)*line))
		line++;
	return strcmp(line, " packets captured") == 0 || strcmp(line, " packet captured") == 0;
}

/* The command that only waits for the end of the capture, see far.c. */
static bool is_of_our_command(const char *line)
{
	return strncmp(line, "bpfcap: sh ended with ", 22) == 0 ||
	       strncmp(line, "bpfcap: sh was ended by ", 24) == 0;
}

static void take_line(struct host *h, const char *line)
{
	if (is_of_our_command(line))
		return;
	if (!h->counts.len && !begins_counts(line)) {
		fail_notice(h->name, NULL, line);
		return;
	}
	while (*line == ' ')
		line++;
	if (h->counts.len < COUNTS_MAX) {
		text_put(&h->counts, h->counts.len ? "; " : "");
		text_put(&h->counts, line);
	}
}

/* Passes on whole lines; a very long one in pieces. */
static void take_lines(struct host *h, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] != '\n' && p[i] != '\r')
			text_bytes(&h->said, &p[i], 1);
		if (p[i] != '\n' && h->said.len < LINE_MAX_LEN)
			continue;
		if (h->said.len)
			take_line(h, text_str(&h->said));
		text_clear(&h->said);
	}
}

static void read_errors(struct host *h)
{
	char piece[4096];
	ssize_t n;

	while (h->said_fd >= 0 && (n = read(h->said_fd, piece, sizeof(piece))) != 0) {
		if (n < 0)
			return;
		take_lines(h, piece, (size_t)n);
	}
	close_fd(&h->said_fd);
}

static void send_binary(struct host *h)
{
	ssize_t n;

	if (h->sent == h->to_send.len || h->in < 0)
		return;
	n = write(h->in, h->to_send.p + h->sent, h->to_send.len - h->sent);
	if (n > 0)
		h->sent += (size_t)n;
	if (h->sent < h->to_send.len && (n >= 0 || errno == EAGAIN || errno == EINTR))
		return;
	text_free(&h->to_send); /* sent, or nobody reads it */
	h->sent = 0;
}

void host_poll(const struct host *h, struct pollfd p[HOST_FDS])
{
	bool reads = h->phase != HOST_ENDED && !h->at_end &&
		     h->ng.in.end - h->ng.in.start < HOST_HELD_MAX;

	p[0] = (struct pollfd){.fd = h->sent < h->to_send.len ? h->in : -1, .events = POLLOUT};
	p[1] = (struct pollfd){.fd = reads ? h->ng.in.fd : -1, .events = POLLIN};
	p[2] = (struct pollfd){.fd = h->said_fd, .events = POLLIN};
}

void host_move(struct host *h, const struct pollfd p[HOST_FDS])
{
	if (p[0].fd >= 0 && p[0].revents)
		send_binary(h);
	if (p[2].fd >= 0 && p[2].revents)
		read_errors(h);
	if (p[1].fd >= 0 && p[1].revents)
		stream_fill(h);
}

/* ---- The end ------------------------------------------------------------------------------ */

void host_kill(struct host *h, int sig)
{
	if (h->pid)
		(void)kill(h->pid, sig);
}

void host_ask(struct host *h)
{
	if (h->asked)
		return;
	h->asked = true;
	close_fd(&h->in);
	if (h->phase == HOST_CONNECTS) /* ssh may wait for a password, or for the network */
		host_kill(h, SIGTERM);
}

static void report_end(struct host *h)
{
	char why[96];
	int code = WIFEXITED(h->status) ? WEXITSTATUS(h->status) : -1;

	if (h->failed || (h->asked && h->phase == HOST_CONNECTS))
		return;
	if (WIFSIGNALED(h->status))
		(void)snprintf(why, sizeof(why), "ssh was ended by signal %d (%s)",
			       WTERMSIG(h->status), strsignal(WTERMSIG(h->status)));
	else if (code == 255)
		(void)snprintf(why, sizeof(why), "ssh failed, or the connection broke");
	else
		(void)snprintf(why, sizeof(why), "the capture there ended with status %d", code);
	if (code != 0)
		host_fail(h, why);
}

bool host_over(struct host *h)
{
	if (!h->pid)
		return true;
	if (h->phase != HOST_ENDED || h->pending || waitpid(h->pid, &h->status, WNOHANG) != h->pid)
		return false;
	h->pid = 0;
	read_errors(h);
	report_end(h);
	return true;
}

void host_free(struct host *h)
{
	host_kill(h, SIGKILL);
	while (h->pid && waitpid(h->pid, &h->status, 0) < 0 && errno == EINTR)
		;
	close_fd(&h->in);
	close_fd(&h->said_fd);
	pcapng_free(&h->ng);
	text_free(&h->block);
	text_free(&h->to_send);
	text_free(&h->said);
	text_free(&h->counts);
	free(h->marks);
	free(h->name);
}
