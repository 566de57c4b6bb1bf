/* SPDX-License-Identifier: MIT */
/*
 * suggest.c - suggests function names that are similar to an unknown one.
 *
 * Similarity is the number of letters to insert, delete, change or swap with their neighbour
 * (optimal string alignment). Names that need changes to more than a third of their letters are not
 * similar.
 */
#include <string.h>

#include "kprobe.h"

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The distance of a and b, or any number above `limit` if it is larger. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned limit)
{
	unsigned row[3][HOOK_TEXT_LEN], *before = row[0], *last = row[1], *now = row[2], *swap;

	if ((a_len > b_len ? a_len - b_len : b_len - a_len) > limit)
		return limit + 1;
	for (unsigned j = 0; j <= b_len; j++)
		last[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned best = now[0] = i;

		for (unsigned j = 1; j <= b_len; j++) {
			now[j] = min(min(last[j], now[j - 1]) + 1,
				     last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = min(now[j], before[j - 2] + 1);
			best = min(best, now[j]);
		}
		if (best > limit)
			return limit + 1;
		swap = before;
		before = last;
		last = now;
		now = swap;
	}
	return last[b_len];
}

static bool is_known(const struct kprobe_suggestions *s, const char *name)
{
	for (unsigned i = 0; i < s->cnt; i++)
		if (strcmp(s->name[i], name) == 0)
			return true;
	return false;
}

/* Inserts a name after those that are at most as far, if there is capacity. */
static void insert(struct kprobe_suggestions *s, const char *name, size_t len, unsigned d)
{
	unsigned at = s->cnt;

	while (at > 0 && s->distance[at - 1] > d)
		at--;
	if (at == KPROBE_SUGGESTIONS || is_known(s, name))
		return;
	if (s->cnt < KPROBE_SUGGESTIONS)
		s->cnt++;
	for (unsigned i = s->cnt - 1; i > at; i--) {
		s->distance[i] = s->distance[i - 1];
		memcpy(s->name[i], s->name[i - 1], sizeof(s->name[i]));
	}
	s->distance[at] = d;
	memcpy(s->name[at], name, len + 1);
}

void probe_kprobe_suggest(struct kprobe_suggestions *s, const char *wrong, const char *symbols)
{
	char line[KPROBE_LINE_LEN], *name;
	size_t wrong_len = strlen(wrong);
	uint64_t addr;

	*s = (struct kprobe_suggestions){0};
	while (wrong_len < HOOK_TEXT_LEN && probe_kprobe_line(&symbols, line)) {
		unsigned d, limit = (unsigned)(wrong_len + 2) / 3;
		size_t len;

		if (!probe_kprobe_symbol(line, &addr, &name))
			continue;
		name[strcspn(name, ".")] = '\0'; /* as in the source */
		len = strlen(name);
		if (len >= HOOK_TEXT_LEN)
			continue;
		if (s->cnt == KPROBE_SUGGESTIONS)
			limit = s->distance[s->cnt - 1];
		d = distance(wrong, wrong_len, name, len, limit);
		if (d <= limit)
			insert(s, name, len, d);
	}
}

bool probe_kprobe_suggestion(const char *wrong, const char *symbols, char *text, size_t text_len)
{
	struct kprobe_suggestions s;
	size_t at = 0;

	probe_kprobe_suggest(&s, wrong, symbols);
	for (unsigned i = 0; i < s.cnt && at < text_len; i++)
		at += (size_t)snprintf(text + at, text_len - at, "%s%s",
				       i == 0		? "did you mean "
				       : i + 1 == s.cnt ? " or "
							: ", ",
				       s.name[i]);
	return s.cnt > 0;
}
