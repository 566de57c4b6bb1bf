/* SPDX-License-Identifier: MIT */
/*
 * functions.c - finds functions by name in the symbols of files, or of their separate debug files.
 *
 * Takes open files and a name or glob; gives offsets. Files that are not ELF of this machine, as
 * fonts that a process maps, have no functions. Fails with -EINVAL (input) and similar names.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../util.h"
#include "../kprobe/kprobe.h"
#include "../tls/elf.h"
#include "uprobe.h"

#define DEBUG_DIR "/usr/lib/debug/.build-id/"

/* The state of a search. `others`: names that do not match, as lines of /proc/kallsyms, in which
 * similar ones are looked for. */
struct function_search {
	struct uprobe_functions *out;
	const char *name;
	bool glob;
	unsigned object;
	FILE *others;
	bool failed; /* no memory */
};

/* The cold part of a function is never entered at its start; other clones must be named. */
static bool is_meant(const struct function_search *s, const char *name)
{
	const char *suffix = strchr(name, '.');

	if (strstr(name, ".cold"))
		return false;
	if (!s->glob)
		return strcmp(s->name, name) == 0;
	return fnmatch(s->name, name, 0) == 0 && (!suffix || strchr(s->name, '.'));
}

static bool is_there(const struct function_search *s, const char *name, uint64_t offset)
{
	for (size_t i = 0; i < s->out->cnt; i++)
		if (s->out->function[i].object == s->object &&
		    s->out->function[i].offset == offset &&
		    (!s->glob || strcmp(s->out->function[i].name, name) == 0))
			return true;
	return false;
}

static void on_function(void *user, const char *name, uint64_t offset, uint64_t len)
{
	struct function_search *s = user;
	struct uprobe_function *all;

	(void)len;
	if (!is_meant(s, name)) {
		if (!s->glob && s->others)
			fprintf(s->others, "1 T %s\n", name);
		return;
	}
	if (s->failed || is_there(s, name, offset))
		return;
	all = grow(s->out->function, &s->out->cap, s->out->cnt + 1, sizeof(*all));
	if (all)
		s->out->function = all;
	if (all)
		all[s->out->cnt] = (struct uprobe_function){
			.name = strdup(name), .object = s->object, .offset = offset};
	s->failed = !all || !all[s->out->cnt].name;
	s->out->cnt += !s->failed;
}

/* The file with the symbols that were stripped from this one; -1: there is none. */
static int open_debug(const struct tls_elf *f)
{
	char path[sizeof(DEBUG_DIR) + 2 * sizeof(((struct probe_tls_layout *)0)->build_id) + 16];
	struct probe_tls_layout id;
	int at;

	probe_tls_elf_build_id(f, &id);
	if (id.build_id_len < 2)
		return -1;
	at = snprintf(path, sizeof(path), DEBUG_DIR "%02x/", id.build_id[0]);
	for (unsigned i = 1; i < id.build_id_len; i++)
		at += snprintf(path + at, sizeof(path) - (size_t)at, "%02x", id.build_id[i]);
	(void)snprintf(path + at, sizeof(path) - (size_t)at, ".debug");
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void search_debug(const struct tls_elf *code, tls_function_fn fn, void *user)
{
	struct tls_elf debug;
	int fd = open_debug(code);

	if (fd < 0)
		return;
	if (probe_tls_elf_open(&debug, fd, NULL) == 0) {
		probe_tls_elf_functions(code, &debug, fn, user);
		probe_tls_elf_close(&debug);
	}
	close(fd);
}

void probe_uprobe_symbols(int fd, tls_function_fn fn, void *user)
{
	struct tls_elf f;

	if (probe_tls_elf_open(&f, fd, NULL) < 0)
		return;
	probe_tls_elf_functions(&f, &f, fn, user);
	search_debug(&f, fn, user);
	probe_tls_elf_close(&f);
}

static int by_name(const void *x, const void *y)
{
	const struct uprobe_function *a = x, *b = y;

	return strcmp(a->name, b->name);
}

/* Clones are suggested first: they are what is left of the function. */
static int no_such(const struct function_search *s, const char *others, const char *spec,
		   struct err *e)
{
	char text[256], clone[UPROBE_TEXT_LEN + 4];
	const char *at;

	if (s->glob)
		return err_input(e, -EINVAL, "hook", "%s: no function matches", spec);
	(void)snprintf(clone, sizeof(clone), " %s.", s->name);
	at = others ? strstr(others, clone) : NULL;
	if (at)
		return err_input(e, -EINVAL, "hook",
				 "%s: the compiler left only parts or copies of this function, "
				 "which may have other arguments; name one, as %.*s",
				 spec, (int)strcspn(at + 1, "\n"), at + 1);
	if (others && probe_kprobe_suggestion(s->name, others, text, sizeof(text)))
		return err_input(e, -EINVAL, "hook", "%s: there is no function of that name; %s?",
				 spec, text);
	return err_input(e, -EINVAL, "hook",
			 "%s: there is no function of that name (it may be inlined, or the file "
			 "stripped of its symbols)",
			 spec);
}

int probe_uprobe_functions(struct uprobe_functions *out, const struct uprobe_objects *o,
			   const char *name, const char *spec, struct err *e)
{
	char *others = NULL;
	size_t len = 0;
	struct function_search s = {.out = out,
				    .name = name,
				    .glob = probe_uprobe_is_glob(name),
				    .others = open_memstream(&others, &len)};
	int rc = 0;

	*out = (struct uprobe_functions){0};
	for (s.object = 0; s.object < o->cnt; s.object++)
		probe_uprobe_symbols(o->object[s.object].fd, on_function, &s);
	if (s.others && fclose(s.others) != 0)
		s.failed = true;
	if (s.failed)
		rc = err_run(e, -ENOMEM, "hook", "no memory for the list of functions");
	else if (out->cnt == 0)
		rc = no_such(&s, others, spec, e);
	free(others);
	if (rc < 0)
		probe_uprobe_functions_free(out);
	else
		qsort(out->function, out->cnt, sizeof(*out->function), by_name);
	return rc;
}

void probe_uprobe_functions_free(struct uprobe_functions *f)
{
	for (size_t i = 0; i < f->cnt; i++) {
		free(f->function[i].name);
		free(f->function[i].args);
	}
	free(f->function);
	*f = (struct uprobe_functions){0};
}
