/* SPDX-License-Identifier: MIT */
/* cap_options.c - any words are a command line of bpfcap, or an error of one line. */
#include "../../tools/bpfcap/options.h"
#include "driver/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char command[] = "bpfcap";
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
