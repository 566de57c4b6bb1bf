/* SPDX-License-Identifier: MIT */
/* inject_options.c - any words are a command line of bpfinject, or an error of one line. */
#include "../../tools/bpfinject/options.h"
#include "driver/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char command[] = "bpfinject";
	struct options o;
	struct words w;
	struct err e = {0};

	words_split(&w, command, data, len);
	if (w.copy) {
		if (options_parse(&o, w.argc, w.argv, &e) != 0 &&
		    (e.kind != ERR_INPUT || !e.text[0]))
			abort();
		options_free(&o);
	}
	free(w.copy);
	return 0;
}
