/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/cap_options.c - any words are a command line or a one-line error. Input: the words,
 * separated by NUL bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/bpfcap/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum { WORD_MAX = 64 };
	char *copy = malloc(len + 1), *argv[WORD_MAX + 2];
	struct options o;
	struct err e = {0};
	int argc = 0;

	if (!copy)
		return 0;
	memcpy(copy, data, len);
	copy[len] = '\0';
	argv[argc++] = (char[]){"bpfcap"};
	for (size_t off = 0; off < len && argc <= WORD_MAX; off += strlen(copy + off) + 1)
		argv[argc++] = copy + off;
	argv[argc] = NULL;
	if (options_parse(&o, argc, argv, &e) != 0 && (e.kind != ERR_INPUT || !e.text[0]))
		abort();
	options_free(&o);
	free(copy);
	return 0;
}
