/* SPDX-License-Identifier: MIT */
/* words.h - a fuzzer's input as a command line: words separated by NUL bytes. */
#ifndef FUZZ_WORDS_H
#define FUZZ_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 64

struct words {
	char *copy;
	char *argv[WORDS_MAX + 2];
	int argc;
};

/* argv[0] is `command`. Release w->copy with free(3); NULL: no memory. */
static inline void words_split(struct words *w, char *command, const uint8_t *data, size_t len)
{
	w->copy = malloc(len + 1);
	w->argc = 0;
	if (!w->copy)
		return;
	memcpy(w->copy, data, len);
	w->copy[len] = '\0';
	w->argv[w->argc++] = command;
	for (size_t off = 0; off < len && w->argc <= WORDS_MAX; off += strlen(w->copy + off) + 1)
		w->argv[w->argc++] = w->copy + off;
	w->argv[w->argc] = NULL;
}

#endif
