/* SPDX-License-Identifier: MIT */
/* asm_options.c - any words are a command line of bpfasm, or an error of one line. */
#include "../../tools/bpfasm/options.h"
#include "driver/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char command[] = "bpfasm";
	struct options o;
	struct words w;
	struct err e = {0};

	words_split(&w, command, data, len);
	if (w.copy && options_parse(&o, w.argc, w.argv, &e) != 0 &&
	    (e.kind != ERR_INPUT || !e.text[0]))
		abort();
	free(w.copy);
	return 0;
}
