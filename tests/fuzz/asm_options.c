/* SPDX-License-Identifier: MIT */
/* asm_options.c - any words are a command line of bpfasm, or an error of one line. */
#include "../../tools/bpfasm/options.h"
#include "driver/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int parse(int argc, char **argv, struct err *e)
{
	struct asm_options o;

	return options_parse(&o, argc, argv, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return words_fuzz("bpfasm", parse, data, len);
}
