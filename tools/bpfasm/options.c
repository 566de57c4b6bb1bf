/* SPDX-License-Identifier: MIT */
/*
 * options.c - the command line and its help: parses by one table, then looks up the specified
 * names. Fails with -EINVAL (input).
 */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../src/util.h"
#include "../common/fail.h"
#include "../common/opt.h"
#include "../common/text.h"

#define TO(field) offsetof(struct asm_options, field)

/* clang-format off */
static const struct opt_row rows[] = {
	{'I', "input", "FORM", OPT_STRING, TO(input_name), 0,
	 "format of FILE: text (source or listing), raw, hex, decimal, cbpf (tcpdump -ddd) or elf; the default is elf for an ELF file, else text", 0},
	{'O', "output", "FORM", OPT_STRING, TO(output_name), 0,
	 "format of the output: text (a listing, the default), raw, hex, decimal, c or elf", 0},
	{'o', "out", "FILE", OPT_STRING, TO(out_path), 0,
	 "write to FILE instead of standard output", 0},
	{'k', "kernel", "VER", OPT_STRING, TO(kernel), 0,
	 "reject instructions and helpers that kernel VER (5.4, 6.1 ...) lacks", 0},
	{'t', "type", "TYPE", OPT_STRING, TO(type_name), 0,
	 "program type: socket_filter (socket), sched_cls (tc), xdp, kprobe, tracepoint, raw_tracepoint", 0},
	{'s', "section", "NAME", OPT_STRING, TO(section), 0,
	 "section to write to an ELF object; section or function to read from one", 0},
	{'l', "license", "TEXT", OPT_STRING, TO(license), 0,
	 "license in an ELF object; the default is that of the object read, or Dual MIT/GPL", 0},
	{'y', "linktype", "TYPE", OPT_STRING, TO(linktype), 0,
	 "link type of the packets of an -I cbpf program; the default is EN10MB", 0},
	{'n', "interpret", NULL, OPT_FLAG, TO(interpret), 0,
	 "run: use the interpreter, which needs no root, instead of the kernel", 0},
	{0, "trace", NULL, OPT_FLAG, TO(trace), 0,
	 "run: show each step (interpreter only)", 0},
	{'x', "hex", "BYTES", OPT_STRING, TO(hex), 0,
	 "run: use this packet, or this context for tracing programs; @FILE reads the digits from FILE", 0},
	{'r', "read", "FILE", OPT_STRING, TO(pcap), 0,
	 "run: use each packet of a capture file", 0},
	{0, "repeat", "N", OPT_NUMBER, TO(repeat), 1,
	 "run: repeat N times in the kernel, and print the mean time", 0},
	{0, "man", NULL, OPT_FLAG, TO(man), 0,
	 "print the manual page: bpfasm --man | man -l -", 0},
	{'h', "help", NULL, OPT_FLAG, TO(help), 0,
	 "show this list", 0},
	{'V', "version", NULL, OPT_FLAG, TO(version), 0,
	 "show the version", 0},
};
/* clang-format on */

static const struct opt_table table = {rows, ARRAY_LEN(rows), NULL, false};

static const char *const forms[FORM_CNT] = {
	[EBPF_FORMAT_LISTING] = "text",
	[EBPF_FORMAT_C] = "c",
	[EBPF_FORMAT_DECIMAL] = "decimal",
	[EBPF_FORMAT_HEX] = "hex",
	[EBPF_FORMAT_RAW] = "raw",
	[FORM_CBPF] = "cbpf",
	[FORM_ELF] = "elf",
};

/* `not` is the format of the other direction only. */
static int form_by_name(const char *name, int not, const char *option, int *form, struct err *e)
{
	for (int f = 0; f < FORM_CNT; f++)
		if (f != not &&strcmp(forms[f], name) == 0) {
			*form = f;
			return 0;
		}
	return err_input(e, -EINVAL, "options",
			 "--%s: unknown format '%s'; --help lists the formats", option, name);
}

static int look_up_type(struct asm_options *o, struct err *e)
{
	int type = o->type_name ? ebpf_type_by_name(o->type_name) : EBPF_PROG_ANY;

	if (type < 0)
		return err_input(e, -EINVAL, "options",
				 "--type: unknown program type '%s'; --help lists the types",
				 o->type_name);
	o->type = (enum ebpf_prog_type)type;
	return 0;
}

static int look_up(struct asm_options *o, struct err *e)
{
	int rc = look_up_type(o, e);

	o->input = -1;
	o->output = EBPF_FORMAT_LISTING;
	if (!rc && o->input_name)
		rc = form_by_name(o->input_name, EBPF_FORMAT_C, "input", &o->input, e);
	if (!rc && o->output_name)
		rc = form_by_name(o->output_name, FORM_CBPF, "output", &o->output, e);
	if (!rc && o->kernel) {
		rc = ebpf_target_by_version(&o->target, o->kernel, e);
		o->has_target = true;
	}
	return rc;
}

/* "[run] [FILE]" */
static int take_words(struct asm_options *o, char **words, struct err *e)
{
	if (*words && strcmp(*words, "run") == 0) {
		o->run = true;
		words++;
	}
	if (*words && strcmp(*words, "-") != 0)
		o->file = *words;
	if (*words && words[1])
		return err_input(e, -EINVAL, "options",
				 "unexpected argument '%s': only one file is read", words[1]);
	if (!o->run && (o->interpret || o->trace || o->hex || o->pcap || o->repeat))
		return err_input(e, -EINVAL, "options",
				 "this option requires run: bpfasm run [options] FILE");
	return 0;
}

int options_parse(struct asm_options *o, int argc, char **argv, struct err *e)
{
	struct opt_words w;
	int rc;

	*o = (struct asm_options){.linktype = "EN10MB"};
	rc = opt_parse(&table, argc, argv, o, &w, e);
	if (!rc)
		rc = take_words(o, w.words, e);
	return rc ? rc : look_up(o, e);
}

/* ---- Help --------------------------------------------------------------------------------- */

static void print(struct text *t)
{
	fputs(text_str(t), stdout);
	text_free(t);
}

static const struct {
	const char *command, *text;
} examples[] = {
	{"bpfasm -k 5.4 -t xdp prog.s", "assemble, check, and show the listing"},
	{"bpfasm -O elf -t tc prog.s -o prog.o", "write an object for tc, bpftool and libbpf"},
	{"bpfasm -s xdp prog.o", "show a section with the functions that it calls, and names"},
	{"tcpdump -ddd icmp | bpfasm -I cbpf -t tc", "compile a filter to eBPF"},
	{"bpfasm run -n --trace -t socket prog.s -r ping.pcap", "step through it without root"},
};

#define EXAMPLE_CNT ARRAY_LEN(examples)

void options_help(void)
{
	struct text t = {0};

	text_put(&t,
		 "usage: bpfasm [options] [FILE]\n"
		 "       bpfasm run [options] [FILE]\n"
		 "Assembles and disassembles eBPF, checks it against a kernel, and runs it.\n\n");
	opt_help(&table, &t);
	text_put(&t, "\nExamples:\n");
	for (size_t i = 0; i < EXAMPLE_CNT; i++)
		text_printf(&t, "  %s\n      %s\n", examples[i].command, examples[i].text);
	text_put(&t, "\nExit status: 0 done; 1 something failed; 2 the input or command line is "
		     "wrong.\n");
	print(&t);
}

static const char man_head[] =
	".TH BPFASM 1 \"\" \"bpfcap " BPFCAP_VERSION "\"\n"
	".SH NAME\nbpfasm \\- assemble, disassemble, check and run eBPF programs\n"
	".SH SYNOPSIS\n.B bpfasm\n[\\fIoptions\\fR] [\\fIFILE\\fR]\n.br\n"
	".B bpfasm run\n[\\fIoptions\\fR] [\\fIFILE\\fR]\n"
	".SH DESCRIPTION\n"
	"Reads a program from \\fIFILE\\fR or standard input in one format and writes it in "
	"another, "
	"or runs it. Text uses the notation of the kernel's verifier or of LLVM, with one "
	"instruction per line, labels, .equ constants and .map definitions:\n"
	".PP\n.nf\n.RS\n"
	"\\&.map counts, array, 4, 8, 1\n"
	"        *(u32 *)(r10 - 4) = 0\n"
	"        r1 = counts ll\n"
	"        r2 = r10\n"
	"        r2 += -4\n"
	"        call map_lookup_elem\n"
	"        if r0 == 0 goto out\n"
	"        r1 = 1\n"
	"        lock *(u64 *)(r0 + 0) += r1\n"
	"out:    r0 = 2\n"
	"        exit\n"
	".RE\n.fi\n.PP\n"
	"bpfasm also reads listings: the verifier's log, the output of bpftool prog dump xlated, "
	"and its own. Each line of a listing names the slot of its instruction. Every mistake in "
	"a text is reported on a line of standard error with file, line and column, up to 20 of "
	"them.\n"
	".SH SOURCE\n"
	"A comment starts with ;, # or //. Numbers are decimal, 0x..., 0b... or 'c'; sums and "
	"differences of numbers and constants are allowed.\n"
	".TP\n.B NAME:\na label; an instruction may follow on the same line\n"
	".TP\n.B goto NAME, goto +3, goto pc-2\n"
	"jumps to a label, or by a number of slots from the next instruction; likewise if ... "
	"goto, gotol, may_goto, call. A jump to a label that is too far for its field is "
	"bridged.\n"
	".TP\n.B call NAME, call NAME#N, call N\n"
	"calls the function at label NAME if the file has that label, otherwise the helper, with "
	"or without bpf_; with #N or a number always calls a helper\n"
	".TP\n.B gotox r1, callx r1\n"
	"jumps to an address of a jump table (Linux 6.19), calls the function at an address (what "
	"compilers write for a function pointer; no kernel accepts it)\n"
	".TP\n.B .insn CODE, DST, SRC, OFF, IMM\n"
	"the fields of one slot. Listings show in this way what is not an instruction that bpfasm "
	"knows, and such listings read back to the same bytes; in a source the instruction must "
	"exist\n"
	".TP\n.B .equ NAME, VALUE\na constant; .set is the same\n"
	".TP\n.B .map NAME, TYPE, KEY, VALUE, ENTRIES[, FLAGS]\n"
	"a map: sizes in bytes; TYPE is a number or hash, array, prog_array, perf_event_array, "
	"percpu_hash, percpu_array, stack_trace, lru_hash, lru_percpu_hash, lpm_trie, devmap, "
	"cpumap, xskmap, queue, stack, ringbuf. It is used as r1 = NAME ll.\n"
	".TP\n.B r1 = NUMBER ll, r1 = LABEL ll, r1 = map_fd 3 ll, r1 = map_value 3 +8 ll\n"
	"immediates of 64 bits: a number, a function, a map by its descriptor or number, an "
	"address in the value of a map\n"
	".PP\n"
	"Directives of compilers that have no effect in a program of one section are ignored. A "
	"text "
	"with .section, .data or .bss, such as clang -S -target bpf writes, is read as the object "
	"that clang would make of it: --section selects a section or function, and .byte to .quad, "
	".ascii, .asciz, .zero, .comm and .p2align fill sections of data. Debug information is "
	"dropped, except .BTF, which describes maps. Such a text calls helpers by number; a name "
	"is "
	"a function or a variable.\n"
	".SH OPTIONS\n";

static const char man_tail[] =
	".SH OBJECTS\n"
	"bpfasm reads one section or function of an ELF object and links it as a loader does: it "
	"appends the functions that the code calls, numbers the maps, and turns each section of "
	"variables into a map with one value. The listing shows the name of a function before its "
	"first instruction, and the names of functions, maps and variables after the instructions "
	"that use them. The section name determines the type of the program. Symbols that only a "
	"kernel can supply (kfuncs, kernel variables) are shown by name; such a program does not "
	"run.\n"
	".PP\n"
	"An object that bpfasm writes has the first functions in a section of their own and those "
	"that they call or pass on (callbacks) in .text. Functions keep their names, those of a "
	"source the label at their start. A program that was read from an object also keeps its "
	"section, license, variables and their values. The types in .BTF name the functions in the "
	"kernel.\n"
	".SH RUNNING\n"
	"The kernel runs socket filters, sched_cls and xdp programs (BPF_PROG_TEST_RUN). It passes "
	"a socket filter the packet without its Ethernet header, and the interpreter does the "
	"same. The interpreter supports hashes and arrays, and the helpers that look up, update "
	"and delete their elements; as in the kernel, maps keep their contents from packet to "
	"packet. "
	"For each packet bpfasm prints r0, with the mean time in the kernel or the number of "
	"instructions in the interpreter.\n"
	".SH EXIT STATUS\n0 done; 1 something failed; 2 the input or the command line is wrong.\n"
	".SH SEE ALSO\n.BR bpfcap (8),\n.BR bpfinject (1),\n.BR bpftool (8)\n";

void options_man(void)
{
	struct text t = {0};

	text_put(&t, man_head);
	opt_man(&table, &t);
	text_put(&t, ".SH EXAMPLES\n");
	for (size_t i = 0; i < EXAMPLE_CNT; i++)
		text_printf(&t, ".TP\n.B %s\n%s\n", examples[i].command, examples[i].text);
	text_put(&t, man_tail);
	print(&t);
}
