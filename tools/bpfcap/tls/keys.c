/* SPDX-License-Identifier: MIT */
/*
 * keys.c - reads keys of TLS connections and passes them to the queue of packets, which writes them
 * to the capture and the key log. Secrets go nowhere else.
 */
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../src/util.h"
#include "../../common/fail.h"

#include "../stop.h"
#include "layouts.h"

enum { POLL_MS = 100 };

bool keys_wanted(const struct cap_options *o)
{
	return o->tls_keys || o->keylog_path;
}

bool keys_alone(const struct cap_options *o)
{
	return o->keylog_path && !o->tls_keys;
}

/* Only pcapng holds keys, and JSON if the user asks for it. */
static bool writes_keys(const struct cap_options *o)
{
	const bool json = o->tls_keys[0];
	const struct sink_ops *ops = o->format	     ? sink_by_name(o->format)
				     : o->write_path ? sink_by_path(o->write_path)
						     : NULL;

	if (o->json && json)
		return true;
	return o->write_path && ops && ops->secrets && (ops != &sink_json || json);
}

int keys_check(const struct cap_options *o, struct err *e)
{
	if (o->tls_keys && o->tls_keys[0] && strcmp(o->tls_keys, "json") != 0)
		return err_input(e, -EINVAL, "options", "--tls-keys=%s: the form must be json",
				 o->tls_keys);
	if (o->tls_keys && !o->keylog_path && !writes_keys(o))
		return err_input(e, -EINVAL, "options",
				 "--tls-keys writes keys to a pcapng file; add -w FILE.pcapng or "
				 "--keylog FILE, or use --tls-keys=json with JSON output");
	if (keys_alone(o) && o->filter)
		return err_input(e, -EINVAL, "options",
				 "an expression selects packets, and --keylog alone captures none; "
				 "add --tls-keys, or leave it out");
	if (!keys_wanted(o) && (o->tls_process || o->tls_libs.cnt || o->tls_layout))
		return err_input(e, -EINVAL, "options",
				 "--tls-process, --tls-lib and --tls-layout require --tls-keys or "
				 "--keylog");
	return 0;
}

/* Only its owner may read a key log, even if the file existed before. */
static int open_log(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && fchmod(fd, 0600) < 0) {
		close(fd);
		fd = -1;
	}
	return fd >= 0 ? fd
		       : err_input(e, -errno, "output", "cannot open %s: %s", path,
				   strerror(errno));
}

static void on_notice(void *user, int rc, const char *text)
{
	const struct keys *k = user;

	if (rc || k->verbose)
		fail_notice("bpfcap", "tls", text);
}

static int on_key(void *user, const struct probe_tls_key *key)
{
	struct keys *k = user;

	hold_key(&k->hold, key);
	return k->hold.log_rc != 0;
}

int keys_open(struct keys *k, const struct cap_options *o, struct output *out, struct err *e)
{
	struct probe_tls_config c = {
		.kernel = o->kernel,
		.pid = (uint32_t)o->pid,
		.process = o->tls_process,
		.libs = o->tls_libs.words,
		.notice = on_notice,
		.notice_user = k,
	};
	int rc;

	*k = (struct keys){.log_fd = -1, .verbose = o->verbose};
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core dump with secrets */
	rc = layouts_read(&k->layouts, o->tls_layout, e);
	if (rc == 0 && o->keylog_path)
		rc = k->log_fd = open_log(o->keylog_path, e);
	if (rc >= 0 && hold_init(&k->hold, out, k->log_fd, !o->filter) < 0)
		rc = err_run(e, -ENOMEM, "tls", "out of memory");
	if (rc >= 0) {
		c.layouts = k->layouts->layout;
		c.layout_cnt = k->layouts->cnt;
		rc = probe_tls_open(&k->tls, &c, e);
	}
	if (rc < 0)
		keys_close(k);
	return rc < 0 ? rc : 0;
}

void keys_close(struct keys *k)
{
	probe_tls_close(k->tls);
	k->tls = NULL;
	if (k->log_fd >= 0)
		close(k->log_fd);
	k->log_fd = -1;
	hold_free(&k->hold);
	layouts_free(k->layouts);
	k->layouts = NULL;
}

int keys_poll(struct keys *k, int ms, struct err *e)
{
	int rc = probe_tls_poll(k->tls, ms, on_key, k, e);

	hold_log(&k->hold);
	if (rc >= 0)
		rc = hold_release(&k->hold, false, e);
	if (k->hold.log_rc)
		return err_run(e, k->hold.log_rc, "output", "writing the key log failed: %s",
			       strerror(-k->hold.log_rc));
	return rc;
}

int keys_finish(struct keys *k, struct err *e)
{
	int rc = keys_poll(k, 0, e);

	return rc ? rc : hold_release(&k->hold, true, e);
}

void keys_print(const struct keys *k)
{
	uint64_t lost = probe_tls_lost(k->tls);

	fprintf(stderr, "bpfcap: keys of TLS connections read: %" PRIu64 "\n", k->hold.keyed);
	if (lost)
		fprintf(stderr, "bpfcap: keys not read because a ring was full: %" PRIu64 "\n",
			lost);
	if (k->hold.expired)
		fprintf(stderr,
			"bpfcap: TLS handshakes written without their keys: %" PRIu64
			" (no process that is watched had them in time)\n",
			k->hold.expired);
}

int keys_run(const struct cap_options *o, struct err *e)
{
	const uint64_t end_ns = mono_now_ns() + o->duration_s * NS_PER_S;
	struct keys k;
	int rc;

	rc = keys_check(o, e);
	if (rc < 0)
		return rc;
	stop_on_signals();
	rc = keys_open(&k, o, NULL, e);
	if (rc < 0)
		return rc;
	fprintf(stderr, "bpfcap: writing TLS keys to %s\n", o->keylog_path);
	while (rc >= 0 && !stop_requested() && (!o->duration_s || mono_now_ns() < end_ns))
		rc = keys_poll(&k, POLL_MS, e);
	keys_print(&k);
	keys_close(&k);
	return rc;
}
