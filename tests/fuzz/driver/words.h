/* SPDX-License-Identifier: MIT */
/*
 * words.h - a fuzzer's input as a command line: words separated by NUL bytes. Any words are right,
 * or wrong with a sentence that says so.
 */
#ifndef BPFCAP_TESTS_FUZZ_DRIVER_WORDS_H
#define BPFCAP_TESTS_FUZZ_DRIVER_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"

#define WORDS_MAX 64

/* Parses a command line and releases what came of it; 0, or -errno with the error in *e. */
typedef int (*words_parse)(int argc, char **argv, struct err *e);

/* argv[0] is `command`. Aborts if the parser fails without a reason. Always 0. */
static inline int words_fuzz(const char *command, words_parse parse, const uint8_t *data,
			     size_t len)
{
	char *copy = malloc(len + 1), *argv[WORDS_MAX + 2] = {strdup(command)};
	struct err e = {0};
	int argc = 1;

	if (copy && argv[0]) {
		memcpy(copy, data, len);
		copy[len] = '\0';
		for (size_t off = 0; off < len && argc <= WORDS_MAX; off += strlen(copy + off) + 1)
			argv[argc++] = copy + off;
		if (parse(argc, argv, &e) != 0 && (e.kind != ERR_INPUT || !e.text[0]))
			abort();
	}
	free(argv[0]);
	free(copy);
	return 0;
}

#endif
