/* SPDX-License-Identifier: MIT */
/*
 * kprobe_resolve.c - finds the functions of the running kernel that kprobe hooks name.
 *
 * Takes the parsed hooks; gives each its functions, and replaces a glob by a row of hooks, with the
 * maps that their program needs. Chooses how to attach. Fails with -ENOTSUP without kprobes,
 * -EINVAL (input) for unknown names, -EPERM if the kernel hides addresses that are needed.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../kprobe/args.h"
#include "../kprobe/text.h"
#include "kprobe_state.h"

#define SUGGESTION_LEN 256
#define PLACES_MAX     2 /* where a probe of one function may be */
#define NO_MEMORY(e)   err_run(e, -ENOMEM, "hook", "no memory for the list of functions")

/* ---- What this kernel offers -------------------------------------------------------------- */

static int choose_way(struct hook *h, const struct hook_env *env, struct err *e)
{
	struct kprobe *k = h->state;
	bool cookie =
		ebpf_target_has_helper(env->target, EBPF_PROG_KPROBE, EBPF_FN_get_attach_cookie);

	k->way = KBPF_KPROBE_PMU;
	if (kbpf_has_kprobe_pmu() != 1) {
		k->way = KBPF_KPROBE_TRACEFS;
		k->tracefs_fd = kbpf_tracefs_open(NULL);
		if (k->tracefs_fd < 0 || faccessat(k->tracefs_fd, "kprobe_events", W_OK, 0) < 0)
			return err_input(e, -ENOTSUP, "hook",
					 "%s: this kernel has no kprobes (CONFIG_KPROBES, "
					 "CONFIG_KPROBE_EVENTS); try -f drop",
					 h->spec);
	}
	if (!probe_kprobe_is_glob(h->event))
		return 0;
	k->by = KPROBE_BY_IP;
	if (cookie && kbpf_has_kprobe_multi() == 1)
		k->way = KBPF_KPROBE_MULTI;
	else if (cookie && k->way == KBPF_KPROBE_PMU && kbpf_has_perf_link() == 1)
		k->way = KBPF_KPROBE_LINK;
	if (k->way == KBPF_KPROBE_MULTI || k->way == KBPF_KPROBE_LINK)
		k->by = KPROBE_BY_COOKIE;
	h->attach_type = k->way == KBPF_KPROBE_MULTI ? KBPF_ATTACH_KPROBE_MULTI : 0;
	return 0;
}

/* ---- Functions ---------------------------------------------------------------------------- */

/* The state of the search. */
struct kprobe_sources {
	struct kprobe_lists lists;
	struct kprobe_text *text; /* NULL: the kernel's code cannot be read or decoded */
};

static int no_such(const struct hook *h, const char *symbols, struct err *e)
{
	char text[SUGGESTION_LEN];

	if (probe_kprobe_is_glob(h->event))
		return err_input(e, -EINVAL, "hook",
				 "%s: no function of this kernel that matches can be traced and "
				 "uses an argument",
				 h->spec);
	if (probe_kprobe_suggestion(h->event, symbols, text, sizeof(text)))
		return err_input(e, -EINVAL, "hook",
				 "%s: this kernel has no function of that name; %s?", h->spec,
				 text);
	return err_input(e, -EINVAL, "hook",
			 "%s: this kernel has no function of that name (it may be inlined, or in a "
			 "module that is not loaded)",
			 h->spec);
}

/* Finds the arguments that each uses and, for many functions, the cheaper place for a probe. */
static void look_at_code(struct kprobe_funcs *funcs, struct kprobe_sources *known, bool traceable)
{
	bool behind =
		funcs->cnt >= KPROBE_MANY && !probe_kprobe_optimizer_waits(known->lists.symbols);

	for (size_t i = 0; known->text && i < funcs->cnt; i++) {
		struct kprobe_func *f = &funcs->func[i];

		if (!f->addr || !f->traceable)
			continue;
		f->usable = probe_kprobe_args_x86(f->addr, traceable, probe_kprobe_text_read,
						  known->text);
		if (behind)
			f->skip = probe_kprobe_entry_x86(f->addr, probe_kprobe_text_read,
							 known->text);
	}
}

static int find_functions(const struct hook *h, struct kprobe_funcs *funcs,
			  struct kprobe_sources *known, struct err *e)
{
	bool glob = probe_kprobe_is_glob(h->event);
	int rc = probe_kprobe_lists_read(&known->lists, glob);

	if (rc == 0)
		rc = probe_kprobe_funcs(funcs, h->event, &known->lists);
	if (rc == 0)
		look_at_code(funcs, known, glob && known->lists.traceable);
	if (rc < 0)
		return err_run(e, rc, "hook", "%s: reading /proc/kallsyms failed: %s", h->spec,
			       strerror(-rc));
	return funcs->cnt ? 0 : no_such(h, known->lists.symbols, e);
}

/* Why a function is skipped; NULL: it is not. */
static const char *why_not(const struct kprobe *k, const struct kprobe_func *f)
{
	if (!f->traceable)
		return "the kernel does not list it as traceable";
	if (!k->certain && !(f->usable & KPROBE_ARGS_LOOKED_AT))
		return "its code uses no argument";
	return NULL;
}

/* Drops the functions of a glob that cannot have a packet. */
static int leave_out(const struct hook *h, const struct hook_env *env, struct kprobe_funcs *funcs,
		     const char *symbols, struct err *e)
{
	bool glob = probe_kprobe_is_glob(h->event);
	size_t kept = 0;

	for (size_t i = 0; i < funcs->cnt; i++) {
		const char *why = why_not(h->state, &funcs->func[i]);

		if (!why) {
			funcs->func[kept++] = funcs->func[i];
			continue;
		}
		if (glob && env->left_out)
			env->left_out(env->left_out_user, funcs->func[i].name, why);
		free(funcs->func[i].name);
	}
	funcs->cnt = kept;
	if (kept > 0)
		return 0;
	if (glob)
		return no_such(h, symbols, e);
	return err_input(
		e, -EINVAL, "hook",
		"%s: the code of this function uses no argument; if one is the sk_buff all the "
		"same, say which, as in %s@1",
		h->spec, h->event);
}

/* The hook takes over the functions. With a glob each name is a separate member. */
static unsigned take_places(struct kprobe *k, struct kprobe_funcs *funcs)
{
	unsigned member = 0;

	k->place = calloc(funcs->cnt, sizeof(*k->place));
	if (!k->place)
		return 0;
	for (size_t i = 0; i < funcs->cnt; i++) {
		if (i > 0 && k->by != KPROBE_ALONE &&
		    strcmp(funcs->func[i].name, funcs->func[i - 1].name) != 0)
			member++;
		k->place[i] = (struct kprobe_place){funcs->func[i], member};
	}
	k->place_cnt = funcs->cnt;
	funcs->cnt = 0;
	return member + 1;
}

/* A function that the compiler renamed may have its arguments elsewhere. */
static void doubt_arguments(struct hook *h)
{
	struct kprobe *k = h->state;

	if (k->by == KPROBE_ALONE && strcmp(k->place[0].func.name, h->event) != 0)
		k->certain = false;
}

/* ---- The row of hooks of a glob ----------------------------------------------------------- */

static int make_row(struct hook_list *list, unsigned at, unsigned cnt, struct err *e)
{
	const struct kprobe *k = list->hook[at].state;
	struct hook *row = calloc(cnt, sizeof(*row));
	int rc;

	if (!row)
		return NO_MEMORY(e);
	for (size_t i = 0; i < k->place_cnt; i++) {
		struct hook *h = &row[k->place[i].member];

		*h = list->hook[at];
		h->state = k->place[i].member == 0 ? list->hook[at].state : NULL;
		h->member_cnt = k->place[i].member == 0 ? cnt : 0;
		(void)snprintf(h->name, sizeof(h->name), "%s", k->place[i].func.name);
		(void)snprintf(h->spec, sizeof(h->spec), "kprobe:%.*s", (int)sizeof(h->spec) - 8,
			       k->place[i].func.name);
	}
	rc = probe_hooks_replace(list, at, row, cnt, e);
	free(row);
	return rc;
}

/* ---- Maps --------------------------------------------------------------------------------- */

/* The argument that the user named is tried first. Functions of one name share a member. */
static int make_state(const struct hook *h, struct err *e)
{
	const struct kprobe *k = h->state;
	struct kprobe_state state = {0};
	int fd = kbpf_map_create(&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_ARRAY,
							 .key_len = 4,
							 .value_len = sizeof(state),
							 .entry_cnt = h->member_cnt,
							 .name = "bpfcap_args"},
				 e);

	for (size_t i = 0; fd >= 0 && i < k->place_cnt; i++) {
		const struct kprobe_place *p = &k->place[i];

		if (i > 0 && p->member != k->place[i - 1].member)
			state = (struct kprobe_state){0};
		state.usable |= p->func.usable;
		if (h->skb_at >= 0) {
			state.arg = (uint32_t)h->skb_at + 1;
			state.usable |= 1u << h->skb_at;
		}
		(void)kbpf_map_update(fd, &p->member, &state, BPF_ANY);
	}
	return fd;
}

/* A probe is at the start of the function, or after the bytes that can be skipped there. */
static void add_ips(int fd, const struct kprobe_regs *regs, const struct kprobe_place *p)
{
	const uint64_t at[] = {p->func.addr, p->func.addr + p->func.skip};

	for (unsigned i = 0; i < PLACES_MAX; i++)
		for (unsigned d = 0; d < KPROBE_IP_DELTAS_MAX; d++) {
			uint64_t ip = at[i] + regs->ip_delta[d];

			(void)kbpf_map_update(fd, &ip, &p->member, BPF_ANY);
		}
}

static int make_ips(const struct hook *h, struct err *e)
{
	const struct kprobe *k = h->state;
	int fd = kbpf_map_create(
		&(struct kbpf_map_spec){.type = BPF_MAP_TYPE_HASH,
					.key_len = 8,
					.value_len = 4,
					.entry_cnt = (uint32_t)k->place_cnt * PLACES_MAX *
						     KPROBE_IP_DELTAS_MAX,
					.name = "bpfcap_ips"},
		e);

	for (size_t i = 0; fd >= 0 && i < k->place_cnt; i++)
		add_ips(fd, k->regs, &k->place[i]);
	return fd;
}

static int make_maps(const struct hook *h, struct err *e)
{
	struct kprobe *k = h->state;

	if (!k->certain)
		k->state_fd = make_state(h, e);
	if (!k->certain && k->state_fd < 0)
		return k->state_fd;
	if (k->by != KPROBE_BY_IP)
		return 0;
	if (k->place[0].func.addr == 0)
		return err_run(
			e, -EPERM, "hook",
			"%s: this kernel hides the addresses of its functions, which are needed to "
			"distinguish them; set kernel.kptr_restrict to 1 or less",
			h->spec);
	k->ips_fd = make_ips(h, e);
	return k->ips_fd < 0 ? k->ips_fd : 0;
}

/* Returns the number of hooks that replace the one. */
static int resolve_one(struct hook_list *list, unsigned at, const struct hook_env *env,
		       struct kprobe_sources *known, struct err *e)
{
	struct hook *h = &list->hook[at];
	struct kprobe *k = h->state;
	struct kprobe_funcs funcs = {0};
	unsigned cnt = 0;
	int rc = choose_way(h, env, e);

	if (rc == 0)
		rc = find_functions(h, &funcs, known, e);
	if (rc == 0)
		rc = leave_out(h, env, &funcs, known->lists.symbols, e);
	if (rc == 0) {
		cnt = take_places(k, &funcs);
		rc = cnt ? 0 : NO_MEMORY(e);
	}
	probe_kprobe_funcs_free(&funcs);
	if (rc == 0)
		doubt_arguments(h);
	if (rc == 0 && k->by != KPROBE_ALONE)
		rc = make_row(list, at, cnt, e);
	if (rc == 0)
		rc = make_maps(&list->hook[at], e);
	return rc < 0 ? rc : (int)cnt;
}

/* Only x86-64 code can be analyzed for the arguments it uses. */
static struct kprobe_text *open_text(const struct hook_env *env)
{
	const struct kprobe_regs *regs = probe_kprobe_regs(NULL);

	return regs && strcmp(regs->machine, "x86_64") == 0 ? probe_kprobe_text_open(env->target)
							    : NULL;
}

int probe_kprobe_resolve(struct hook_list *list, unsigned first, const struct hook_env *env,
			 struct err *e)
{
	const struct hook_ops *ops = list->hook[first].ops;
	struct kprobe_sources known = {.text = open_text(env)};
	int cnt = 1;

	for (unsigned i = first; cnt > 0 && i < list->cnt; i += (unsigned)cnt) {
		cnt = 1;
		if (list->hook[i].ops == ops)
			cnt = resolve_one(list, i, env, &known, e);
		if (cnt < 0)
			break;
	}
	probe_kprobe_text_close(known.text);
	probe_kprobe_lists_free(&known.lists);
	return cnt < 0 ? cnt : 0;
}
