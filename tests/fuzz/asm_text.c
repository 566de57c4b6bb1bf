/* SPDX-License-Identifier: MIT */
/*
 * asm_text.c - fuzzes the text assembler: what it takes must be a program that passes the check,
 * and whose listing reads back as the same program.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/ebpf_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void read_back(const struct ebpf_prog *p)
{
	struct ebpf_prog q;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	require(ebpf_write(f, p, EBPF_FORMAT_LISTING) == 0);
	fclose(f);
	require(ebpf_parse(&(struct ebpf_text){.data = text, .len = len, .name = "x"}, &q, NULL) ==
		0);
	require(q.cnt == p->cnt && memcmp(q.insns, p->insns, q.cnt * sizeof(*q.insns)) == 0);
	ebpf_prog_free(&q);
	free(text);
}

/* Counts mistakes, of which no more than a few are wanted. */
static bool count(void *user, const struct err *e)
{
	unsigned *cnt = user;

	require(e->code < 0 && e->text[0]);
	return ++*cnt < 20;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	/* A copy of the exact length, so that reading beyond it is seen. */
	char *text = malloc(len ? len : 1);
	unsigned mistakes = 0;
	struct ebpf_text any = {text, len, "x", NULL, EBPF_PROG_ANY, count, &mistakes};
	struct ebpf_source s;
	struct ebpf_target t;
	struct err e;

	if (!text)
		return 0;
	memcpy(text, data, len);
	require(ebpf_target_by_version(&t, "5.4", &e) == 0);
	if (ebpf_parse_source(&any, &s, &e) == 0) {
		require(mistakes == 0);
		read_back(&s.prog);
		ebpf_source_free(&s);
	}
	any.target = &t;
	any.type = EBPF_PROG_KPROBE;
	if (ebpf_parse_source(&any, &s, &e) == 0) {
		require(ebpf_check(s.prog.insns, s.prog.cnt, &t, EBPF_PROG_KPROBE, &e) == 0);
		ebpf_source_free(&s);
	}
	free(text);
	return 0;
}
