/* SPDX-License-Identifier: MIT */
/*
 * spec.c - parses hook specs.
 *
 * Takes "rx,tx", "rawtp:kfree_skb@1", "tc:ingress" ...; gives struct hook. Fails with -EINVAL and a
 * sentence that shows the correct form. This file knows the prefixes; each kind of hook reads the
 * rest itself.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "hook.h"

struct hook_prefix {
	const char *text; /* ends with ':' if something follows */
	const struct hook_ops *ops;
};

static const struct hook_prefix prefixes[] = {
	{"rawtp:", &probe_hook_rawtp},
	{"raw_tracepoint:", &probe_hook_rawtp},
	{"tracepoint:", &probe_hook_tracepoint},
	{"tp:", &probe_hook_tracepoint},
	{"tc:", &probe_hook_tc},
	{"kprobe:", &probe_hook_kprobe},
	{"raw:", &probe_hook_raw},
	{"mbuf:", &probe_hook_mbuf},
	{"socket", &probe_hook_socket},
	{"xdp:", &probe_hook_xdp},
	{"xdp", &probe_hook_xdp},
};

static const struct hook_prefix function = {"", &probe_hook_kprobe};

/* Presets: a name for one spec or two. */
static const struct hook_preset {
	const char *name, *spec[3];
} presets[] = {
	{"rx", {"rawtp:netif_receive_skb"}},
	{"tx", {"rawtp:net_dev_queue"}},
	{"drop", {"rawtp:kfree_skb"}},
	{"tc", {"tc:ingress", "tc:egress"}},
};

static const struct hook_preset *find_preset(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(presets); i++)
		if (strcmp(name, presets[i].name) == 0)
			return &presets[i];
	return NULL;
}

static const struct probe_hook_help help[] = {
	{"rx", "packets as they are received, before the protocols see them", "BPF tracing"},
	{"tx", "packets as they are passed to a device", "BPF tracing"},
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
	{"raw:[PATH:]FUNC@PTR@LEN, raw:[PATH:]FUNC@PTR@ret",
	 "function of a program or library: argument PTR (from 1) is the address of a packet, its "
	 "length is argument LEN, or what the function returns",
	 "uprobes"},
	{"raw:usdt:[PATH:][PROVIDER:]PROBE@PTR@LEN, mbuf:usdt:...",
	 "the same at a USDT probe of a program or library, with its arguments", "uprobes"},
	{"mbuf:[PATH:]FUNC@N, mbuf:[PATH:]FUNC@N@M, mbuf:[PATH:]FUNC@N@ret",
	 "function of a DPDK program: argument N is an rte_mbuf, or an array of M or, once it "
	 "returns, of as many as it returns",
	 "uprobes"},
};

const struct probe_hook_help *probe_hook_help(size_t *cnt)
{
	*cnt = ARRAY_LEN(help);
	return help;
}

/* A prefix without ':' must be the whole spec. */
static const struct hook_prefix *find_prefix(const char *spec)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
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
	const struct hook_prefix *p = find_prefix(spec);

	*h = (struct hook){.skb_at = -1, .reason_at = -1, .location_at = -1, .member_cnt = 1};
	if (!p && !is_function(spec))
		return err_input(
			e, -EINVAL, "hook",
			"'%s' is not a hook; hooks are rx, tx, drop, socket, xdp, tc, tc:ingress, "
			"tc:egress, rawtp:NAME[@N], tracepoint:CATEGORY:NAME, [kprobe:]FUNC[@N], "
			"raw:FUNC@PTR@LEN and mbuf:FUNC@N",
			spec);
	if (!p)
		p = &function;
	h->ops = p->ops;
	h->kind = &p->ops->kind;
	h->state = calloc(1, p->ops->state_len);
	if (!h->state)
		return err_run(e, -ENOMEM, "hook", "no memory for another hook");
	(void)snprintf(h->spec, sizeof(h->spec), "%s", spec);
	return p->ops->parse(h, spec + strlen(p->text), e);
}

/* Appends the hooks of a spec or preset; a single hook gets the preset's name. */
static int add(struct hook_list *list, const char *spec, struct err *e)
{
	const struct hook_preset *preset = find_preset(spec);
	struct hook h;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && (preset ? preset->spec[i] != NULL : i == 0); i++) {
		rc = parse_one(&h, preset ? preset->spec[i] : spec, e);
		if (rc == 0 && preset && !preset->spec[1])
			(void)snprintf(h.name, sizeof(h.name), "%s", preset->name);
		if (rc == 0)
			rc = probe_hooks_append(list, &h, e);
		if (rc < 0)
			probe_hook_release(&h);
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
