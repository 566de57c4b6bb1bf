/* SPDX-License-Identifier: MIT */
/*
 * directive.c - definitions of a source: constants (.equ) and maps (.map). Ignores directives of
 * compilers that have no effect here, and rejects others.
 */
#include "directive.h"

#include <errno.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "operand.h"

struct name *ebpf_parse_define(struct parser *p, struct word word, int *rc)
{
	const struct name *old = ebpf_names_find(&p->names, word);
	struct name *n;

	*rc = 0;
	if (old) {
		*rc = ebpf_scan_fail(&p->scan, word.p, "'%.*s' is already defined in line %d",
				     (int)word.len, word.p, old->line_no);
		return NULL;
	}
	n = ebpf_names_add(&p->names, word);
	if (n)
		n->line_no = p->scan.line_no;
	else
		*rc = err_run(p->scan.err, -ENOMEM, "assemble", "out of memory for names");
	return n;
}

/* ".equ NAME, VALUE", after the directive */
static int define_constant(struct parser *p)
{
	struct word word;
	struct name *n;
	int64_t value;
	int rc;

	if (!ebpf_scan_name(&p->scan, &word))
		return ebpf_scan_fail(&p->scan, p->scan.p, "expected a name");
	rc = ebpf_parse_text(&p->scan, ",");
	if (!rc)
		rc = ebpf_scan_value(&p->scan, true, &value);
	if (!rc && !ebpf_scan_end(&p->scan))
		return ebpf_scan_fail(&p->scan, p->scan.p, "unexpected text after the statement");
	if (rc)
		return rc;
	n = ebpf_parse_define(p, word, &rc);
	if (n)
		n->value = value;
	return rc;
}

/* ", NUMBER", or ", NAME" of a map type */
static int take_map_field(struct parser *p, bool is_type, uint32_t *value)
{
	static const struct {
		const char *name;
		uint32_t type;
	} types[] = {
		{"hash", 1},
		{"array", 2},
		{"prog_array", 3},
		{"perf_event_array", 4},
		{"percpu_hash", 5},
		{"percpu_array", 6},
		{"stack_trace", 7},
		{"lru_hash", 9},
		{"lru_percpu_hash", 10},
		{"lpm_trie", 11},
		{"devmap", 14},
		{"cpumap", 16},
		{"xskmap", 17},
		{"queue", 22},
		{"stack", 23},
		{"ringbuf", 27},
	};
	struct word word = {0};
	const char *at;
	int64_t v;
	int rc = ebpf_parse_text(&p->scan, ",");

	at = p->scan.p;
	if (!rc && is_type && ebpf_scan_name(&p->scan, &word)) {
		for (size_t i = 0; i < ARRAY_LEN(types); i++)
			if (ebpf_word_is(word, types[i].name)) {
				*value = types[i].type;
				return 0;
			}
		return ebpf_scan_fail(&p->scan, at, "unknown map type");
	}
	if (!rc)
		rc = ebpf_scan_value(&p->scan, false, &v);
	if (!rc && (v < 0 || v > UINT32_MAX))
		return ebpf_scan_fail(&p->scan, at, "the number does not fit 32 bits");
	if (!rc)
		*value = (uint32_t)v;
	return rc;
}

static int add_map(struct parser *p, struct word word, const struct ebpf_map_def *def)
{
	struct ebpf_map_def *more = grow(p->maps, &p->map_cap, p->map_cnt + 1, sizeof(*more));
	struct name *n;
	int rc;

	if (!more)
		return err_run(p->scan.err, -ENOMEM, "assemble", "out of memory for maps");
	p->maps = more;
	n = ebpf_parse_define(p, word, &rc);
	if (!n)
		return rc;
	n->kind = NAME_MAP;
	n->value = (int64_t)p->map_cnt;
	p->maps[p->map_cnt++] = *def;
	return 0;
}

/* ".map NAME, TYPE, KEY_LEN, VALUE_LEN, ENTRIES[, FLAGS]", after the directive */
static int define_map(struct parser *p)
{
	struct ebpf_map_def def = {.name = ""};
	struct word word;
	int rc;

	if (!ebpf_scan_name(&p->scan, &word))
		return ebpf_scan_fail(&p->scan, p->scan.p, "expected a name");
	memcpy(def.name, word.p, word.len < sizeof(def.name) ? word.len : sizeof(def.name) - 1);
	rc = take_map_field(p, true, &def.type);
	if (!rc)
		rc = take_map_field(p, false, &def.key_len);
	if (!rc)
		rc = take_map_field(p, false, &def.value_len);
	if (!rc)
		rc = take_map_field(p, false, &def.entry_cnt);
	if (!rc && !ebpf_scan_end(&p->scan))
		rc = take_map_field(p, false, &def.flags);
	if (!rc && !ebpf_scan_end(&p->scan))
		return ebpf_scan_fail(&p->scan, p->scan.p, "unexpected text after the statement");
	return rc ? rc : add_map(p, word, &def);
}

/* Directives of compilers that have no effect in a program of one section. */
static bool is_idle_directive(struct word w)
{
	static const char *const idle[] = {".text",    ".globl", ".global", ".type",  ".size",
					   ".p2align", ".file",	 ".ident",  ".local", ".addrsig"};

	for (size_t i = 0; i < ARRAY_LEN(idle); i++)
		if (ebpf_word_is(w, idle[i]))
			return true;
	return false;
}

int ebpf_parse_directive(struct parser *p)
{
	struct word w;

	if (!ebpf_scan_name(&p->scan, &w) || w.p[0] != '.')
		return 0;
	if (ebpf_word_is(w, ".equ") || ebpf_word_is(w, ".set"))
		return define_constant(p);
	if (ebpf_word_is(w, ".map"))
		return define_map(p);
	if (is_idle_directive(w) || ebpf_word_is(w, ".insn"))
		return 0;
	return ebpf_scan_fail(&p->scan, w.p, "unknown directive");
}
