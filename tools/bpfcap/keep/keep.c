/* SPDX-License-Identifier: MIT */
/*
 * keep.c - the flight recorder: takes packets, keeps the newest of them, and writes them to a file
 * at the end, on SIGUSR2 or when a trigger happens. Fails as the output does.
 *
 * A file gets its name when it is complete: until then it has another one, so that a process that
 * is killed leaves the file before it whole. A packet is in one file at most.
 */
#include "keep.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../../../src/util.h"
#include "../../common/fail.h"
#include "../stop.h"
#include "amount.h"
#include "ring.h"
#include "trigger.h"

/* Until then the last packets of --after have left the kernel's rings. */
#define RINGS_NS (NS_PER_S / 10)

struct keep {
	const struct cap_options *options;
	const struct output_source *from;
	struct probe *probe;
	struct keep_ring *ring;
	struct triggers triggers;
	const char *happened; /* the condition whose file is due; NULL: none */
	uint64_t moment;      /* its packet: how many were put before */
	uint64_t after_ns, end_ns;
	uint64_t file_cnt, trigger_file_cnt;
	uint64_t written_cnt, overwritten_cnt, unwritten_cnt;
	struct output out; /* of the file that is being written */
};

/* ---- Options ------------------------------------------------------------------------------ */

static int read_size(const struct cap_options *o, struct keep_size *size, struct err *e)
{
	*size = (struct keep_size){0};
	if (amount_number(o->keep, &size->packets) || amount_bytes(o->keep, &size->bytes))
		return 0;
	return err_input(e, -EINVAL, "options",
			 "--keep must be a number of packets (10000) or a size (64MB), not '%s'",
			 o->keep);
}

static int check_after(const struct cap_options *o, struct err *e)
{
	uint64_t ns;

	if (!o->after || amount_time(o->after, &ns))
		return 0;
	return err_input(e, -EINVAL, "options",
			 "--after must be a time with its unit, such as 500ms or 1s, not '%s'",
			 o->after);
}

/* Each option needs the one that it changes. */
static int check_needs(const struct cap_options *o, struct err *e)
{
	if (!o->keep && o->triggers.cnt)
		return err_input(e, -EINVAL, "options",
				 "--trigger writes the packets that --keep holds; add --keep");
	if (!o->triggers.cnt && (o->after || o->trigger_cnt))
		return err_input(e, -EINVAL, "options",
				 "--after and --triggers are about a --trigger; add one");
	return 0;
}

int keep_check(const struct cap_options *o, struct err *e)
{
	struct keep_size size;

	if (check_needs(o, e) != 0 || check_after(o, e) != 0)
		return e->code;
	if (!o->keep)
		return 0;
	if (!o->write_path || strcmp(o->write_path, "-") == 0)
		return err_input(e, -EINVAL, "options", "--keep writes a file; name it with -w");
	if (o->rotate_mb || o->rotate_s || o->print || o->json || o->tls_keys || o->keylog_path)
		return err_input(e, -EINVAL, "options",
				 "--keep excludes -C, -G, --print, --json, --tls-keys and "
				 "--keylog, which need each packet at once");
	return read_size(o, &size, e);
}

/* ---- Files -------------------------------------------------------------------------------- */

/* What is no file, such as /dev/null or a pipe, is not replaced by one. */
static bool is_replaceable(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 || S_ISREG(st.st_mode);
}

static void put_name(struct text *t, const struct keep *k)
{
	uint64_t cnt = k->options->trigger_cnt > 1 ? k->options->trigger_cnt : 0;
	char target[PATH_MAX];

	text_put(t, k->options->write_path);
	writer_put_number(t, k->file_cnt, cnt);
	if (!t->failed && realpath(text_str(t), target)) { /* a link goes on being one */
		text_clear(t);
		text_put(t, target);
	}
}

/* Writes all packets to a file of this name. */
static int write_packets(struct keep *k, const char *path, const struct probe_counts *c,
			 struct err *e)
{
	struct cap_options o = *k->options;
	struct writer_counts counts;
	struct err ignored;
	struct packet pk;
	int rc, closed;

	o.write_path = path;
	o.packet_cnt = 0;
	if (!o.format)
		o.format = sink_by_path(k->options->write_path)->name;
	rc = output_open(&k->out, &o, k->from, e);
	if (rc != 0)
		return rc;
	while (rc == 0 && keep_ring_take(k->ring, &pk)) {
		pk.probe = k->probe;
		if (pk.note)
			pk.first_hook = probe_hook_name(k->probe, pk.note->first_hook);
		rc = output_packet(&k->out, &pk, e);
	}
	closed = output_close(&k->out, c, rc ? &ignored : e);
	counts = output_counts(&k->out);
	k->written_cnt += counts.written;
	k->unwritten_cnt += counts.lost + counts.left_out;
	return rc ? rc : closed;
}

/* "drop: 120 packets in all.pcapng" */
static void report_file(const char *why, uint64_t cnt, const char *path)
{
	struct text t = {0};

	text_printf(&t, "%" PRIu64 " packet%s in ", cnt, cnt == 1 ? "" : "s");
	text_name(&t, path);
	fail_notice("bpfcap", why, text_str(&t));
	text_free(&t);
}

static int rename_file(const char *from, const char *to, struct err *e)
{
	if (rename(from, to) == 0)
		return 0;
	return err_run(e, -errno, "keep", "cannot rename %s to %s: %s", from, to, strerror(errno));
}

/* The file that is due. 1 when --triggers has its number of files. */
static int write_file(struct keep *k, const char *why, const struct probe_counts *c, struct err *e)
{
	uint64_t before = k->written_cnt, most = k->options->trigger_cnt;
	struct text name = {0}, part = {0};
	bool renames;
	int rc;

	put_name(&name, k);
	renames = is_replaceable(text_str(&name));
	text_printf(&part, "%s%s", text_str(&name), renames ? ".part" : "");
	rc = name.failed || part.failed ? err_run(e, -ENOMEM, "keep", "out of memory")
					: write_packets(k, text_str(&part), c, e);
	if (rc == 0 && renames)
		rc = rename_file(text_str(&part), text_str(&name), e);
	if (rc == 0) {
		report_file(why, k->written_cnt - before, text_str(&name));
		k->file_cnt++;
		k->trigger_file_cnt += k->happened != NULL;
		if (k->happened && k->trigger_file_cnt == (most ? most : 1))
			rc = 1;
	}
	k->happened = NULL;
	text_free(&name);
	text_free(&part);
	return rc;
}

/* ---- Packets ------------------------------------------------------------------------------ */

/* The packet that has triggered a file is not overwritten: the file is written before. */
static int make_space(struct keep *k, const struct packet *pk, struct err *e)
{
	int rc = 0;

	while (rc == 0 && keep_ring_is_full(k->ring, pk)) {
		if (k->happened && keep_ring_out_cnt(k->ring) == k->moment) {
			rc = write_file(k, k->happened, NULL, e);
			continue;
		}
		keep_ring_drop(k->ring);
		k->overwritten_cnt++;
	}
	return rc;
}

/* Writes the file whose time after the trigger is over. */
static int end_window(struct keep *k, uint64_t mono_ns, struct err *e)
{
	return k->happened && mono_ns > k->end_ns ? write_file(k, k->happened, NULL, e) : 0;
}

static int look(struct keep *k, const struct packet *pk, struct err *e)
{
	const char *happened = triggers_packet(&k->triggers, pk);

	if (!happened || k->happened)
		return 0;
	k->happened = happened;
	k->moment = keep_ring_put_cnt(k->ring) - 1;
	k->end_ns = pk->ev->mono_ns + k->after_ns;
	return k->after_ns ? 0 : write_file(k, happened, NULL, e);
}

int keep_packet(struct keep *k, const struct packet *pk, struct err *e)
{
	int rc = end_window(k, pk->ev->mono_ns, e);

	if (rc == 0)
		rc = make_space(k, pk, e);
	if (rc != 0)
		return rc;
	keep_ring_put(k->ring, pk);
	rc = look(k, pk, e);
	return rc == 0 ? keep_cnt(k) == k->options->packet_cnt : rc;
}

int keep_tick(struct keep *k, uint64_t mono_ns, struct err *e)
{
	if (stop_write_requested())
		return write_file(k, k->happened ? k->happened : "SIGUSR2", NULL, e);
	return mono_ns > (uint64_t)RINGS_NS ? end_window(k, mono_ns - RINGS_NS, e) : 0;
}

int keep_wait_ms(const struct keep *k, uint64_t mono_ns)
{
	uint64_t due = k->end_ns + RINGS_NS + NS_PER_MS, ms;

	if (!k->happened)
		return -1;
	ms = due > mono_ns ? (due - mono_ns) / NS_PER_MS + 1 : 0;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* With a trigger, only its own files are written. */
int keep_finish(struct keep *k, const struct probe_counts *c, struct err *e)
{
	bool held = keep_ring_put_cnt(k->ring) > keep_ring_out_cnt(k->ring);
	int rc = 0;

	if (k->happened)
		rc = write_file(k, k->happened, c, e);
	else if (!k->triggers.cnt && (held || !k->file_cnt))
		rc = write_file(k, "the end", c, e);
	return rc < 0 ? rc : 0;
}

/* ---- The recorder ------------------------------------------------------------------------- */

/* The first file can be written, under both of its names. */
static int check_file(struct keep *k, struct err *e)
{
	struct text name = {0};
	int rc;

	put_name(&name, k);
	rc = out_check(text_str(&name), e);
	if (rc == 0 && is_replaceable(text_str(&name))) {
		text_put(&name, ".part");
		rc = out_check(text_str(&name), e);
	}
	text_free(&name);
	return rc;
}

int keep_open(struct keep **out, const struct cap_options *o, struct probe *p,
	      const struct output_source *from, struct err *e)
{
	struct keep *k = calloc(1, sizeof(*k));
	struct keep_size size;

	*out = k;
	if (!k)
		return err_run(e, -ENOMEM, "keep", "out of memory");
	*k = (struct keep){.options = o, .from = from, .probe = p};
	if (o->after)
		(void)amount_time(o->after, &k->after_ns);
	if (read_size(o, &size, e) != 0 || check_file(k, e) != 0 ||
	    keep_ring_new(&k->ring, &size, from->snap_len, e) != 0 ||
	    triggers_read(&k->triggers, o, e) != 0)
		return e->code;
	return triggers_bind(&k->triggers, p, e);
}

void keep_free(struct keep *k)
{
	if (!k)
		return;
	triggers_free(&k->triggers);
	keep_ring_free(k->ring);
	free(k);
}

uint64_t keep_cnt(const struct keep *k)
{
	return keep_ring_put_cnt(k->ring);
}

void keep_announce(const struct keep *k, FILE *f)
{
	fprintf(f, "bpfcap: keeping the newest packets in at most %.1f MB of memory\n",
		(double)keep_ring_bytes(k->ring) / 1e6);
}

void keep_print(const struct keep *k, FILE *f)
{
	uint64_t held = keep_cnt(k) - keep_ring_out_cnt(k->ring);

	fprintf(f,
		"%" PRIu64 " kept: %" PRIu64 " overwritten, %" PRIu64 " written to %" PRIu64
		" file%s, %" PRIu64 " not written\n",
		keep_cnt(k), k->overwritten_cnt, k->written_cnt, k->file_cnt,
		k->file_cnt == 1 ? "" : "s", held + k->unwritten_cnt);
}
