/* SPDX-License-Identifier: MIT */
/*
 * program.c - the program of --decode: takes "tcpdump:-v", gives its command line, and recognizes
 * the first line of each packet in its output. Fails for programs and flags that cannot be used.
 */
#include "program.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../../../src/util.h"
#include "../../common/fail.h"
#include "../../common/text.h"

enum { US_PER_S = 1000000 };

/* Flags not listed here would read or write files, print fewer packets or mark lines otherwise. */
static const struct known {
	const char *name;
	const char *const fixed[10];
	const char *plain, *with_arg;
} programs[] = {
	{"tcpdump", {"-n", "-l", "-tt", "-r", "-"}, "AbefHKnNqSuvxX", "T"},
	{"tshark", {"-n", "-l", "-t", "e", "-r", "-"}, "nPVx", "OodeET"},
};

static int bad_flag(const struct known *k, const char *word, struct err *e)
{
	return err_input(e, -EINVAL, "options",
			 "--decode cannot pass '%s' to %s; it passes the flags of %s%s", word,
			 k->name, k->plain, k->with_arg);
}

static const char *find_program(const char *name, char path[PATH_MAX])
{
	const char *env = getenv("PATH");
	struct text all = {0};
	char *save = NULL, *found = NULL;

	text_printf(&all, "%s:/usr/sbin:/usr/bin:/sbin:/bin", env ? env : "");
	for (char *dir = all.failed ? NULL : strtok_r(all.p, ":", &save); dir && !found;
	     dir = strtok_r(NULL, ":", &save)) {
		int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);

		if (len > 0 && len < PATH_MAX && access(path, X_OK) == 0)
			found = path;
	}
	text_free(&all);
	return found;
}

/* The flags in one word; `next` is the word after it. 1: `next` is an argument. */
static int check_word(const struct known *k, struct decode_program *p, char *word, char *next,
		      struct err *e)
{
	if (word[0] != '-' || !word[1])
		return bad_flag(k, word, e);
	for (char *c = word + 1; *c; c++) {
		char *arg = c[1] ? c + 1 : next;

		if (*c == 'V' && k->fixed[2][1] == 't')
			p->form = DECODE_DETAILS;
		if (strchr(k->plain, *c))
			continue;
		if (!strchr(k->with_arg, *c) || !arg)
			return bad_flag(k, word, e);
		if (*c == 'O')
			p->form = DECODE_DETAILS;
		if (*c == 'T' && p->form != DECODE_STAMP && strcmp(arg, "fields") == 0)
			p->form = DECODE_FIELDS;
		else if (*c == 'T' && p->form != DECODE_STAMP)
			return bad_flag(k, word, e);
		return arg == next;
	}
	return 0;
}

/* Splits `flags` at spaces into words of argv, from argv[cnt] on. */
static int add_flags(const struct known *k, struct decode_program *p, char *flags, size_t cnt,
		     struct err *e)
{
	size_t first = cnt;
	char *save = NULL;

	for (char *w = strtok_r(flags, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (cnt + 1 == DECODE_WORDS)
			return bad_flag(k, w, e);
		p->argv[cnt++] = w;
	}
	for (size_t i = first; i < cnt; i++) {
		int rc = check_word(k, p, p->argv[i], p->argv[i + 1], e);

		if (rc < 0)
			return rc;
		i += (size_t)rc;
	}
	return 0;
}

/* What the form needs goes before the user's flags. */
static size_t add_fixed(const struct known *k, struct decode_program *p)
{
	static char number[] = "frame.number", option[] = "-e", summary[] = "-P";
	size_t cnt = 0;

	p->argv[cnt++] = (char *)p->name;
	for (size_t i = 0; k->fixed[i]; i++)
		p->argv[cnt++] = (char *)k->fixed[i];
	if (p->form == DECODE_FIELDS) {
		p->argv[cnt++] = option;
		p->argv[cnt++] = number;
	} else if (p->form == DECODE_SUMMARY) {
		p->argv[cnt++] = summary; /* which -x alone would leave out */
	}
	memset(p->argv + cnt, 0, sizeof(p->argv) - cnt * sizeof(p->argv[0]));
	return cnt;
}

/* The time stamps of tcpdump's packets begin at a second that no packet's bytes can know. */
static uint32_t make_secret(void)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = (uint32_t)time(NULL) ^ (uint32_t)getpid() << 16;
	return US_PER_S * 1000 + (random & 0x3fffffff);
}

static int read_spec(const struct known *k, struct decode_program *p, const char *flags,
		     struct err *e)
{
	char *again;
	int rc;

	p->form = strcmp(k->name, "tcpdump") == 0 ? DECODE_STAMP : DECODE_SUMMARY;
	p->nano = p->form != DECODE_STAMP;
	p->words = malloc(2 * (strlen(flags) + 1));
	if (!p->words)
		return err_run(e, -ENOMEM, "options", "out of memory");
	strcpy(p->words, flags);
	rc = add_flags(k, p, p->words, 0, e); /* finds the form */
	if (rc != 0)
		return rc;
	again = strcpy(p->words + strlen(flags) + 1, flags);
	return add_flags(k, p, again, add_fixed(k, p), e);
}

int decode_program(struct decode_program *p, const char *spec, struct err *e)
{
	size_t len = strcspn(spec, ":");
	const struct known *k = NULL;
	int rc;

	*p = (struct decode_program){.secret = make_secret()};
	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		if (strlen(programs[i].name) == len && strncmp(spec, programs[i].name, len) == 0)
			k = &programs[i];
	if (!k)
		return err_input(e, -EINVAL, "options",
				 "--decode takes tcpdump or tshark, and flags after a colon "
				 "(tcpdump:-v), not '%s'",
				 spec);
	p->name = k->name;
	rc = read_spec(k, p, spec[len] ? spec + len + 1 : "", e);
	if (rc == 0 && !find_program(p->name, p->path))
		rc = err_input(e, -ENOENT, "options",
			       "--decode: %s is not installed; install it, or omit --decode",
			       p->name);
	if (rc != 0)
		decode_program_free(p);
	return rc;
}

void decode_program_free(struct decode_program *p)
{
	free(p->words);
	p->words = NULL;
}

/* "1700000000.000001 ": the difference to the secret is the number. */
static uint64_t read_stamp(const struct decode_program *p, const char *line, char **end)
{
	uint64_t s, us;

	if (!isdigit((unsigned char)line[0]))
		return 0;
	s = strtoull(line, end, 10);
	if (**end != '.' || !isdigit((unsigned char)(*end)[1]))
		return 0;
	us = strtoull(*end + 1, end, 10);
	if (**end != ' ' || s < p->secret || s > UINT32_MAX || us >= US_PER_S)
		return 0;
	(*end)++;
	return (s - p->secret) * US_PER_S + us;
}

/* "    1 1700000000.000001000 ": nothing else that tshark prints begins so. */
static uint64_t read_summary(const char *line, char **end)
{
	uint64_t number;

	line += strspn(line, " ");
	if (!isdigit((unsigned char)line[0]))
		return 0;
	number = strtoull(line, end, 10);
	if (**end != ' ' || !isdigit((unsigned char)(*end)[1]))
		return 0;
	(void)strtoull(*end + 1, end, 10);
	if (**end != '.')
		return 0;
	*end += 1 + strspn(*end + 1, "0123456789");
	*end += strspn(*end, " ");
	return number;
}

uint64_t decode_first_line(const struct decode_program *p, const char *line, size_t *skip)
{
	static const char frame[] = "Frame ";
	const size_t frame_len = sizeof(frame) - 1;
	char *end = (char *)line;
	uint64_t number = 0;

	if (p->form == DECODE_STAMP) {
		number = read_stamp(p, line, &end);
	} else if (p->form == DECODE_SUMMARY) {
		number = read_summary(line, &end);
	} else if (p->form == DECODE_FIELDS) {
		number = isdigit((unsigned char)line[0]) ? strtoull(line, &end, 10) : 0;
		end += *end == '\t';
	} else if (strncmp(line, frame, frame_len) == 0) {
		number = strtoull(line + frame_len, &end, 10);
		end += strspn(end, ": ");
	}
	*skip = (size_t)(end - line);
	return number;
}
