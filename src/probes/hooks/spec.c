/* SPDX-License-Identifier: MIT */
/*
 * spec.c - hook specs, as the user writes them.
 *
 * Takes "rx,tx", "rawtp:kfree_skb@1", "tc:ingress" ...; gives struct hook. Fails with -EINVAL and a
 * sentence that shows what is meant to stand there. Knows the prefixes; what follows one is the
 * hook's own to read.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../hook.h"

#define ARG_MAX_CNT 12 /* arguments of a raw tracepoint; more than any register convention has */

struct prefix {
	const char *text; /* ends with ':' when something follows */
	const struct hook_ops *ops;
};

static const struct prefix prefixes[] = {
	{"rawtp:", &probe_hook_rawtp},
	{"raw_tracepoint:", &probe_hook_rawtp},
	{"tracepoint:", &probe_hook_tracepoint},
	{"tp:", &probe_hook_tracepoint},
	{"tc:", &probe_hook_tc},
	{"kprobe:", &probe_hook_kprobe},
	{"socket", &probe_hook_socket},
	{"xdp:", &probe_hook_xdp},
	{"xdp", &probe_hook_xdp},
};

static const struct prefix function = {"", &probe_hook_kprobe};

/* Presets: a name for one spec or two. */
static const struct preset {
	const char *name, *spec[3];
} presets[] = {
	{"rx", {"rawtp:netif_receive_skb"}},
	{"tx", {"rawtp:net_dev_queue"}},
	{"drop", {"rawtp:kfree_skb"}},
	{"tc", {"tc:ingress", "tc:egress"}},
};

static const struct preset *find_preset(const char *name)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (strcmp(name, presets[i].name) == 0)
			return &presets[i];
	return NULL;
}

static const struct probe_hook_help help[] = {
	{"rx", "packets as they are received, before the protocols see them", "BPF tracing"},
	{"tx", "packets as they are handed to a device", "BPF tracing"},
	{"drop", "packets dropped, with the reason where the kernel has one", "BPF tracing"},
	{"socket", "what tcpdump sees: all interfaces, or -i", "CAP_NET_RAW"},
	{"tc, tc:ingress, tc:egress", "traffic control of an interface, or of all with -i any",
	 "-i"},
	{"xdp, xdp:generic, xdp:native", "before the stack, on an interface without XDP program",
	 "-i"},
	{"rawtp:NAME[@N]",
	 "raw tracepoint; argument N (from 1) is the sk_buff, known for the usual", "BPF tracing"},
	{"tracepoint:CATEGORY:NAME", "tracepoint whose record has an skbaddr (short: tp:)",
	 "tracefs"},
	{"kprobe:FUNC[@N], FUNC[@N]",
	 "entry of a kernel function, or of all that a glob matches; argument N (from 1) is the "
	 "sk_buff, or it is found",
	 "kprobes"},
};

const struct probe_hook_help *probe_hook_help(size_t *cnt)
{
	*cnt = sizeof(help) / sizeof(help[0]);
	return help;
}

bool probe_hook_copy_name(char dst[HOOK_TEXT_LEN], const char *name, size_t len)
{
	if (len == 0 || len >= HOOK_TEXT_LEN)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '.')
			return false;
	memcpy(dst, name, len);
	dst[len] = '\0';
	return true;
}

bool probe_hook_split_arg(char dst[HOOK_TEXT_LEN], const char *text, int *arg)
{
	const char *at = strchr(text, '@');
	char *end;
	long n;

	if (!at)
		return probe_hook_copy_name(dst, text, strlen(text));
	n = strtol(at + 1, &end, 10);
	if (!isdigit((unsigned char)at[1]) || *end || n < 1 || n > ARG_MAX_CNT)
		return false;
	*arg = (int)n - 1;
	return probe_hook_copy_name(dst, text, (size_t)(at - text));
}

/* A prefix without ':' must be the whole spec. */
static const struct prefix *find_prefix(const char *spec)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const char *text = prefixes[i].text;
		size_t len = strlen(text);

		if (strncmp(spec, text, len) == 0 && (text[len - 1] == ':' || !spec[len]))
			return &prefixes[i];
	}
	return NULL;
}

/* A name without a prefix is that of a kernel function. */
static bool is_function(const char *spec)
{
	return (isalpha((unsigned char)*spec) || *spec == '_') && !strchr(spec, ':');
}

static int parse_one(struct hook *h, const char *spec, struct err *e)
{
	const struct prefix *p = find_prefix(spec);

	*h = (struct hook){.skb_at = -1, .reason_at = -1, .location_at = -1, .member_cnt = 1};
	if (!p && !is_function(spec))
		return err_input(
			e, -EINVAL, "hook",
			"'%s' is not a hook; hooks are rx, tx, drop, socket, xdp, tc, tc:ingress, "
			"tc:egress, rawtp:NAME[@N], tracepoint:CATEGORY:NAME and [kprobe:]FUNC[@N]",
			spec);
	if (!p)
		p = &function;
	h->ops = p->ops;
	(void)snprintf(h->spec, sizeof(h->spec), "%s", spec);
	return p->ops->parse(h, spec + strlen(p->text), e);
}

static int append(struct hook_list *list, const struct hook *h, struct err *e)
{
	struct hook *mem;

	for (unsigned i = 0; i < list->cnt; i++)
		if (strcmp(list->hook[i].spec, h->spec) == 0)
			return err_input(e, -EINVAL, "hook", "hook '%s' is given twice", h->spec);
	mem = realloc(list->hook, (list->cnt + 1) * sizeof(*mem));
	if (!mem)
		return err_run(e, -ENOMEM, "hook", "no memory for another hook");
	list->hook = mem;
	list->hook[list->cnt] = *h;
	list->hook[list->cnt].index = (uint16_t)list->cnt;
	list->cnt++;
	return 0;
}

/* A spec, or a preset: the hooks it stands for; one hook alone takes the preset's name. */
static int add(struct hook_list *list, const char *spec, struct err *e)
{
	const struct preset *preset = find_preset(spec);
	struct hook h;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && (preset ? preset->spec[i] != NULL : i == 0); i++) {
		rc = parse_one(&h, preset ? preset->spec[i] : spec, e);
		if (rc == 0 && preset && !preset->spec[1])
			(void)snprintf(h.name, sizeof(h.name), "%s", preset->name);
		if (rc == 0)
			rc = append(list, &h, e);
		if (rc < 0 && h.ops && h.ops->release)
			h.ops->release(&h);
	}
	return rc;
}

static int add_text(struct hook_list *list, const char *spec, size_t len, struct err *e)
{
	char text[HOOK_TEXT_LEN];

	if (len >= sizeof(text))
		return err_input(e, -EINVAL, "hook", "'%.40s...' is too long for a hook", spec);
	memcpy(text, spec, len);
	text[len] = '\0';
	return add(list, text, e);
}

int probe_hooks_parse(struct hook_list *list, const char *const *specs, struct err *e)
{
	*list = (struct hook_list){0};
	for (; *specs; specs++) {
		for (const char *p = *specs;; p++) {
			size_t len = strcspn(p, ",");
			int rc = add_text(list, p, len, e);

			if (rc < 0) {
				probe_hooks_free(list);
				return rc;
			}
			p += len;
			if (!*p)
				break;
		}
	}
	return 0;
}

static int resolve_first(struct hook_list *list, unsigned at, const struct hook_env *env,
			 struct err *e)
{
	const struct hook_ops *ops = list->hook[at].ops;

	for (unsigned i = 0; i < at; i++)
		if (list->hook[i].ops == ops)
			return 0;
	return ops->resolve ? ops->resolve(list, env, e) : 0;
}

int probe_hooks_resolve(struct hook_list *list, const struct hook_env *env, struct err *e)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < list->cnt; i++)
		rc = resolve_first(list, i, env, e);
	return rc;
}

int probe_hooks_replace(struct hook_list *list, unsigned at, const struct hook *hooks, unsigned cnt,
			struct err *e)
{
	unsigned all = list->cnt - 1 + cnt;
	struct hook *mem;

	if (all > HOOK_CNT_MAX)
		return err_input(
			e, -EINVAL, "hook",
			"%s matches %u functions; that is more than the %d hooks a session can "
			"have, so narrow it down",
			list->hook[at].spec, cnt, HOOK_CNT_MAX);
	mem = malloc(all * sizeof(*mem));
	if (!mem)
		return err_run(e, -ENOMEM, "hook", "no memory for another hook");
	memcpy(mem, list->hook, at * sizeof(*mem));
	memcpy(mem + at, hooks, cnt * sizeof(*mem));
	memcpy(mem + at + cnt, list->hook + at + 1, (list->cnt - at - 1) * sizeof(*mem));
	free(list->hook);
	list->hook = mem;
	list->cnt = all;
	for (unsigned i = 0; i < all; i++)
		mem[i].index = (uint16_t)i;
	return 0;
}

int probe_hook_keep_fd(struct hook *h, int fd, struct err *e)
{
	int *mem = realloc(h->fd, (h->fd_cnt + 1) * sizeof(*mem));

	if (!mem) {
		close(fd);
		return err_run(e, -ENOMEM, "hook", "no memory for another hook");
	}
	h->fd = mem;
	h->fd[h->fd_cnt++] = fd;
	return 0;
}

void probe_hook_detach(struct hook *h)
{
	if (h->ops->detach)
		h->ops->detach(h);
	while (h->fd_cnt > 0)
		close(h->fd[--h->fd_cnt]);
	free(h->fd);
	h->fd = NULL;
}

void probe_hooks_free(struct hook_list *list)
{
	for (unsigned i = 0; i < list->cnt; i++) {
		probe_hook_detach(&list->hook[i]);
		if (list->hook[i].ops->release)
			list->hook[i].ops->release(&list->hook[i]);
	}
	free(list->hook);
	*list = (struct hook_list){0};
}
