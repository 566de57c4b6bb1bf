/* SPDX-License-Identifier: MIT */
/*
 * user.c - hooks at user-space functions: their specs, where the functions are, attaching.
 *
 * A glob becomes one hook for each name that it matches. A name that several files have, or one
 * file twice (versions of a symbol), is one hook with several places. Fails with -EINVAL (input)
 * for malformed specs and unknown names.
 */
#include "user.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"

enum { USER_HOOKS_MAX = 64 }; /* of a glob: each loads its own program */

#define NO_MEMORY(e) err_run(e, -ENOMEM, "hook", "no memory for the list of functions")

/* ---- Specs ---------------------------------------------------------------------------------- */

/* "3" -> 2; false unless it is an argument in a register, or of a USDT probe. */
static bool read_arg(const struct user_hook *u, const char *text, unsigned *arg)
{
	if (!isdigit((unsigned char)text[0]) || text[1] || text[0] == '0')
		return false;
	*arg = (unsigned)(text[0] - '1');
	return u->usdt || *arg < u->regs->arg_cnt;
}

/* "A", "A@B", "A@ret" */
static bool read_args(struct user_hook *u, char *text, bool *has_second)
{
	char *second = strchr(text, '@');

	*has_second = second != NULL;
	if (second)
		*second++ = '\0';
	if (!read_arg(u, text, &u->arg))
		return false;
	if (second && strcmp(second, "ret") == 0 && !u->usdt)
		u->form = USER_AT_RETURN;
	return !second || u->form == USER_AT_RETURN || read_arg(u, second, &u->arg_2);
}

/* "PATH:PROVIDER", "PATH" (with a slash) or "PROVIDER" is in func.object. */
static void split_provider(struct user_hook *u)
{
	char *object = u->func.object, *colon = strrchr(object, ':');

	if (!colon && strchr(object, '/'))
		return;
	(void)snprintf(u->provider, sizeof(u->provider), "%s", colon ? colon + 1 : object);
	*(colon ? colon : object) = '\0';
}

int probe_user_parse(struct hook *h, const char *rest, bool *has_second, struct err *e)
{
	static const char usdt[] = "usdt:";
	struct user_hook *u = h->state;
	bool is_usdt = strncmp(rest, usdt, sizeof(usdt) - 1) == 0;
	char args[8] = "";
	size_t len;

	rest += is_usdt ? sizeof(usdt) - 1 : 0;
	len = strcspn(rest, "@");
	*u = (struct user_hook){.regs = probe_kprobe_regs(NULL),
				.usdt = is_usdt,
				.calls_fd = -1,
				.progs_fd = -1,
				.layout_fd = -1,
				.entry_fd = -1,
				.return_fd = -1};
	if (!u->regs)
		return err_run(e, -ENOTSUP, "hook",
			       "%s: bpfcap does not know where this machine keeps the arguments of "
			       "functions",
			       h->spec);
	if (rest[len] && strlen(rest + len + 1) < sizeof(args))
		memcpy(args, rest + len + 1, strlen(rest + len + 1));
	if (!probe_uprobe_name(&u->func, rest, len) || !read_args(u, args, has_second))
		return -EINVAL;
	if (u->usdt)
		split_provider(u);
	if (u->usdt && u->func.offset)
		return -EINVAL;
	if (u->form == USER_AT_RETURN && u->func.offset)
		return err_input(e, -ENOTSUP, "hook",
				 "%s: the result of a function goes with its start; remove +OFFSET",
				 h->spec);
	memcpy(h->name, u->func.name, sizeof(h->name));
	return 0;
}

/* ---- Places --------------------------------------------------------------------------------- */

/* Where the arguments of a USDT probe are. */
static int read_places(struct hook *h, const char *args, bool has_second, struct err *e)
{
	struct user_hook *u = h->state;
	const bool first = probe_usdt_arg(&u->usdt_arg, NULL, args, u->arg);

	if (first && (!has_second || probe_usdt_arg(&u->usdt_arg_2, NULL, args, u->arg_2)))
		return 0;
	return err_input(e, -EINVAL, "hook",
			 "%s: argument %u is not one that bpfcap can read; the probe's arguments "
			 "are '%.80s'",
			 h->spec, (first ? u->arg_2 : u->arg) + 1, args);
}

/* Appends the functions [from, to), which have one name and, of USDT probes, the same arguments. */
static int take_places(struct hook *h, const struct uprobe_functions *f, size_t from, size_t to,
		       const struct uprobe_objects *o, struct err *e)
{
	struct user_hook *u = h->state;
	const char *args = f->function[from].args;
	bool second = h->ops == &probe_hook_raw || u->form == USER_ARRAY;

	if (args && read_places(h, args, second, e) != 0)
		return e->code;
	u->place = calloc(to - from, sizeof(*u->place));
	if (!u->place)
		return NO_MEMORY(e);
	for (size_t i = from; i < to; i++) {
		int fd = fcntl(o->object[f->function[i].object].fd, F_DUPFD_CLOEXEC, 0);

		if (fd < 0)
			return err_run(e, -errno, "hook", "%s: %s", h->spec, strerror(errno));
		u->place[u->place_cnt++] = (struct user_place){
			fd, f->function[i].offset + u->func.offset, f->function[i].semaphore};
	}
	return 0;
}

static size_t same_name(const struct uprobe_functions *f, size_t from)
{
	size_t to = from + 1;

	const struct uprobe_function *first = &f->function[from];

	while (to < f->cnt && strcmp(first->name, f->function[to].name) == 0 &&
	       (!first->args || strcmp(first->args, f->function[to].args) == 0))
		to++;
	return to;
}

static void describe(struct hook *h, const struct hook *of, const char *name)
{
	const char *colon = strchr(of->spec, ':'), *args = strchr(of->spec, '@');
	bool usdt = ((const struct user_hook *)of->state)->usdt;

	(void)snprintf(h->name, sizeof(h->name), "%s", name);
	(void)snprintf(h->spec, sizeof(h->spec), "%.*s:%s%.80s%s", (int)(colon - of->spec),
		       of->spec, usdt ? "usdt:" : "", name, args);
}

/* One hook for each name, and for each place of a USDT probe's arguments. */
static int make_hooks(struct hook_list *list, unsigned at, const struct uprobe_functions *f,
		      const struct uprobe_objects *o, struct err *e)
{
	struct hook of = list->hook[at], row[USER_HOOKS_MAX];
	unsigned cnt = 0;
	int rc = 0;

	for (size_t from = 0, to; rc == 0 && from < f->cnt; from = to) {
		struct hook *h = &row[cnt];

		if (cnt == USER_HOOKS_MAX) {
			rc = err_input(e, -E2BIG, "hook",
				       "%s matches more than %d functions; narrow it down", of.spec,
				       USER_HOOKS_MAX);
			break;
		}
		to = same_name(f, from);
		*h = of;
		h->state = calloc(1, sizeof(struct user_hook));
		if (!h->state) {
			rc = NO_MEMORY(e);
			break;
		}
		*(struct user_hook *)h->state = *(struct user_hook *)of.state;
		cnt++;
		describe(h, &of, f->function[from].name);
		rc = take_places(h, f, from, to, o, e);
	}
	if (rc == 0)
		rc = probe_hooks_replace(list, at, row, cnt, e);
	if (rc == 0)
		free(of.state);
	for (unsigned i = 0; rc < 0 && i < cnt; i++)
		probe_hook_release(&row[i]);
	return rc < 0 ? rc : (int)cnt;
}

/* Returns the number of hooks that replace the one. */
static int resolve_one(struct hook_list *list, unsigned at, const struct hook_env *env,
		       struct err *e)
{
	struct hook *h = &list->hook[at];
	const struct user_hook *u = h->state;
	struct uprobe_functions f = {0};
	struct uprobe_objects o;
	int rc = probe_uprobe_objects(&o, u->func.object, env->capture->meta.pid, h->spec, e);

	if (rc == 0)
		rc = u->usdt ? probe_usdt_places(&f, &o, u->provider, u->func.name, h->spec, e)
			     : probe_uprobe_functions(&f, &o, u->func.name, h->spec, e);
	if (rc == 0 &&
	    (probe_uprobe_is_glob(u->func.name) || (u->usdt && same_name(&f, 0) < f.cnt)))
		rc = make_hooks(list, at, &f, &o, e);
	else if (rc == 0)
		rc = take_places(h, &f, 0, f.cnt, &o, e);
	if (rc == 0)
		rc = 1;
	probe_uprobe_functions_free(&f);
	probe_uprobe_objects_free(&o);
	for (int i = 0; i < rc; i++) {
		int made = probe_user_make_calls(&list->hook[at + (unsigned)i], env, e);

		if (made < 0)
			return made;
	}
	return rc;
}

int probe_user_resolve(struct hook_list *list, unsigned first, const struct hook_env *env,
		       struct err *e)
{
	const struct hook_ops *ops = list->hook[first].ops;
	int cnt = 1;

	for (unsigned i = first; cnt > 0 && i < list->cnt; i += (unsigned)cnt) {
		cnt = 1;
		if (list->hook[i].ops == ops)
			cnt = resolve_one(list, i, env, e);
	}
	return cnt < 0 ? cnt : 0;
}

/* ---- Attaching ------------------------------------------------------------------------------ */

static int attach_at(struct hook *h, int prog_fd, bool at_return, struct err *e)
{
	struct user_hook *u = h->state;
	char path[32];

	for (size_t i = 0; i < u->place_cnt; i++) {
		int fd;

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", u->place[i].fd);
		fd = u->usdt ? kbpf_usdt_attach(prog_fd, path, u->place[i].offset,
						u->place[i].semaphore, e)
			     : kbpf_uprobe_attach(prog_fd, 0, path, u->place[i].offset, at_return,
						  e);
		if (fd < 0)
			return fd;
		u->attached[u->attached_cnt++] = fd;
	}
	return 0;
}

/* The end of a call is only seen after its begin. */
int probe_user_attach(struct hook *h, const struct hook_env *env, int prog_fd, struct err *e)
{
	struct user_hook *u = h->state;
	const uint32_t main_program = 0;
	int rc = 0;

	(void)env;
	u->attached = calloc(2 * u->place_cnt, sizeof(*u->attached));
	if (!u->attached)
		return NO_MEMORY(e);
	if (u->progs_fd >= 0)
		rc = kbpf_map_update(u->progs_fd, &main_program, &prog_fd, 0);
	if (rc < 0)
		return err_run(e, rc, "hook", "%s: the programs cannot be joined: %s", h->spec,
			       strerror(-rc));
	switch (u->form) {
	case USER_AT_ENTRY:
		return attach_at(h, prog_fd, false, e);
	case USER_ARRAY:
		return attach_at(h, u->entry_fd, false, e);
	case USER_AT_RETURN:
	case USER_ARRAY_AT_RETURN:
	default:
		rc = attach_at(h, u->entry_fd, false, e);
		return rc < 0 ? rc
			      : attach_at(h, u->form == USER_AT_RETURN ? prog_fd : u->return_fd,
					  true, e);
	}
}

void probe_user_detach(struct hook *h)
{
	struct user_hook *u = h->state;

	for (size_t i = 0; i < u->attached_cnt; i++)
		close(u->attached[i]);
	u->attached_cnt = 0;
}

void probe_user_release(struct hook *h)
{
	struct user_hook *u = h->state;
	const int fds[] = {u->calls_fd, u->progs_fd, u->layout_fd, u->entry_fd, u->return_fd};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (size_t i = 0; i < u->place_cnt; i++)
		close(u->place[i].fd);
	free(u->place);
	free(u->attached);
}
