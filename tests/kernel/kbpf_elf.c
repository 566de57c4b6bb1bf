/* SPDX-License-Identifier: MIT */
/*
 * kbpf_elf.c - objects that clang made are linked, loaded and run by this kernel; what they wrote
 * is in their maps. And what cannot be loaded is refused with its name; pins.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "bpfcap/ebpf.h"
#include "bpfcap/kbpf.h"
#include "bpfcap/kelf.h"
#include "../lib/opcodes.h"
#include "../lib/rawbpf.h"
#include "../lib/test.h"
#include "../lib/testobj.h"

enum { PACKET_LEN = 64, R_LDDW = 1, R_ABS64 = 2 };

static const uint32_t zero;

/* The object of tests/cases/asm/object.c; NULL, and the test is skipped, without clang. */
static struct kbpf_elf *read_object(void)
{
	struct kbpf_elf *k;
	struct err e;

	rawbpf_need();
	if (access(testobj_case("object-g"), R_OK)) {
		print_message("needs an object that clang makes at build time\n");
		skip();
	}
	if (kbpf_elf_read(&k, testobj_case("object-g"), &e))
		fail_msg("%s", e.text);
	return k;
}

/* Links the function of that name. */
static struct kbpf_elf_program linked(const struct kbpf_elf *k, const char *name)
{
	struct kbpf_elf_program p = {0};
	struct kbpf_elf_func *f;
	struct err e;
	const int cnt = kbpf_elf_funcs(k, &f, &e);

	for (int i = 0; i < cnt; i++)
		if (strcmp(f[i].name, name) == 0 &&
		    kbpf_elf_link(k, f[i].section, f[i].symbol, &p, &e))
			fail_msg("%s", e.text);
	free(f);
	assert_true(p.cnt > 0);
	return p;
}

/* Loads it as the section says, runs it on a packet, and gives what it returned. */
static uint32_t run(const struct kbpf_elf *k, const char *name, const char *section,
		    struct kbpf_elf_maps *maps)
{
	struct kbpf_elf_program p = linked(k, name);
	const uint8_t packet[PACKET_LEN] = {0};
	struct kbpf_test_run r = {.data_in = packet, .data_in_len = sizeof(packet)};
	struct kbpf_prog_spec spec = {0};
	struct kbpf_prog_info info;
	struct err e;
	int fd;

	assert_int_equal(kbpf_section_type(section, &spec), 0);
	fd = kbpf_elf_load(&p, &spec, maps, &e);
	if (fd < 0)
		fail_msg("%s: %s", name, e.text);
	assert_int_equal(kbpf_prog_info(fd, &info), 0);
	assert_string_equal(info.name, name);
	assert_int_equal(info.type, spec.type);
	assert_int_equal(kbpf_prog_test_run(fd, &r), 0);
	close(fd);
	kbpf_elf_program_free(&p);
	return r.retval;
}

static int find(const struct kbpf_elf_maps *maps, const char *name)
{
	const int fd = kbpf_elf_maps_find(maps, name);

	if (fd < 0)
		fail_msg("no map %s", name);
	return fd;
}

/* The results are C's; hits in .data is the first variable there, zero in .bss the only one. */
TEST(programs_of_clang_run_and_share_their_maps)
{
	struct kbpf_elf *k = read_object();
	struct kbpf_elf_maps maps = {0};
	uint32_t data[5], rodata[8] = {0}, bss = 0;
	const uint32_t key[2] = {1, 2};
	uint64_t count = 0;

	assert_int_equal(run(k, "first", "tc", &maps), 7 + 41 + 3 + 5 + 0 + 2);
	assert_int_equal(kbpf_map_lookup(find(&maps, ".data"), &zero, data), 0);
	assert_int_equal(data[0], 41);
	assert_int_equal(data[3], 3);
	assert_int_equal(kbpf_map_lookup(find(&maps, ".bss"), &zero, &bss), 0);
	assert_int_equal(bss, 2);
	assert_int_equal(kbpf_map_lookup(find(&maps, "counts"), key, &count), 0);
	assert_int_equal(count, 5);
	assert_int_equal(kbpf_map_lookup(find(&maps, ".rodata"), &zero, rodata), 0);
	assert_int_equal(rodata[0], 7);
	assert_int_equal(kbpf_map_update(find(&maps, ".rodata"), &zero, rodata, 0), -EPERM);

	/* the packet's length, hits as the first program left it, 3 of the table */
	assert_int_equal(run(k, "second", "tc", &maps), PACKET_LEN + 41 + 3);
	assert_int_equal(run(k, "third", "xdp", &maps), 2);
	assert_int_equal(maps.cnt, 5);
	kbpf_elf_maps_close(&maps);
	kbpf_elf_free(k);
}

/* ---- Objects made here -------------------------------------------------------------------- */

struct made {
	struct kbpf_elf *k;
	int code, data;
};

/* An object with this code, a function "made", a section ".data" of 8 bytes, and a license. */
static struct made make(const struct ebpf_insn *insns, size_t len, const char *license)
{
	const struct kbpf_elf_section code = {.name = "prog",
					      .type = SHT_PROGBITS,
					      .flags = SHF_ALLOC | SHF_EXECINSTR,
					      .data = insns,
					      .len = len},
				      data = {.name = ".data",
					      .type = SHT_PROGBITS,
					      .flags = SHF_ALLOC | SHF_WRITE,
					      .data = "\1\2\3\4\5\6\7",
					      .len = 8},
				      text = {.name = "license",
					      .type = SHT_PROGBITS,
					      .flags = SHF_ALLOC | SHF_WRITE,
					      .data = license,
					      .len = license ? strlen(license) + 1 : 0};
	struct made m;

	assert_int_equal(kbpf_elf_new(&m.k, NULL), 0);
	m.code = kbpf_elf_section_add(m.k, &code, NULL);
	m.data = kbpf_elf_section_add(m.k, &data, NULL);
	assert_true(m.code > 0 && m.data > 0);
	if (license)
		assert_true(kbpf_elf_section_add(m.k, &text, NULL) > 0);
	assert_true(kbpf_elf_symbol_add(m.k,
					&(struct kbpf_elf_symbol){.name = "made",
								  .type = STT_FUNC,
								  .section = (size_t)m.code,
								  .len = len},
					NULL) > 0);
	return m;
}

/* Adds a symbol at the start of a section (0: undefined). */
static size_t symbol(const struct made *m, const char *name, int section)
{
	const int i = kbpf_elf_symbol_add(m->k,
					  &(struct kbpf_elf_symbol){.name = name,
								    .type = STT_OBJECT,
								    .section = (size_t)section,
								    .len = section ? 8 : 0},
					  NULL);

	assert_true(i > 0);
	return (size_t)i;
}

/* Links and loads; returns what kbpf_elf_load() does, with a descriptor closed. */
static int load_made(const struct made *m, uint32_t type, struct err *e)
{
	struct kbpf_elf_program p = linked(m->k, "made");
	const struct kbpf_prog_spec spec = {.type = type};
	struct kbpf_elf_maps maps = {0};
	int fd = kbpf_elf_load(&p, &spec, &maps, e);

	if (fd >= 0)
		close(fd);
	kbpf_elf_maps_close(&maps);
	kbpf_elf_program_free(&p);
	kbpf_elf_free(m->k);
	return fd < 0 ? fd : 0;
}

/* r0 = TRACE_PRINTK of no text: a helper for GPL-compatible programs only */
TEST(the_license_is_the_one_of_the_object)
{
	static const struct ebpf_insn print[] = {
		{.code = OP_ST_W, .dst = 10, .off = -4},
		{.code = OP_MOV_X, .dst = 1, .src = 10},
		{.code = OP_ADD_K, .dst = 1, .imm = -4},
		{.code = OP_MOV_K, .dst = 2, .imm = 4},
		{.code = OP_CALL, .imm = 6},
		{.code = OP_EXIT},
	};
	static const char *const others[] = {"Proprietary", NULL};
	struct made m = make(print, sizeof(print), "GPL");
	struct err e;

	rawbpf_need();
	if (load_made(&m, BPF_PROG_TYPE_SCHED_CLS, &e))
		fail_msg("%s", e.text);
	for (size_t i = 0; i < 2; i++) {
		m = make(print, sizeof(print), others[i]);
		assert_int_equal(load_made(&m, BPF_PROG_TYPE_SCHED_CLS, &e), -EINVAL);
		if (!strstr(e.text, "GPL"))
			fail_msg("%s", e.text);
	}
}

TEST(what_only_libbpf_supplies_is_refused_by_name)
{
	static const struct ebpf_insn reads[] = {
		{.code = OP_LD_IMM64, .dst = 1},
		{0},
		{.code = OP_MOV_K},
		{.code = OP_EXIT},
	};
	struct made m = make(reads, sizeof(reads), "GPL");
	struct err e;

	rawbpf_need();
	assert_int_equal(
		kbpf_elf_reloc_add(m.k, (size_t)m.code, 0, R_LDDW, symbol(&m, "jiffies", 0), NULL),
		0);
	assert_int_equal(load_made(&m, BPF_PROG_TYPE_SCHED_CLS, &e), -EINVAL);
	assert_non_null(strstr(e.text, "instruction 0 uses 'jiffies'"));

	m = make(reads, sizeof(reads), "GPL");
	assert_int_equal(kbpf_elf_reloc_add(m.k, (size_t)m.code, 0, R_LDDW,
					    symbol(&m, "table", m.data), NULL),
			 0);
	assert_int_equal(kbpf_elf_reloc_add(m.k, (size_t)m.data, 0, R_ABS64,
					    symbol(&m, "pointed", m.data), NULL),
			 0);
	assert_int_equal(load_made(&m, BPF_PROG_TYPE_SCHED_CLS, &e), -EINVAL);
	assert_non_null(strstr(e.text, "section .data holds addresses"));
}

/* Each loads as what its section says, and only so: the kernel checks the place of attachment. */
TEST(types_beyond_those_that_capture_are_loaded)
{
	static const struct ebpf_insn one[] = {{.code = OP_MOV_K, .imm = 1}, {.code = OP_EXIT}};
	static const struct {
		const char *section;
		uint32_t type;
	} cases[] = {
		{"cgroup_skb/egress", BPF_PROG_TYPE_CGROUP_SKB},
		{"cgroup/connect4", BPF_PROG_TYPE_CGROUP_SOCK_ADDR},
		{"cgroup/post_bind6", BPF_PROG_TYPE_CGROUP_SOCK},
		{"cgroup/dev", BPF_PROG_TYPE_CGROUP_DEVICE},
		{"sk_skb/stream_verdict", BPF_PROG_TYPE_SK_SKB},
		{"sk_msg", BPF_PROG_TYPE_SK_MSG},
		{"sockops", BPF_PROG_TYPE_SOCK_OPS},
		{"lwt_xmit", BPF_PROG_TYPE_LWT_XMIT},
		{"?action/x", BPF_PROG_TYPE_SCHED_ACT},
	};

	rawbpf_need();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kbpf_prog_spec spec = {.insns = one, .insn_cnt = 2};
		struct kbpf_prog_info info;
		struct err e;
		int fd;

		assert_int_equal(kbpf_section_type(cases[i].section, &spec), 0);
		assert_int_equal(spec.type, cases[i].type);
		fd = kbpf_prog_load(&spec, &e);
		if (fd < 0)
			fail_msg("%s: %s", cases[i].section, e.text);
		assert_int_equal(kbpf_prog_info(fd, &info), 0);
		assert_int_equal(info.type, cases[i].type);
		close(fd);
	}
	for (const char *const *s = (const char *const[]){"tcp", "fentry/x", "", NULL}; *s; s++)
		assert_int_equal(kbpf_section_type(*s, &(struct kbpf_prog_spec){0}), -ENOENT);
}

TEST(a_pinned_map_outlives_its_descriptor)
{
	const uint64_t written = 0x123456789a;
	uint64_t value = 0;
	struct err e;
	int fd;

	rawbpf_need();
	if (testobj_setup()) {
		print_message("needs root and bpffs\n");
		skip();
	}
	fd = kbpf_map_create_const(&written, sizeof(written), "pinned", &e);
	assert_true(fd >= 0);
	if (kbpf_pin(fd, testobj_path("bpf/map"), &e))
		fail_msg("%s", e.text);
	assert_int_equal(kbpf_pin(fd, testobj_path("bpf/map"), &e), -EEXIST);
	assert_int_equal(kbpf_pin(fd, testobj_path("map"), &e), -EPERM);
	assert_non_null(strstr(e.text, "it is not on a BPF file system"));
	close(fd);

	fd = kbpf_pin_open(testobj_path("bpf/map"), &e);
	assert_true(fd >= 0);
	assert_int_equal(kbpf_map_lookup(fd, &zero, &value), 0);
	assert_true(value == written);
	close(fd);
	assert_int_equal(unlink(testobj_path("bpf/map")), 0);
	assert_int_equal(kbpf_pin_open(testobj_path("bpf/map"), &e), -ENOENT);
	testobj_teardown();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_of_clang_run_and_share_their_maps),
		cmocka_unit_test(the_license_is_the_one_of_the_object),
		cmocka_unit_test(what_only_libbpf_supplies_is_refused_by_name),
		cmocka_unit_test(types_beyond_those_that_capture_are_loaded),
		cmocka_unit_test(a_pinned_map_outlives_its_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
