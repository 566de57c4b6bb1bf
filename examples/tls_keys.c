/* SPDX-License-Identifier: MIT */
/*
 * tls_keys.c - prints the TLS keys of this machine's processes as an NSS key log, until
 * interrupted.
 *
 * Its argument is the program that examines libraries (libexec/bpfcap/tls-layout); without one it
 * is looked for where it is installed.
 */
#include <signal.h>
#include <stdio.h>

#include "bpfcap/tls.h"

static volatile sig_atomic_t interrupted;

static void on_signal(int nr)
{
	interrupted = nr;
}

static void on_notice(void *user, int rc, const char *text)
{
	(void)user;
	fprintf(stderr, "%s%s\n", rc ? "left out: " : "", text);
}

static int on_key(void *user, const struct probe_tls_key *k)
{
	char line[PROBE_TLS_KEY_LINE_MAX];

	(void)user;
	probe_tls_key_text(k, line);
	return puts(line) < 0;
}

int main(int argc, char **argv)
{
	struct probe_tls_config c = {.examiner = argc > 1 ? argv[1] : NULL, .notice = on_notice};
	struct probe_tls *t;
	struct err e;
	int rc;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	rc = probe_tls_open(&t, &c, &e);
	while (rc >= 0 && !interrupted)
		rc = probe_tls_poll(t, 100, on_key, NULL, &e);
	if (rc < 0)
		fprintf(stderr, "tls_keys: %s\n", e.text);
	else
		probe_tls_close(t);
	return rc < 0;
}
