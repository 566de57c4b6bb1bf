/* SPDX-License-Identifier: MIT */
/*
 * attach.c - loads the programs of a library and attaches them to its functions: fails with what
 * the kernel says.
 *
 * Each call of a function with a probe is a trap, which costs more than what the program does. A
 * library's function at the end of a handshake sees every new connection. Without one, a handshake
 * is seen by the functions that begin it, and if these are not the only way to begin one (OpenSSL),
 * by the functions for data, too.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

const struct tls_function probe_tls_functions[PROBE_TLS_KIND_CNT][TLS_FUNCTIONS_MAX] = {
	[PROBE_TLS_OPENSSL] = {{"SSL_do_handshake", TLS_AT_BEGIN},
			       {"SSL_connect", TLS_AT_BEGIN},
			       {"SSL_accept", TLS_AT_BEGIN},
			       {"SSL_read", TLS_AT_ENTRY},
			       {"SSL_read_ex", TLS_AT_ENTRY},
			       {"SSL_write", TLS_AT_ENTRY},
			       {"SSL_write_ex", TLS_AT_ENTRY},
			       /* BIO_f_ssl() calls no other exported function */
			       {"SSL_get_error", TLS_AT_ANSWER}},
	[PROBE_TLS_GNUTLS] = {{"gnutls_handshake", TLS_AT_BEGIN},
			      {"gnutls_record_recv", TLS_AT_ENTRY},
			      {"gnutls_record_send", TLS_AT_ENTRY}},
	[PROBE_TLS_GO] = {{"crypto/tls.(*Config).writeKeyLog", TLS_AT_ENTRY}},
};

static int load(const struct probe_tls *t, struct tls_library *l, uint32_t number, enum tls_at at,
		struct err *e)
{
	const struct tls_program p = {
		.target = &t->target,
		.layout = &l->layout,
		.library = number,
		.events_fd = t->events_fd,
		.seen_fd = t->seen_fd,
		.calls_fd = t->calls_fd,
	};
	struct ebpf_prog prog;
	int rc = probe_tls_program_build(&p, at, &prog, e);

	if (rc < 0)
		return rc;
	rc = kbpf_prog_load(&(struct kbpf_prog_spec){.type = BPF_PROG_TYPE_KPROBE,
						     .insns = prog.insns,
						     .insn_cnt = prog.cnt,
						     .name = "bpfcap_tls"},
			    e);
	ebpf_prog_free(&prog);
	if (rc < 0)
		return rc;
	l->prog_fd[at] = rc;
	return 0;
}

struct tls_at_place {
	enum tls_at at;
	uint32_t pid; /* 0: in all processes */
	uint64_t offset;
};

static int attach(const struct tls_library *l, const struct tls_at_place *p,
		  struct tls_probes *probes, struct err *e)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", l->fd);
	fd = kbpf_uprobe_attach(l->prog_fd[p->at], p->pid, path, p->offset, p->at == TLS_AT_RETURN,
				e);
	if (fd < 0)
		return fd;
	probes->fd[probes->cnt++] = fd;
	return 0;
}

/* The layout may be that of a file with the same build id and other code. */
static bool has_handshake_end(const struct tls_library *l)
{
	const struct probe_tls_function *f = &l->layout.handshake_end;
	uint8_t code[sizeof(f->code)];

	return f->off && pread(l->fd, code, sizeof(code), (off_t)f->off) == sizeof(code) &&
	       memcmp(code, f->code, sizeof(code)) == 0;
}

/* Whether every new connection is seen without the functions for data. */
static bool sees_handshakes(const struct tls_library *l)
{
	return l->layout.kind == PROBE_TLS_GNUTLS || l->layout.handshake_end.off;
}

/* Without it, or if the kernel cannot probe its first instruction, other functions serve. */
static void attach_end(struct tls_library *l)
{
	const struct tls_at_place end = {TLS_AT_ENTRY, 0, l->layout.handshake_end.off};
	struct err why;

	if (!has_handshake_end(l) || attach(l, &end, &l->probes, &why) < 0)
		l->layout.handshake_end.off = 0;
}

static int attach_begins(struct tls_library *l, struct err *e)
{
	const struct tls_function *f = probe_tls_functions[l->layout.kind];
	int rc = 0;

	for (unsigned i = 0; i < TLS_FUNCTIONS_MAX && rc == 0; i++) {
		struct tls_at_place p = {.at = TLS_AT_BEGIN, .offset = l->function[i]};

		if (!p.offset || f[i].at != p.at)
			continue;
		rc = attach(l, &p, &l->probes, e);
		p.at = TLS_AT_RETURN;
		if (rc == 0)
			rc = attach(l, &p, &l->probes, e);
	}
	return rc;
}

static int attach_others(const struct tls_library *l, uint32_t pid, struct tls_probes *probes,
			 struct err *e)
{
	const struct tls_function *f = probe_tls_functions[l->layout.kind];
	int rc = 0;

	for (unsigned i = 0; i < TLS_FUNCTIONS_MAX && rc == 0; i++)
		if (l->function[i] && f[i].at != TLS_AT_BEGIN)
			rc = attach(l, &(struct tls_at_place){f[i].at, pid, l->function[i]}, probes,
				    e);
	return rc;
}

int probe_tls_attach(const struct probe_tls *t, struct tls_library *l, uint32_t number,
		     struct err *e)
{
	int rc = 0;

	for (int at = 0; at < TLS_AT_CNT && rc == 0; at++)
		if (l->layout.kind != PROBE_TLS_GO || at == TLS_AT_ENTRY)
			rc = load(t, l, number, (enum tls_at)at, e);
	if (rc == 0)
		attach_end(l);
	if (rc == 0 && !l->layout.handshake_end.off)
		rc = attach_begins(l, e);
	if (rc == 0 && !sees_handshakes(l))
		rc = attach_others(l, 0, &l->probes, e);
	return rc;
}

int probe_tls_attach_older(const struct tls_library *l, uint32_t pid, struct tls_probes *probes,
			   struct err *e)
{
	int rc = sees_handshakes(l) ? attach_others(l, pid, probes, e) : 0;

	return rc == -ESRCH ? 0 : rc; /* the process has ended */
}

void probe_tls_detach(struct tls_probes *probes)
{
	while (probes->cnt)
		close(probes->fd[--probes->cnt]);
}
