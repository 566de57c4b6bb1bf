/* SPDX-License-Identifier: MIT */
/*
 * gopclntab.c - finds a function of a Go program by the table with which Go's run-time prints
 * stacks, which stripped programs have, too. -ENOENT without such a table or function.
 *
 * The table has had four forms (Go 1.2, 1.16, 1.18 and 1.20), each with a magic number of its own.
 * In the later two, functions are relative to the start of the code, which the table's head has; in
 * programs that are position-independent a relocation has it instead, and newer linkers leave it
 * out. Then the program's entry point, a function of Go, says where the code starts.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "elf.h"

enum {
	MAGIC_2 = -5, /* 0xfffffffb */
	MAGIC_16 = -6,
	MAGIC_18 = -16,
	MAGIC_20 = -15,
	HEAD = 8,
};

struct go_table {
	struct tls_section all;
	uint64_t word;	      /* the size of a pointer, and of entries in the list of functions */
	uint64_t cnt;	      /* functions */
	uint64_t names, list; /* offsets in the section */
	uint64_t base;	      /* of entries and offsets in the list */
	bool relative;	      /* entries are relative to the start of the code */
	uint64_t code;	      /* that start */
};

static const uint8_t *at(const struct go_table *t, uint64_t off, uint64_t len)
{
	return off <= t->all.len && len <= t->all.len - off ? t->all.p + off : NULL;
}

/* `len` bytes in the order of this machine, which is that of the file; 0 outside of the table. */
static uint64_t number(const struct go_table *t, uint64_t off, uint64_t len)
{
	const uint8_t *p = at(t, off, len);
	uint32_t n = 0;
	uint64_t all = 0;

	if (p && len == sizeof(n))
		memcpy(&n, p, sizeof(n));
	if (p && len == sizeof(all))
		memcpy(&all, p, sizeof(all));
	return len == sizeof(n) ? n : all;
}

/* The i-th word of the head. */
static uint64_t head_word(const struct go_table *t, unsigned i)
{
	return number(t, HEAD + i * t->word, t->word);
}

static int read_head(struct go_table *t)
{
	int32_t magic = (int32_t)number(t, 0, 4);

	t->word = at(t, 0, HEAD) ? t->all.p[7] : 0;
	if (t->word != sizeof(void *))
		return -ENOENT;
	t->cnt = head_word(t, 0);
	switch (magic) {
	case MAGIC_2:
		t->list = HEAD + t->word;
		return 0;
	case MAGIC_16:
		t->names = head_word(t, 2);
		t->base = t->list = head_word(t, 6);
		return 0;
	case MAGIC_18:
	case MAGIC_20:
		t->relative = true;
		t->code = head_word(t, 2);
		t->names = head_word(t, 3);
		t->base = t->list = head_word(t, 7);
		t->word = 4;
		return 0;
	default:
		return -ENOENT;
	}
}

/* An entry of the list is the function's address, and where more about it is: its name's place
 * follows the address there. 0: no function of this name. */
static uint64_t find(const struct go_table *t, const char *name, size_t len)
{
	const uint64_t pair = 2 * t->word;

	for (uint64_t i = 0; i < t->cnt && at(t, t->list + i * pair, pair); i++) {
		uint64_t more = t->base + number(t, t->list + i * pair + t->word, t->word);
		uint64_t where = t->names + number(t, more + t->word, 4);
		const uint8_t *p = at(t, where, len);

		if (p && memcmp(p, name, len) == 0)
			return number(t, t->list + i * pair, t->word) + 1;
	}
	return 0;
}

static uint64_t code_start(const struct go_table *t, const struct tls_elf *f)
{
	static const char *const starts[] = {"_rt0_amd64_linux", "_rt0_arm64_linux"};
	uint64_t start = probe_tls_elf_relocated(f, t->all.addr + HEAD + 2 * sizeof(void *));
	struct tls_section text;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]) && !start; i++) {
		uint64_t entry = find(t, starts[i], strlen(starts[i]) + 1);

		if (entry)
			start = probe_tls_elf_start(f) - (entry - 1);
	}
	/* Where C code comes first, the program does not start in a function of Go. */
	return probe_tls_elf_section(f, ".text", &text) && start >= text.addr &&
			       start - text.addr < text.len
		       ? start
		       : 0;
}

int probe_tls_go_function(const struct tls_elf *f, const char *name, uint64_t *offset)
{
	struct go_table t = {0};
	uint64_t addr;

	if (!probe_tls_elf_section(f, ".gopclntab", &t.all) &&
	    !probe_tls_elf_section(f, ".data.rel.ro.gopclntab", &t.all))
		return -ENOENT;
	if (read_head(&t) < 0)
		return -ENOENT;
	addr = find(&t, name, strlen(name) + 1);
	if (!addr)
		return -ENOENT;
	if (t.relative && !t.code)
		t.code = code_start(&t, f);
	if (t.relative && !t.code)
		return -ENOENT;
	return probe_tls_elf_offset(f, addr - 1 + t.code, offset);
}
