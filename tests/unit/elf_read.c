/* SPDX-License-Identifier: MIT */
/*
 * elf_read.c - objects made, written, read again; and damaged ones, which must be
 * refused or stay sound through everything that can be done with an object.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kelf.h"
#include "../lib/opcodes.h"
#include "../lib/test.h"

enum { R_CALL = 10, R_LDDW = 1 };

/* A program that calls a function of .text and loads the address of a map. */
static struct kbpf_elf *make(void)
{
	static const struct ebpf_insn text[] = {
		{.code = OP_CALL, .src = 1, .imm = 1}, /* first: call second */
		{.code = OP_EXIT},
		{.code = OP_MOV_K, .imm = 1}, /* second: r0 = 1 */
		{.code = OP_EXIT},
	};
	static const struct ebpf_insn prog[] = {
		{.code = OP_LD_IMM64, .dst = 1}, /* r1 = map ll */
		{0},
		{.code = OP_CALL, .src = 1, .imm = -1}, /* call first */
		{.code = OP_EXIT},
	};
	struct kbpf_elf *k;
	int code, tc, maps, first, map;

	assert_int_equal(kbpf_elf_new(&k, NULL), 0);
	code = kbpf_elf_section_add(k,
				    &(struct kbpf_elf_section){.name = ".text",
							       .type = SHT_PROGBITS,
							       .flags = SHF_ALLOC | SHF_EXECINSTR,
							       .data = text,
							       .len = sizeof(text)},
				    NULL);
	tc = kbpf_elf_section_add(k,
				  &(struct kbpf_elf_section){.name = "tc",
							     .type = SHT_PROGBITS,
							     .flags = SHF_ALLOC | SHF_EXECINSTR,
							     .data = prog,
							     .len = sizeof(prog)},
				  NULL);
	maps = kbpf_elf_section_add(k,
				    &(struct kbpf_elf_section){.name = "maps",
							       .type = SHT_PROGBITS,
							       .flags = SHF_ALLOC | SHF_WRITE,
							       .data = "12345678",
							       .len = 8},
				    NULL);
	assert_true(code > 0 && tc > 0 && maps > 0);
	first = kbpf_elf_symbol_add(
		k,
		&(struct kbpf_elf_symbol){
			.name = "first", .type = STT_FUNC, .section = (size_t)code, .len = 16},
		NULL);
	assert_true(first > 0);
	assert_true(kbpf_elf_symbol_add(k,
					&(struct kbpf_elf_symbol){.name = "second",
								  .type = STT_FUNC,
								  .section = (size_t)code,
								  .value = 16,
								  .len = 16},
					NULL) > 0);
	assert_true(kbpf_elf_symbol_add(k,
					&(struct kbpf_elf_symbol){.name = "prog",
								  .type = STT_FUNC,
								  .section = (size_t)tc,
								  .len = 32},
					NULL) > 0);
	map = kbpf_elf_symbol_add(
		k,
		&(struct kbpf_elf_symbol){
			.name = "map", .type = STT_OBJECT, .section = (size_t)maps, .len = 8},
		NULL);
	assert_int_equal(kbpf_elf_reloc_add(k, (size_t)tc, 0, R_LDDW, (size_t)map, NULL), 0);
	assert_int_equal(kbpf_elf_reloc_add(k, (size_t)tc, 16, R_CALL, (size_t)first, NULL), 0);
	return k;
}

static uint8_t *make_image(size_t *len)
{
	struct kbpf_elf *k = make();
	uint8_t *image;

	assert_int_equal(kbpf_elf_image(k, &image, len, NULL), 0);
	kbpf_elf_free(k);
	return image;
}

TEST(made_object_reads_back)
{
	size_t len, again_len;
	uint8_t *image = make_image(&len), *again;
	struct {
		const char *name, *section;
		size_t at, cnt;
	} want[] = {{"first", ".text", 0, 2}, {"second", ".text", 2, 2}, {"prog", "tc", 0, 4}};
	struct kbpf_elf_func *funcs;
	struct kbpf_elf *k;

	assert_int_equal(kbpf_elf_parse(&k, image, len, NULL), 0);
	assert_int_equal(kbpf_elf_funcs(k, &funcs, NULL), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(funcs[i].name, want[i].name);
		assert_string_equal(funcs[i].section_name, want[i].section);
		assert_int_equal(funcs[i].at, want[i].at);
		assert_int_equal(funcs[i].insn_cnt, want[i].cnt);
	}
	assert_int_equal(kbpf_elf_image(k, &again, &again_len, NULL), 0);
	assert_int_equal(again_len, len);
	assert_memory_equal(again, image, len);
	free(funcs);
	free(again);
	free(image);
	kbpf_elf_free(k);
}

TEST(callers_are_found)
{
	struct kbpf_elf *k = make();
	struct kbpf_elf_func *funcs;
	bool reaches[3];

	assert_int_equal(kbpf_elf_funcs(k, &funcs, NULL), 3);
	assert_int_equal(kbpf_elf_func_callers(k, funcs, 3, 1, reaches, NULL), 0);
	assert_true(reaches[0] && reaches[1] && reaches[2]);
	assert_int_equal(kbpf_elf_func_callers(k, funcs, 3, 2, reaches, NULL), 0);
	assert_true(!reaches[0] && !reaches[1] && reaches[2]);
	free(funcs);
	kbpf_elf_free(k);
}

/* Everything that can be done with an object that was let in; what comes out is let in again. */
static void use(struct kbpf_elf *k)
{
	static const struct ebpf_insn head[] = {{.code = OP_MOV_K, .imm = 1},
						{.code = OP_MOV_K, .imm = 2}};
	struct kbpf_elf_func *funcs;
	struct kbpf_elf *again;
	struct err e;
	bool *reaches;
	uint8_t *image;
	size_t len;
	int cnt = kbpf_elf_funcs(k, &funcs, NULL);

	assert_true(cnt >= 0);
	reaches = calloc((size_t)cnt + 1, sizeof(*reaches));
	assert_non_null(reaches);
	for (int i = 0; i < cnt; i++) {
		size_t symbol = funcs[i].symbol;

		kbpf_elf_func_callers(k, funcs, (size_t)cnt, (size_t)i, reaches, NULL);
		(void)kbpf_elf_func_param_cnt(k, symbol);
		if (kbpf_elf_func_insert(k, symbol, head, 2, NULL))
			break;
		free(funcs);
		assert_int_equal(kbpf_elf_funcs(k, &funcs, NULL), cnt);
		if (i < cnt - 1)
			continue;
		assert_int_equal(kbpf_elf_image(k, &image, &len, NULL), 0);
		if (kbpf_elf_parse(&again, image, len, &e))
			fail_msg("what came out is refused: %s", e.text);
		kbpf_elf_free(again);
		free(image);
	}
	free(reaches);
	free(funcs);
}

static void try(const uint8_t *image, size_t len)
{
	struct err e = {0};
	struct kbpf_elf *k;

	if (kbpf_elf_parse(&k, image, len, &e)) {
		assert_true(e.code < 0 && e.text[0]);
		assert_null(strchr(e.text, '\n'));
		return;
	}
	use(k);
	kbpf_elf_free(k);
}

/* A copy at the end of its memory, so that a sanitizer detects reads past it. */
TEST(truncated_objects_are_rejected)
{
	size_t len;
	uint8_t *image = make_image(&len);

	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1);
		struct kbpf_elf *k;
		struct err e;

		memcpy(copy, image, cut);
		copy = realloc(copy, cut ? cut : 1);
		assert_int_equal(kbpf_elf_parse(&k, copy, cut, &e), -EINVAL);
		assert_int_equal(e.kind, ERR_INPUT);
		free(copy);
	}
	free(image);
}

TEST(damaged_objects_are_harmless)
{
	static const uint8_t values[] = {0x00, 0x01, 0x07, 0x7f, 0x80, 0xfe, 0xff};
	size_t len;
	uint8_t *image = make_image(&len);

	for (size_t i = 0; i < len; i++) {
		uint8_t was = image[i];

		for (size_t j = 0; j < sizeof(values); j++) {
			image[i] = values[j];
			try(image, len);
		}
		for (int bit = 0; bit < 8; bit++) {
			image[i] = (uint8_t)(was ^ 1 << bit);
			try(image, len);
		}
		image[i] = was;
	}
	free(image);
}

/* Each row breaks one rule of the header; the error must name that rule. */
TEST(header_mistakes_are_reported)
{
	static const struct {
		size_t off;
		uint8_t value;
		const char *word;
	} rows[] = {
		{0, 'x', "ELF file"},
		{EI_CLASS, ELFCLASS32, "32-bit"},
		{EI_DATA, 3, "byte order"},
		{offsetof(Elf64_Ehdr, e_machine), EM_X86_64, "BPF"},
		{offsetof(Elf64_Ehdr, e_type), ET_EXEC, "relocatable"},
		{offsetof(Elf64_Ehdr, e_shoff) + 5, 1, "section table"},
		{offsetof(Elf64_Ehdr, e_shnum) + 1, 0x7f, "section table"},
		{offsetof(Elf64_Ehdr, e_shstrndx), 3, "section names"},
	};
	size_t len;
	uint8_t *image = make_image(&len);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t was = image[rows[i].off];
		struct kbpf_elf *k;
		struct err e;

		image[rows[i].off] = rows[i].value;
		assert_int_equal(kbpf_elf_parse(&k, image, len, &e), -EINVAL);
		if (!strstr(e.text, rows[i].word))
			fail_msg("row %zu: '%s' is not about '%s'", i, e.text, rows[i].word);
		image[rows[i].off] = was;
	}
	free(image);
}

TEST(made_objects_are_checked)
{
	struct kbpf_elf *k = make();
	size_t text = kbpf_elf_section_by_name(k, ".text"), tc = kbpf_elf_section_by_name(k, "tc");

	assert_int_equal(kbpf_elf_symbol_add(
				 k,
				 &(struct kbpf_elf_symbol){
					 .name = "f", .type = STT_FUNC, .section = text, .len = 40},
				 NULL),
			 -EINVAL);
	assert_int_equal(kbpf_elf_symbol_add(k,
					     &(struct kbpf_elf_symbol){.name = "f",
								       .type = STT_FUNC,
								       .section = text,
								       .value = 4,
								       .len = 8},
					     NULL),
			 -EINVAL);
	assert_int_equal(
		kbpf_elf_symbol_add(
			k,
			&(struct kbpf_elf_symbol){.name = "f", .type = STT_FUNC, .section = text},
			NULL),
		-EINVAL);
	assert_int_equal(
		kbpf_elf_symbol_add(k,
				    &(struct kbpf_elf_symbol){
					    .name = "f", .type = STT_FUNC, .section = 99, .len = 8},
				    NULL),
		-EINVAL);
	assert_int_equal(kbpf_elf_section_add(k,
					      &(struct kbpf_elf_section){.name = "x",
									 .type = SHT_PROGBITS,
									 .flags = SHF_EXECINSTR,
									 .data = "1234",
									 .len = 4},
					      NULL),
			 -EINVAL);
	assert_int_equal(kbpf_elf_reloc_add(k, tc, 32, R_CALL, 1, NULL), -EINVAL);
	assert_int_equal(kbpf_elf_reloc_add(k, tc, 24, R_LDDW, 1, NULL), -EINVAL);
	assert_int_equal(kbpf_elf_reloc_add(k, tc, 16, R_CALL, 99, NULL), -EINVAL);
	assert_int_equal(kbpf_elf_reloc_add(k, tc, 16, 77, 1, NULL), -EINVAL);
	use(k);
	kbpf_elf_free(k);
}

TEST(files_are_complete_or_absent)
{
	char dir[] = "/tmp/bpfcap-elf.XX"
		     "XXXX",
	     path[64];
	struct kbpf_elf *k = make(), *again;
	struct stat st;
	struct err e;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/o", dir);
	assert_int_equal(kbpf_elf_write(k, path, NULL), 0);
	assert_int_equal(kbpf_elf_write(k, path, NULL), 0); /* over itself */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(kbpf_elf_read(&again, path, NULL), 0);
	kbpf_elf_free(again);
	assert_int_equal(truncate(path, st.st_size - 1), 0);
	assert_int_equal(kbpf_elf_read(&again, path, &e), -EINVAL);
	assert_non_null(strstr(e.text, path));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(kbpf_elf_read(&again, path, &e), -ENOENT);
	assert_int_equal(kbpf_elf_read(&again, dir, &e), -EINVAL);
	assert_int_equal(kbpf_elf_write(k, dir, &e), -EINVAL);
	assert_int_equal(rmdir(dir), 0); /* and nothing else is left in it */
	kbpf_elf_free(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_object_reads_back),
		cmocka_unit_test(callers_are_found),
		cmocka_unit_test(truncated_objects_are_rejected),
		cmocka_unit_test(damaged_objects_are_harmless),
		cmocka_unit_test(header_mistakes_are_reported),
		cmocka_unit_test(made_objects_are_checked),
		cmocka_unit_test(files_are_complete_or_absent),
	};

	return cmocka_run_group_tests_name("elf_read", tests, NULL, NULL);
}
