/* SPDX-License-Identifier: MIT */
/*
 * decode.c - --decode: takes packets with their text, gives them to the program for their link
 * type, and joins the lines that it prints. Fails if it cannot be started.
 */
#include "decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"
#include "../../common/fail.h"

#include "child.h"

enum {
	CHILDREN = 4,		     /* link types; packets of more are printed by bpfcap */
	WAITING_MAX = 4096,	     /* packets that may wait ... */
	BYTES_MAX = 4 * 1024 * 1024, /* ... and bytes not yet written, before we wait, too */
	MOVES_MAX = 64,		     /* in one flush */
	STEP_MS = 100,
	STALL_STEPS = 100, /* without progress the program is given up */
};

struct entry {
	struct decode_text text;
	struct text lines; /* what the program printed */
	const struct decode_child *child;
	uint64_t number; /* of the child's packets */
	bool done;
};

struct decoder {
	struct decode_program program;
	struct decode_child children[CHILDREN];
	struct entry *entries; /* a ring; its size is a power of two */
	size_t cap;
	uint64_t pushed, popped;
	struct text whole; /* of the packet that is passed on */
	decode_put put;
	void *user;
	bool failed;
};

int decode_check(const char *spec, struct err *e)
{
	struct decode_program p;
	int rc = decode_program(&p, spec, e);

	if (rc == 0)
		decode_program_free(&p);
	return rc;
}

int decode_open(struct decoder **out, const char *spec, struct err *e)
{
	struct decoder *d = calloc(1, sizeof(*d));
	int rc = d ? decode_program(&d->program, spec, e)
		   : err_run(e, -ENOMEM, "decode", "out of memory");

	*out = NULL;
	if (rc == 0) {
		d->cap = WAITING_MAX;
		d->entries = calloc(d->cap, sizeof(*d->entries));
		if (!d->entries)
			rc = err_run(e, -ENOMEM, "decode", "out of memory");
	}
	for (size_t i = 0; i < CHILDREN && rc == 0; i++)
		rc = decode_child_fork(&d->children[i], &d->program, e);
	if (rc == 0)
		*out = d;
	else
		decode_close(d);
	return rc;
}

void decode_close(struct decoder *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < CHILDREN; i++)
		if (d->children[i].pid)
			(void)decode_child_end(&d->children[i], true);
	for (size_t i = 0; i < d->cap && d->entries; i++) {
		text_free(&d->entries[i].text.before);
		text_free(&d->entries[i].text.line);
		text_free(&d->entries[i].text.after);
		text_free(&d->entries[i].lines);
	}
	decode_program_free(&d->program);
	text_free(&d->whole);
	free(d->entries);
	free(d);
}

static struct entry *entry_at(struct decoder *d, uint64_t pos)
{
	return &d->entries[pos % d->cap];
}

bool decode_waits(const struct decoder *d)
{
	return d->popped < d->pushed;
}

bool decode_failed(const struct decoder *d)
{
	return d->failed;
}

/* ---- What the program prints -------------------------------------------------------------- */

/* Appends the line with what could control a terminal escaped, but for tabs. */
static void put_line(struct text *to, char *line)
{
	text_put(to, to->len ? "\n" : "");
	for (char *tab = strchr(line, '\t'); tab; tab = strchr(line, '\t')) {
		*tab = '\0';
		text_name(to, line);
		text_put(to, "\t");
		line = tab + 1;
	}
	text_name(to, line);
}

/* The entries of this child before packet `number` are complete. */
static void reach(struct decoder *d, struct decode_child *c, uint64_t number)
{
	for (; c->pos < d->pushed; c->pos++) {
		struct entry *entry = entry_at(d, c->pos);

		if (entry->child != c)
			continue;
		if (entry->number >= number)
			break;
		entry->done = true;
	}
	c->has_current = c->pos < d->pushed && entry_at(d, c->pos)->number == number;
}

static void take_line(struct decoder *d, struct decode_child *c, char *line)
{
	size_t skip;
	uint64_t number = decode_first_line(&d->program, line, &skip);

	if (number && number <= c->sent)
		reach(d, c, number);
	else
		skip = 0;
	if (c->has_current && (line[skip] || entry_at(d, c->pos)->lines.len))
		put_line(&entry_at(d, c->pos)->lines, line + skip);
}

static void take_error(struct decoder *d, struct decode_child *c, char *line)
{
	static const char *const usual[] = {"reading from file ", "Running as user "};
	const size_t name_len = strlen(d->program.name);
	struct text t = {0};

	(void)c;
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (strncmp(line, usual[i], strlen(usual[i])) == 0)
			return;
	if (strncmp(line, d->program.name, name_len) == 0 && line[name_len] == ':')
		line += name_len + 1 + strspn(line + name_len + 1, " ");
	text_name(&t, line);
	fail_notice("bpfcap", d->program.name, text_str(&t));
	text_free(&t);
}

/* Passes each whole line to `take`, and the last one at the end of the stream, too. */
static void split(struct decoder *d, struct decode_child *c, struct text *t, bool ended,
		  void (*take)(struct decoder *d, struct decode_child *c, char *line))
{
	char *line = t->p, *end;
	size_t rest;

	if (!t->len)
		return;
	while ((end = memchr(line, '\n', t->len - (size_t)(line - t->p)))) {
		*end = '\0';
		take(d, c, line);
		line = end + 1;
	}
	rest = t->len - (size_t)(line - t->p);
	if (rest && ended)
		take(d, c, line);
	memmove(t->p, line, rest);
	t->len = ended ? 0 : rest;
	t->p[t->len] = '\0';
}

/* Trailing empty lines separate packets; ours are separated by their first lines. */
static void pop(struct decoder *d, struct entry *entry)
{
	const char *after = text_str(&entry->text.after);
	const struct text *lines = entry->lines.len ? &entry->lines : &entry->text.line;
	size_t len = lines->len, first, note = strcspn(after, "\n");

	while (len && lines->p[len - 1] == '\n')
		len--;
	first = len ? strcspn(lines->p, "\n") : 0;
	first = first < len ? first : len;
	text_clear(&d->whole);
	text_put(&d->whole, text_str(&entry->text.before));
	text_bytes(&d->whole, text_str(lines), first);
	text_bytes(&d->whole, after, note);
	text_bytes(&d->whole, text_str(lines) + first, len - first);
	text_put(&d->whole, after + note);
	text_put(&d->whole, "\n");
	d->put(d->user, &d->whole);
	d->popped++;
}

static bool move(struct decoder *d, int wait_ms)
{
	struct pollfd fds[3 * CHILDREN];
	bool any = false;

	for (size_t i = 0; i < CHILDREN; i++)
		decode_child_poll(&d->children[i], fds + 3 * i);
	if (wait_ms)
		(void)poll(fds, ARRAY_LEN(fds), wait_ms);
	for (size_t i = 0; i < CHILDREN; i++) {
		struct decode_child *c = &d->children[i];

		if (!c->used)
			continue;
		any |= decode_child_move(c);
		split(d, c, &c->lines, c->out_fd < 0, take_line);
		split(d, c, &c->errors, c->err_fd < 0, take_error);
		if (c->out_fd < 0) {
			d->failed |= c->in_fd >= 0 || c->done < c->to.len;
			reach(d, c, UINT64_MAX);
		}
	}
	return any;
}

static void pop_all(struct decoder *d)
{
	while (d->popped < d->pushed && entry_at(d, d->popped)->done)
		pop(d, entry_at(d, d->popped));
}

/* Moves until `until` says so, or the program prints nothing for too long. */
static void move_until(struct decoder *d, bool (*until)(const struct decoder *d))
{
	for (int idle = 0; !until(d) && !d->failed && idle < STALL_STEPS; idle++) {
		if (move(d, STEP_MS))
			idle = 0;
		pop_all(d);
	}
	d->failed |= !until(d);
}

/* ---- Packets ------------------------------------------------------------------------------ */

static struct decode_child *child_for(struct decoder *d, int linktype)
{
	for (size_t i = 0; i < CHILDREN; i++) {
		struct decode_child *c = &d->children[i];

		if (c->used && c->linktype == linktype)
			return c;
		if (c->used)
			continue;
		c->linktype = linktype;
		c->pos = d->pushed;
		return c;
	}
	return NULL;
}

static bool is_full(const struct decoder *d)
{
	size_t bytes = 0;

	for (size_t i = 0; i < CHILDREN; i++)
		bytes += d->children[i].to.len - d->children[i].done;
	return bytes > BYTES_MAX || d->pushed - d->popped >= d->cap;
}

static void copy(struct text *to, const struct text *from)
{
	text_clear(to);
	text_put(to, text_str(from));
}

/* The line of a marker ends those of the packet before it. */
static void mark(struct decoder *d)
{
	const uint32_t lens[2] = {1, 1};

	for (size_t i = 0; i < CHILDREN; i++) {
		struct decode_child *c = &d->children[i];

		if (!c->used || c->marked)
			continue;
		c->marked = true;
		decode_child_send(c, &d->program, c->last, (const uint8_t *)"", lens);
	}
}

static bool has_room(const struct decoder *d)
{
	return !is_full(d);
}

static void send_packet(struct decoder *d, struct decode_child *c, struct entry *entry,
			const struct probe_event *ev)
{
	c->marked = false;
	c->last = ev->time;
	decode_child_send(c, &d->program, ev->time, ev->data,
			  (const uint32_t[]){ev->cap_len, ev->len});
	entry->child = c;
	entry->number = c->sent;
	entry->done = false;
}

void decode_begin(struct decoder *d, decode_put put, void *user)
{
	d->put = put;
	d->user = user;
}

void decode_packet(struct decoder *d, const struct probe_event *ev, const struct decode_text *text)
{
	struct decode_child *c;
	struct entry *entry;

	if (is_full(d)) {
		mark(d);
		move_until(d, has_room);
	}
	if (d->failed)
		return;
	entry = entry_at(d, d->pushed);
	entry->child = NULL;
	entry->done = true;
	text_clear(&entry->lines);
	copy(&entry->text.before, &text->before);
	copy(&entry->text.line, &text->line);
	copy(&entry->text.after, &text->after);
	c = ev ? child_for(d, ev->linktype) : NULL;
	if (c)
		send_packet(d, c, entry, ev);
	d->pushed++;
}

void decode_flush(struct decoder *d)
{
	mark(d);
	for (int i = 0; i < MOVES_MAX && move(d, 0); i++)
		;
	pop_all(d);
}

static bool is_written(const struct decoder *d)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (d->children[i].done < d->children[i].to.len)
			return false;
	return true;
}

static bool is_read(const struct decoder *d)
{
	for (size_t i = 0; i < CHILDREN; i++)
		if (d->children[i].used &&
		    (d->children[i].out_fd >= 0 || d->children[i].err_fd >= 0))
			return false;
	return true;
}

void decode_finish(struct decoder *d)
{
	move_until(d, is_written);
	for (size_t i = 0; i < CHILDREN; i++)
		decode_child_close_input(&d->children[i]);
	move_until(d, is_read);
	for (size_t i = 0; i < CHILDREN; i++)
		d->failed |= decode_child_end(&d->children[i], d->failed) != 0;
	while (decode_waits(d)) /* what it has not printed is printed by us */
		pop(d, entry_at(d, d->popped));
}
