/* SPDX-License-Identifier: MIT */
/*
 * liar.c - a library that misbehaves while it is examined, in the way that its file is named:
 * libssl-hangs.so, libssl-crashes.so ... What it manages to do is its answer, which the test reads.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The functions of OpenSSL that bpfcap looks for; nothing is right about them. */
int SSL_do_handshake(void *ssl);
int SSL_do_handshake(void *ssl)
{
	(void)ssl;
	return 1;
}

static void say(const char *text)
{
	while (write(1, text, strlen(text)) < 0 && errno == EINTR)
		;
}

static void hangs(void)
{
	for (;;)
		;
}

static void sleeps(void)
{
	static int word;

	for (;;)
		syscall(SYS_futex, &word, 0, 0, NULL, NULL, 0);
}

static void crashes(void)
{
	raise(SIGSEGV); /* is not allowed */
	*(volatile int *)16 = 1;
}

static void ends(void)
{
	_exit(0);
}

static void floods(void)
{
	for (;;)
		say("openssl client_random=0x1 and so on, and on, and on, and on, and on ");
}

static void babbles(void)
{
	say("openssl client_random=0x99999999999999999999 \033[2J\n");
	_exit(0);
}

static void points_far(void)
{
	say("openssl client_random=0xffff:0xffff:0xffff:0xffff\n");
	_exit(0);
}

static void escapes(void)
{
	say("reason: \033]0;title\007 and \r more\n");
	_exit(1);
}

/* Takes as much memory as it gets. */
static void eats(void)
{
	size_t mib = 0;
	char *p;

	while ((p = malloc(1 << 20)) != NULL && mib < 4096) {
		*(volatile char *)p = 1;
		mib++;
	}
	say(mib < 256 ? "reason: less than 256 MiB\n" : "reason: too much memory\n");
	_exit(1);
}

/* ---- What a process in the sandbox has and can do ------------------------------------------ */

/* Appends the value of a line of /proc/self/status. */
static void status(char *to, const char *name)
{
	char line[256], value[128] = "?";
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			(void)sscanf(line + strlen(name) + 1, "%127s", value);
	if (f)
		fclose(f);
	(void)sprintf(to + strlen(to), "%s=%s ", name, value);
}

static void can(char *to, const char *what, long result)
{
	if (result >= 0)
		(void)sprintf(to + strlen(to), "can-%s ", what);
}

static void tries(void)
{
	static const char *const names[] = {"Uid",    "Gid",	"CapInh",     "CapPrm", "CapEff",
					    "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"};
	char text[1024] = "reason: ";
	struct rlimit core;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		status(text, names[i]);
	getrlimit(RLIMIT_CORE, &core);
	(void)sprintf(text + strlen(text), "core=%lu ", (unsigned long)core.rlim_max);
	can(text, "fork", fork());
	can(text, "socket", socket(AF_INET, SOCK_DGRAM, 0));
	can(text, "unix", socket(AF_UNIX, SOCK_STREAM, 0));
	can(text, "create", open("/tmp/liar-was-here", O_CREAT | O_WRONLY, 0600));
	can(text, "write", open("/dev/null", O_WRONLY));
	can(text, "shadow", open("/etc/shadow", O_RDONLY));
	can(text, "kill", kill(getppid(), 0));
	can(text, "trace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	can(text, "root", setuid(0));
	can(text, "unshare", unshare(CLONE_NEWUSER));
	can(text, "unlink", unlink("/tmp/liar-was-here"));
	strcat(text, "end\n");
	say(text);
	_exit(1);
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{"hangs", hangs},   {"sleeps", sleeps},	  {"crashes", crashes},	  {"ends", ends},
	{"floods", floods}, {"babbles", babbles}, {"points", points_far}, {"escapes", escapes},
	{"eats", eats},	    {"tries", tries},
};

__attribute__((constructor)) static void begin(void)
{
	static const char here;
	Dl_info info;

	if (!dladdr(&here, &info))
		return;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (strstr(info.dli_fname, acts[i].name))
			acts[i].act();
}
