/* SPDX-License-Identifier: MIT */
/*
 * kelf.h - ELF objects of BPF programs, as clang generates them: read, change, create, write, load.
 *
 * An object is read strictly: every offset, size and index is checked before it is used, and
 * anything unknown is rejected with one sentence. Only ELF64 relocatable objects for EM_BPF in the
 * byte order of the host are accepted. The object is held in memory; the file is not kept open.
 *
 *	struct kbpf_elf *k;
 *
 *	if (kbpf_elf_read(&k, "in.o", &e) == 0) {
 *		err = kbpf_elf_func_insert(k, funcs[i].symbol, head, head_cnt, &e);
 *		if (!err)
 *			err = kbpf_elf_write(k, "out.o", &e);
 *		kbpf_elf_free(k);
 *	}
 */
#ifndef BPFCAP_KELF_H
#define BPFCAP_KELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ebpf_insn;
struct kbpf_elf;

#define KELF_FILE_MAX (256u << 20) /* bytes; larger files are rejected */

/* Reads a regular file. Returns 0 or -errno: -EINVAL (input) if it is not such an object. */
int kbpf_elf_read(struct kbpf_elf **out, const char *path, struct err *e);
/* Reads an object from memory; `image` is copied. Returns as kbpf_elf_read() does. */
int kbpf_elf_parse(struct kbpf_elf **out, const void *image, size_t image_len, struct err *e);
void kbpf_elf_free(struct kbpf_elf *k); /* NULL is allowed */

/* Gives the object as the bytes of a file; *image is malloc'ed. Returns 0 or -ENOMEM. */
int kbpf_elf_image(const struct kbpf_elf *k, uint8_t **image, size_t *image_len, struct err *e);
/*
 * Writes the object to a temporary file next to `path` and renames it, so that `path` is either the
 * old file or the complete new one. Returns 0 or -errno: -EINVAL (input) if `path` is not a regular
 * file.
 */
int kbpf_elf_write(const struct kbpf_elf *k, const char *path, struct err *e);

/* ---- Sections ----------------------------------------------------------------------------- */

/* One section; pointers are valid until the object is changed or freed. */
struct kbpf_elf_section {
	const char *name;
	uint32_t type;	  /* SHT_* of elf.h */
	uint64_t flags;	  /* SHF_* */
	const void *data; /* NULL if it has no bytes in the file */
	size_t len;	  /* bytes */
};

size_t
kbpf_elf_section_cnt(const struct kbpf_elf *k); /* index 0 is the empty section of every ELF file */
void kbpf_elf_section(const struct kbpf_elf *k, size_t i, struct kbpf_elf_section *s);
/* Index of the first section with that name, or 0. */
size_t kbpf_elf_section_by_name(const struct kbpf_elf *k, const char *name);

/* ---- Functions ---------------------------------------------------------------------------- */

/* A function: a symbol of type STT_FUNC in a section of code. Pointers are valid as above. */
struct kbpf_elf_func {
	size_t symbol; /* index in the symbol table, which identifies the function; never 0 */
	const char *name;
	size_t section;
	const char *section_name;
	size_t at; /* slot in the section */
	const struct ebpf_insn *insns;
	size_t insn_cnt; /* slots, at least 1 */
	/* not static: with BTF, the verifier checks it separately from its callers */
	bool global;
};

/*
 * Lists all functions in the order of the symbol table; *list is malloc'ed. Returns the count, or
 * -errno.
 */
int kbpf_elf_funcs(const struct kbpf_elf *k, struct kbpf_elf_func **list, struct err *e);

/* Returns the number of declared parameters, from BTF; -1: unknown. */
int kbpf_elf_func_param_cnt(const struct kbpf_elf *k, size_t symbol);

/*
 * Finds the functions that call list[callee], directly or through others, or pass its address on.
 * Sets reaches[i] for these and for the callee, and clears it for others. `list` is the whole list
 * of kbpf_elf_funcs(). Returns 0 or -ENOMEM.
 */
int kbpf_elf_func_callers(const struct kbpf_elf *k, const struct kbpf_elf_func *list, size_t cnt,
			  size_t callee, bool *reaches, struct err *e);

/*
 * Returns the bytes of stack that list[i] may use: the kernel allows 512 for a chain of calls, with
 * each function's stack rounded up to 32. The present use of the function itself is not counted.
 * `list` is the whole list of kbpf_elf_funcs(). The result is 0 to 512, a multiple of 32, or
 * -ENOMEM.
 */
int kbpf_elf_func_free_stack_len(const struct kbpf_elf *k, const struct kbpf_elf_func *list,
				 size_t cnt, size_t i, struct err *e);

/*
 * Inserts `head` before the first instruction of a function. A caller of the function runs the head
 * first and, unless the head exits, continues with the old first instruction; a jump to that
 * instruction from inside the function skips the head. Adjusts the jumps and calls of the section,
 * symbols, relocations against and in the section, insn offsets in .BTF.ext, and addresses in DWARF
 * sections. (Lengths and line tables inside DWARF stay: after the head, a debugger is off by its
 * length.)
 *
 * `head` must not need relocation. Returns 0, -ENOMEM, or -EINVAL (input) if the object cannot be
 * adjusted; after a failure, only kbpf_elf_free() may use the object.
 */
int kbpf_elf_func_insert(struct kbpf_elf *k, size_t symbol, const struct ebpf_insn *head,
			 size_t head_cnt, struct err *e);

/* Instructions to insert before insns[at]. */
struct kbpf_insertion {
	const struct ebpf_insn *insns;
	size_t cnt, at;
	const struct ebpf_insn *head;
	size_t head_cnt;
};

/*
 * Does the same for a plain array, such as a program that a loader is about to load: out[] receives
 * cnt + head_cnt slots. Calls to insns[at] run the head, jumps to it skip the head. Returns 0, or
 * -EINVAL (input): `at` is outside, or a jump becomes too long.
 */
int kbpf_insns_insert(const struct kbpf_insertion *ins, struct ebpf_insn *out, struct err *e);

/* ---- Programs out of objects -------------------------------------------------------------- */

/* A map that a program uses. Sections of variables (.data, .rodata, .bss) are maps, too. */
struct kbpf_elf_map {
	const char *name;			      /* of the symbol, or the section */
	uint32_t type, key_len, value_len, entry_cnt; /* 0: unknown */
	uint32_t flags;
	bool variables;	     /* one value of value_len bytes, initially: */
	const uint8_t *data; /* NULL: zeros */
	bool constant;	     /* of variables: .rodata */
	bool has_addresses;  /* of variables: some bytes await relocation */
};

/* The name of the function that starts at a slot, or of the symbol that is used there. */
struct kbpf_elf_name {
	size_t slot;
	const char *name;
	uint64_t off; /* offset inside the variable */
	uint64_t len; /* bytes of the variable; 0: unknown, the name is that of the section */
};

#define KELF_PROGRAM_MAPS_MAX 64

/* A program as a loader would build it. Names point into the object. */
struct kbpf_elf_program {
	struct ebpf_insn *insns; /* malloc'ed, as are all lists */
	size_t cnt;
	struct kbpf_elf_name *funcs, *refs; /* by slot */
	size_t func_cnt, ref_cnt;
	struct kbpf_elf_map maps[KELF_PROGRAM_MAPS_MAX];
	size_t map_cnt;
	const char *license; /* of the section "license"; "": none */
};

/*
 * Takes a section of code, or only its function `symbol` (0: the whole section), and appends the
 * functions that it calls in other sections. Resolves relocations: distances of calls and
 * functions; `map_fd I` and `map_value I +off` for maps[I]; `kfunc#0` for what the kernel supplies.
 * Returns 0, or -EINVAL (input): it calls something that is not a function, jumps out of the
 * section, or uses too many maps; -E2BIG (input): it is too long.
 */
int kbpf_elf_link(const struct kbpf_elf *k, size_t section, size_t symbol,
		  struct kbpf_elf_program *out, struct err *e);
void kbpf_elf_program_free(struct kbpf_elf_program *p);

/* ---- Loading programs --------------------------------------------------------------------- */

struct kbpf_prog_spec; /* kbpf.h */

/*
 * Sets type, attach_type and xdp_frags as the section name denotes by libbpf's conventions ("tc",
 * "xdp.frags", "kprobe/ip_rcv", "cgroup/connect4"). Returns 0, or -ENOENT: it denotes no type, or
 * one that needs BTF (fentry, lsm, iter, struct_ops).
 */
int kbpf_section_type(const char *section, struct kbpf_prog_spec *spec);

/*
 * The maps of an object's programs, by the names of struct kbpf_elf_map, which are those of the
 * object and valid as long as it is. Zero it before the first load.
 */
struct kbpf_elf_maps {
	struct {
		const char *name;
		int fd;
	} all[KELF_PROGRAM_MAPS_MAX];
	size_t cnt;
};

/*
 * Loads a program that kbpf_elf_link() gave. Maps that *maps has by name are used, so that the
 * programs of an object share them, and a caller may put in maps of its own; the others are created
 * and added. Sections of variables become arrays of one element, with their first values; .rodata
 * is frozen. `spec` says the type, and what else kbpf_prog_load() takes, except the instructions;
 * without a license or name, those of the object are used.
 *
 *	struct kbpf_elf_maps maps = {0};
 *	struct kbpf_prog_spec spec = {0};
 *
 *	kbpf_section_type("tc", &spec);
 *	fd = kbpf_elf_load(&program, &spec, &maps, &e);
 *	kbpf_map_lookup(kbpf_elf_maps_find(&maps, ".bss"), &zero, bytes);
 *	kbpf_elf_maps_close(&maps);
 *
 * No types are loaded, so that the kernel refuses programs that pass a function of their own to a
 * helper. Returns the fd of the program, or -errno; -EINVAL (input): it uses symbols that the
 * kernel supplies, or variables that hold addresses. After a failure *maps still has the maps made.
 */
int kbpf_elf_load(const struct kbpf_elf_program *p, const struct kbpf_prog_spec *spec,
		  struct kbpf_elf_maps *maps, struct err *e);
/* Returns the fd of a map, which stays owned by *maps, or -ENOENT. */
int kbpf_elf_maps_find(const struct kbpf_elf_maps *maps, const char *name);
void kbpf_elf_maps_close(struct kbpf_elf_maps *maps);

/*
 * Pins a program, map or link at a path, which must be free, of a BPF file system; the kernel keeps
 * it until unlink(2). Returns 0 or -errno.
 */
int kbpf_pin(int fd, const char *path, struct err *e);
/* Opens what is pinned at a path. Returns the fd, or -errno. */
int kbpf_pin_open(const char *path, struct err *e);

/* ---- Making objects ----------------------------------------------------------------------- */

/* Creates an empty object; the indices below are those of the functions above. */
int kbpf_elf_new(struct kbpf_elf **out, struct err *e);
/* Appends a section with a copy of its name and data. Returns its index, or -errno. */
int kbpf_elf_section_add(struct kbpf_elf *k, const struct kbpf_elf_section *s, struct err *e);

/* A global symbol that covers bytes [value, value + len) of a section. */
struct kbpf_elf_symbol {
	const char *name;
	int type;	/* STT_FUNC, STT_OBJECT ... */
	size_t section; /* 0: undefined, another object defines it */
	uint64_t value, len;
};

/* Appends a symbol. Returns its index, or -errno. */
int kbpf_elf_symbol_add(struct kbpf_elf *k, const struct kbpf_elf_symbol *symbol, struct err *e);
/* Appends a relocation R_BPF_* of byte `at` of a section against a symbol. 0 or -errno. */
int kbpf_elf_reloc_add(struct kbpf_elf *k, size_t section, uint64_t at, uint32_t type,
		       size_t symbol, struct err *e);

#ifdef __cplusplus
}
#endif
#endif
