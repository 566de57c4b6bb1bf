/* SPDX-License-Identifier: MIT */
/*
 * child.c - the process of --decode: forks it before privileges change, feeds it a pcap stream and
 * reads what it prints. Fails if pipes or processes cannot be made.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../src/util.h"
#include "../../common/fail.h"

enum {
	PIECE = 64 * 1024,
	FDS_MAX = 65536,
	CANNOT_RUN = 127,
	NOBODY = 65534,
	NS_PER_US = 1000,
	SNAP_LEN = 262144,
};

#define MAGIC_US 0xa1b2c3d4u /* of pcap files with microseconds, and with nanoseconds */
#define MAGIC_NS 0xa1b23c4du

#ifndef SYS_close_range
#define SYS_close_range 436 /* of Linux 5.9, the same everywhere */
#endif

struct user {
	uid_t uid;
	gid_t gid;
};

static struct user find_user(void)
{
	const struct passwd *pw = getpwnam("tcpdump");

	if (!pw)
		pw = getpwnam("nobody");
	return pw ? (struct user){pw->pw_uid, pw->pw_gid} : (struct user){NOBODY, NOBODY};
}

static void close_others(void)
{
	if (syscall(SYS_close_range, 3, ~0u, 0) == 0)
		return;
	for (int fd = 3; fd < FDS_MAX; fd++)
		(void)close(fd);
}

/* The death signal comes last: a change of credentials clears it. */
static int give_up_privileges(struct user user, pid_t parent)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) != 0 || setresgid(user.gid, user.gid, user.gid) != 0 ||
	     setresuid(user.uid, user.uid, user.uid) != 0))
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    getppid() != parent)
		return -1;
	return chdir("/");
}

static void reset_signals(void)
{
	static const int sigs[] = {SIGPIPE, SIGXFSZ, SIGHUP};
	const struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_LEN(sigs); i++)
		(void)sigaction(sigs[i], &sa, NULL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Only what time and text depend on; no HOME, which would be that of another user. */
static char *const *make_environment(void)
{
	static const char *const kept[] = {"PATH", "TZ", "LANG", "LC_ALL", "LC_CTYPE"};
	static char home[] = "HOME=/nonexistent";
	static char *env[ARRAY_LEN(kept) + 2];
	size_t cnt = 0;

	env[cnt++] = home;
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		const char *value = getenv(kept[i]);
		struct text t = {0};

		if (!value)
			continue;
		text_printf(&t, "%s=%s", kept[i], value);
		if (!t.failed)
			env[cnt++] = t.p;
	}
	return env;
}

/* Waits for the first byte, so that a decoder that is not needed is never started. */
static void become(const struct decode_program *p, const int fds[3], struct user user, pid_t parent)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char *const *env = make_environment();
	static const char failed[] = "cannot be started\n";

	(void)setsid(); /* Ctrl-C is for us, who then end it */
	reset_signals();
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(CANNOT_RUN);
	close_others();
	if (give_up_privileges(user, parent) == 0) {
		while (poll(&input, 1, -1) < 0 && errno == EINTR)
			;
		if (!(input.revents & POLLIN))
			_exit(0);
		(void)execve(p->path, p->argv, env);
	}
	(void)!write(STDERR_FILENO, failed, sizeof(failed) - 1);
	_exit(CANNOT_RUN);
}

static int make_pipes(int ends[3][2])
{
	for (int i = 0; i < 3; i++) {
		if (pipe2(ends[i], O_CLOEXEC) == 0)
			continue;
		while (i-- > 0) {
			close(ends[i][0]);
			close(ends[i][1]);
		}
		return -1;
	}
	return 0;
}

static void stop_blocking(int fd)
{
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

int decode_child_fork(struct decode_child *c, const struct decode_program *p, struct err *e)
{
	const struct user user = find_user();
	const pid_t parent = getpid();
	int ends[3][2];

	*c = (struct decode_child){.in_fd = -1, .out_fd = -1, .err_fd = -1};
	if (make_pipes(ends) != 0)
		return err_run(e, -errno, "decode", "cannot make a pipe: %s", strerror(errno));
	c->pid = fork();
	if (c->pid == 0)
		become(p, (int[]){ends[0][0], ends[1][1], ends[2][1]}, user, parent);
	close(ends[0][0]);
	close(ends[1][1]);
	close(ends[2][1]);
	c->in_fd = ends[0][1];
	c->out_fd = ends[1][0];
	c->err_fd = ends[2][0];
	stop_blocking(c->in_fd);
	stop_blocking(c->out_fd);
	stop_blocking(c->err_fd);
	if (c->pid > 0)
		return 0;
	c->pid = 0;
	return err_run(e, -errno, "decode", "cannot start %s: %s", p->name, strerror(errno));
}

/* ---- Packets ------------------------------------------------------------------------------ */

static void put_head(struct decode_child *c, const struct decode_program *p)
{
	const uint16_t version[] = {2, 4};
	const uint32_t magic = p->nano ? MAGIC_NS : MAGIC_US;
	const uint32_t rest[] = {0, 0, SNAP_LEN, (uint32_t)c->linktype};

	text_bytes(&c->to, &magic, sizeof(magic));
	text_bytes(&c->to, version, sizeof(version));
	text_bytes(&c->to, rest, sizeof(rest));
	c->used = true;
}

void decode_child_send(struct decode_child *c, const struct decode_program *p,
		       struct probe_time time, const uint8_t *data, const uint32_t lens[2])
{
	const uint32_t us_per_s = NS_PER_S / NS_PER_US;
	uint32_t head[4] = {(uint32_t)time.s, time.ns, lens[0], lens[1]};

	if (!c->used)
		put_head(c, p);
	c->sent++;
	if (!p->nano) { /* the time stamp is the number of the packet */
		head[0] = p->secret + (uint32_t)(c->sent / us_per_s);
		head[1] = (uint32_t)(c->sent % us_per_s);
	}
	text_bytes(&c->to, head, sizeof(head));
	text_bytes(&c->to, data, lens[0]);
}

void decode_child_poll(const struct decode_child *c, struct pollfd p[3])
{
	p[0] = (struct pollfd){.fd = c->done < c->to.len ? c->in_fd : -1, .events = POLLOUT};
	p[1] = (struct pollfd){.fd = c->used ? c->out_fd : -1, .events = POLLIN};
	p[2] = (struct pollfd){.fd = c->used ? c->err_fd : -1, .events = POLLIN};
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool write_some(struct decode_child *c)
{
	ssize_t n;

	if (c->in_fd < 0 || c->done == c->to.len)
		return false;
	n = write(c->in_fd, c->to.p + c->done, c->to.len - c->done);
	if (n < 0 && errno == EPIPE)
		close_fd(&c->in_fd);
	if (n > 0)
		c->done += (size_t)n;
	if (c->done == c->to.len || c->in_fd < 0) {
		text_clear(&c->to);
		c->done = 0;
	}
	return n > 0;
}

static bool read_some(int *fd, struct text *to)
{
	char piece[PIECE];
	ssize_t n;

	if (*fd < 0)
		return false;
	n = read(*fd, piece, sizeof(piece));
	if (n > 0)
		text_bytes(to, piece, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(fd);
	return n >= 0;
}

bool decode_child_move(struct decode_child *c)
{
	bool any = write_some(c);

	any |= read_some(&c->out_fd, &c->lines);
	any |= read_some(&c->err_fd, &c->errors);
	return any;
}

void decode_child_close_input(struct decode_child *c)
{
	if (c->done == c->to.len)
		close_fd(&c->in_fd);
}

int decode_child_end(struct decode_child *c, bool now)
{
	int status = 0;

	close_fd(&c->in_fd);
	close_fd(&c->out_fd);
	close_fd(&c->err_fd);
	if (c->pid && now)
		(void)kill(c->pid, SIGKILL);
	while (c->pid && waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	text_free(&c->to);
	text_free(&c->lines);
	text_free(&c->errors);
	return status;
}
