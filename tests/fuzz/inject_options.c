/* SPDX-License-Identifier: MIT */
/* inject_options.c - any words are a command line of bpfinject, or an error of one line. */
#include "../../tools/bpfinject/options.h"
#include "driver/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int parse(int argc, char **argv, struct err *e)
{
	struct inject_options o;
	int rc = options_parse(&o, argc, argv, e);

	options_free(&o);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return words_fuzz("bpfinject", parse, data, len);
}
