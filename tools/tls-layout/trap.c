/* SPDX-License-Identifier: MIT */
/*
 * trap.c - stops once at an address of this process, to look at the argument of the function there.
 *
 * The breakpoint is written into the code, as a uprobe is; a security module may refuse this.
 */
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "ending.h"

#if defined(__x86_64__)
static const uint8_t code[] = {0xcc}; /* int3, after which the counter is behind it */
#define COUNTER(u)  ((u)->uc_mcontext.gregs[REG_RIP])
#define ARGUMENT(u) ((uintptr_t)(u)->uc_mcontext.gregs[REG_RDI])
#define BEHIND	    sizeof(code)
#elif defined(__aarch64__)
static const uint8_t code[] = {0, 0, 0x20, 0xd4}; /* brk #0, at which the counter stays */
#define COUNTER(u)  ((u)->uc_mcontext.pc)
#define ARGUMENT(u) ((uintptr_t)(u)->uc_mcontext.regs[0])
#define BEHIND	    0
#endif

#ifdef COUNTER
static struct {
	uint8_t *addr; /* NULL: none is set */
	uint8_t saved[sizeof(code)];
	void (*on_hit)(uintptr_t argument);
} trap;

static void write_code(uint8_t *to, const uint8_t *from)
{
	memcpy(to, from, sizeof(code));
	__builtin___clear_cache((char *)to, (char *)to + sizeof(code));
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	uint8_t *addr = trap.addr;

	(void)info;
	if (!addr || (uintptr_t)COUNTER(u) - BEHIND != (uintptr_t)addr) {
		(void)signal(number, SIG_DFL); /* a trap of the library's own: it ends there */
		return;
	}
	COUNTER(u) -= BEHIND;
	trap_clear();
	trap.on_hit(ARGUMENT(u));
}

bool trap_set(uintptr_t addr, void (*on_hit)(uintptr_t argument))
{
	const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = addr & ~(page - 1);

	if (sigaction(SIGTRAP, &action, NULL) < 0 ||
	    mprotect((void *)from, addr + sizeof(code) - from, PROT_READ | PROT_WRITE | PROT_EXEC) <
		    0)
		return false;
	trap.addr = (uint8_t *)addr;
	trap.on_hit = on_hit;
	memcpy(trap.saved, trap.addr, sizeof(code));
	write_code(trap.addr, code);
	return true;
}

void trap_clear(void)
{
	if (trap.addr)
		write_code(trap.addr, trap.saved);
	trap.addr = NULL;
}
#else
bool trap_set(uintptr_t addr, void (*on_hit)(uintptr_t argument))
{
	(void)addr;
	(void)on_hit;
	return false;
}

void trap_clear(void)
{
}
#endif

/* The kernel runs endbr64 in a second trap, but emulates the push that follows. */
uintptr_t trap_best(uintptr_t function)
{
#if defined(__x86_64__)
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};

	if (memcmp((const void *)function, endbr64, sizeof(endbr64)) == 0)
		return function + sizeof(endbr64);
#endif
	return function;
}
