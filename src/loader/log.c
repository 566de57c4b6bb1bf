/* SPDX-License-Identifier: MIT */
/*
 * log.c - fetches the whole log of the verifier, and finds the sentence that explains the
 * rejection.
 *
 * A log buffer that is too small makes even a valid program fail with ENOSPC, so the buffer grows
 * until the log fits. The log ends with the complaint, followed by dumps of states and statistics.
 */
#include "log.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "sys.h"
#include "uapi.h"

#define FIRST_LEN (64u << 10)
#define MAX_LEN	  (1u << 30) /* the kernel takes one byte less */
#define GROWTH	  16u

int kbpf_log_load(struct uapi_prog_load *attr, char **log)
{
	int rc = -ENOMEM;

	*log = NULL;
	for (uint32_t len = FIRST_LEN; len <= MAX_LEN; len *= GROWTH) {
		char *more = realloc(*log, len);

		if (!more)
			break;
		*log = more;
		more[0] = '\0';
		attr->log = kbpf_sys_ptr(more);
		attr->log_len = len - 1;
		rc = kbpf_sys_bpf(BPF_PROG_LOAD, attr, sizeof(*attr));
		if (rc != -ENOSPC)
			break;
	}
	return rc;
}

struct log_line {
	const char *at;
	size_t len;
};

/* The line that ends before `end`, without its newline. False at the start of the log. */
static bool line_before(const char *log, const char *end, struct log_line *l)
{
	const char *start;

	if (end > log && end[-1] == '\n')
		end--;
	for (start = end; start > log && start[-1] != '\n'; start--)
		;
	*l = (struct log_line){start, (size_t)(end - start)};
	return end > log;
}

static bool starts_with(struct log_line l, const char *word)
{
	size_t len = strlen(word);

	return l.len >= len && memcmp(l.at, word, len) == 0;
}

/* "12: (85) call ..." */
static bool is_insn(struct log_line l)
{
	size_t i = 0;

	while (i < l.len && isdigit((unsigned char)l.at[i]))
		i++;
	return i > 0 && i + 3 < l.len && memcmp(l.at + i, ": (", 3) == 0;
}

/* Lines that follow the complaint, or that say nothing in one sentence. */
static bool is_noise(struct log_line l)
{
	static const char *const heads[] = {
		"processed ", "verification time ", "stack depth ",  "insns processed ",
		"cur state:", "old state:",	    "mark_precise:", "from ",
	};

	if (l.len == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		if (starts_with(l, heads[i]))
			return true;
	}
	return false;
}

/* "12: R0=inv(id=0) R10=fp0", and the same after "; " on an instruction's line */
static bool is_state(struct log_line l)
{
	size_t i = 0;

	while (i < l.len && isdigit((unsigned char)l.at[i]))
		i++;
	return i > 0 && i < l.len && l.at[i] == ':' && !is_insn(l);
}

static void cut_comment(struct log_line *l)
{
	for (size_t i = 0; i + 1 < l->len; i++) {
		if (l->at[i] == ';' && l->at[i + 1] == ' ')
			l->len = i;
	}
	while (l->len && isspace((unsigned char)l->at[l->len - 1]))
		l->len--;
}

/* "infinite loop detected at insn 7" names another instruction than the last one shown. */
static int64_t slot_of(struct log_line reason, struct log_line insn)
{
	static const char word[] = "insn ";
	const char *at = memmem(reason.at, reason.len, word, sizeof(word) - 1);

	if (at && isdigit((unsigned char)at[sizeof(word) - 1]))
		return strtoll(at + sizeof(word) - 1, NULL, 10);
	return insn.at ? strtoll(insn.at, NULL, 10) : -1;
}

/* The verifier of 7.3 explains its sentence in a report, which follows it; the end without one. */
static const char *report_in(const char *log)
{
	static const char head[] = "\nVerification failed: ";
	const char *at = strstr(log, head);

	return at ? at + 1 : log + strlen(log);
}

int64_t kbpf_log_reason(const char *log, char *text, size_t text_len)
{
	const char *report = report_in(log), *end = report;
	struct log_line l, reason = {NULL, 0}, insn = {NULL, 0};

	text[0] = '\0';
	while (!insn.at && line_before(log, end, &l)) {
		if (is_insn(l))
			insn = l;
		else if (!reason.at && !is_noise(l) && !is_state(l))
			reason = l;
		end = l.at;
	}
	if (!reason.at)
		reason = (struct log_line){report, strcspn(report, "\n")};
	if (!reason.len)
		return -1;
	cut_comment(&insn);
	if (insn.at)
		(void)snprintf(text, text_len, "%.*s (at %.*s)", (int)reason.len, reason.at,
			       (int)insn.len, insn.at);
	else
		(void)snprintf(text, text_len, "%.*s", (int)reason.len, reason.at);
	return slot_of(reason, insn);
}
