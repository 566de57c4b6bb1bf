/* SPDX-License-Identifier: MIT */
/*
 * meta.c - reads the filters that are not about the packet's bytes.
 *
 * Takes the texts of struct probe_config; gives numbers for the programs. Fails with -EINVAL
 * (input) and a sentence that shows the text.
 */
#include "meta.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "bpfcap/err.h"
#include "bpfcap/kbpf.h"

bool probe_meta_number(const char *text, size_t len, uint32_t *n)
{
	char copy[16], *end;
	unsigned long value;

	if (len == 0 || len >= sizeof(copy) || !isdigit((unsigned char)text[0]))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	errno = 0;
	value = strtoul(copy, &end, 0);
	*n = (uint32_t)value;
	return !*end && errno == 0 && value <= UINT32_MAX;
}

static int parse_mark(struct capture_meta *m, const char *text, struct err *e)
{
	size_t len = strcspn(text, "/");

	m->mark_mask = UINT32_MAX;
	m->has_mark = probe_meta_number(text, len, &m->mark) &&
		      (!text[len] ||
		       probe_meta_number(text + len + 1, strlen(text + len + 1), &m->mark_mask));
	if (!m->has_mark)
		return err_input(
			e, -EINVAL, "mark",
			"'%s' is not a mark; it is a number, or VALUE/MASK as in 0x10/0xff", text);
	m->mark &= m->mark_mask;
	return 0;
}

/* ---- Reasons ------------------------------------------------------------------------------ */

void probe_meta_read_reasons(struct tp_names *names)
{
	int dir_fd = kbpf_tracefs_open(NULL);
	char *text;
	size_t len;

	*names = (struct tp_names){0};
	if (dir_fd < 0)
		return;
	if (kbpf_read_file(dir_fd, "events/skb/kfree_skb/format", &text, &len) >= 0) {
		(void)probe_tp_names(text, "reason", names);
		free(text);
	}
	close(dir_fd);
}

/* With or without the prefix of the kernel's enum. */
static bool find_reason(const struct tp_names *names, const char *text, uint32_t *number)
{
	static const char prefix[] = "SKB_DROP_REASON_";

	if (strncasecmp(text, prefix, sizeof(prefix) - 1) == 0)
		text += sizeof(prefix) - 1;
	for (size_t i = 0; i < names->cnt; i++) {
		if (strcasecmp(names->name[i].name, text) == 0) {
			*number = names->name[i].number;
			return true;
		}
	}
	return probe_meta_number(text, strlen(text), number);
}

static int parse_reasons(struct capture_meta *m, const char *const *texts,
			 const struct tp_names *names, struct err *e)
{
	size_t cnt = 0;

	while (texts[cnt])
		cnt++;
	m->reason = calloc(cnt + 1, sizeof(*m->reason));
	if (!m->reason)
		return err_run(e, -ENOMEM, "reason", "no memory for the list of reasons");
	for (; m->reason_cnt < cnt; m->reason_cnt++) {
		const char *text = texts[m->reason_cnt];

		if (find_reason(names, text, &m->reason[m->reason_cnt]))
			continue;
		if (names->cnt == 0)
			return err_run(
				e, -ENOTSUP, "reason",
				"this kernel has no names of drop reasons (tracefs lists them "
				"from 5.17 on), so '%s' is unknown",
				text);
		return err_input(e, -EINVAL, "reason",
				 "'%s' is not a drop reason of this kernel; the print fmt line of "
				 "/sys/kernel/tracing/events/skb/kfree_skb/format lists them",
				 text);
	}
	return 0;
}

int probe_meta_parse(struct capture_meta *m, const struct probe_config *c,
		     const struct tp_names *names, struct err *e)
{
	int rc = 0;

	*m = (struct capture_meta){.pid = c->pid};
	if (c->mark)
		rc = parse_mark(m, c->mark, e);
	if (rc == 0 && c->netns)
		rc = probe_netns_inode(c->netns, &m->netns, e);
	if (rc == 0 && c->reasons)
		rc = parse_reasons(m, c->reasons, names, e);
	if (rc < 0)
		probe_meta_free(m);
	return rc;
}

void probe_meta_free(struct capture_meta *m)
{
	free(m->reason);
	*m = (struct capture_meta){0};
}
