/* SPDX-License-Identifier: MIT */
/*
 * cap_dissect.c - any bytes become a line of text. Input: a byte that picks the link
 * type, one for -v and -q, one for how much longer the packet was on the wire, then the packet.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/util.h"
#include "../../tools/bpfcap/dissect/dissect.h"
#include "../../tools/bpfcap/dissect/fields.h"
#include "../../tools/bpfcap/dissect/tcp_flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const int linktypes[] = {1, 101, 113, 276, 0, 108, 228, 229, 9, 50, 104, 107};
	int linktype;
	struct text t = {0};
	struct dissect_opts opts;

	if (len < 3)
		return 0;
	linktype = linktypes[data[0] % ARRAY_LEN(linktypes)];
	opts = (struct dissect_opts){.verbose = data[1] % 4,
				     .quick = data[1] & 4,
				     .link = data[1] & 16,
				     .flows = data[1] & 8 ? tcp_flows_new() : NULL};
	(void)dissect(&t, linktype, data + 3, (uint32_t)(len - 3),
		      (uint32_t)(len - 3) + data[2] * 257u, &opts);
	for (size_t i = 0; i < t.len; i++)
		if (t.p[i] < 0x20 || t.p[i] > 0x7e) /* nothing that commands a terminal */
			abort();
	text_clear(&t);
	dissect_fields(&t, linktype, data + 3, (uint32_t)(len - 3),
		       (uint32_t)(len - 3) + data[2] * 257u);
	text_free(&t);
	tcp_flows_free(opts.flows);
	return 0;
}
