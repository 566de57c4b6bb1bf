#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/asm_command.sh - the command bpfasm where it needs no rights: forms, objects, errors.
. "${0%/*}/../lib/test.sh"

bpfasm=$BIN/bpfasm
cases=tests/cases/asm

need_bpf_clang()
{
	need clang llvm-objcopy
	clang --print-targets 2>/dev/null | grep -qw bpf || skip "clang has no bpf target"
}

# text_section OBJECT: the bytes of .text, to standard output
text_section()
{
	llvm-objcopy -O binary --only-section=.text "$1" "$T/section"
	cat "$T/section"
}

# clang's assembler and ours make the same bytes.
agrees_with_the_assembler_of_llvm()
{
	need_bpf_clang
	clang -target bpf -mcpu=v3 -c "$cases/llvm.s" -o "$T/llvm.o"
	text_section "$T/llvm.o" >"$T/theirs"
	"$bpfasm" -O raw "$cases/llvm.s" >"$T/ours"
	cmp "$T/theirs" "$T/ours" || fail "different bytes"
}

# What clang writes as assembly, we read as clang does.
reads_what_clang_writes()
{
	need_bpf_clang
	clang -target bpf -mcpu=v3 -O2 -S "$cases/code.c" -o "$T/code.s"
	clang -target bpf -mcpu=v3 -O2 -c "$cases/code.c" -o "$T/code.o"
	text_section "$T/code.o" >"$T/theirs"
	"$bpfasm" -O raw -o "$T/ours" "$T/code.s"
	cmp "$T/theirs" "$T/ours" || fail "different bytes"
	"$bpfasm" -O raw "$T/code.o" | cmp "$T/theirs" - || fail "the object's section differs"
}

# branch_by_register WORD: LLVM's assembler makes the same bytes of WORD r3.
branch_by_register()
{
	need llvm-mc llvm-objcopy
	echo "$1 r3" >"$T/branch.s"
	llvm-mc -triple=bpfel -mcpu=v4 -filetype=obj -o "$T/branch.o" "$T/branch.s" 2>"$T/err" ||
		skip "this llvm-mc does not know $1"
	text_section "$T/branch.o" >"$T/theirs"
	"$bpfasm" -O raw "$T/branch.s" | cmp "$T/theirs" - || fail "different bytes"
}

# What is not an instruction is listed with all of its bits.
unknown_opcodes_are_listed_and_read_back()
{
	echo 'ff 21 fd ff 78 56 34 92 95 00 00 00 00 00 00 00' >"$T/unknown.hex"
	"$bpfasm" -I hex "$T/unknown.hex" >"$T/unknown.lst"
	has "$T/unknown.lst" '0: \(ff\) \.insn 0xff, 1, 2, -3, -1842063752'
	"$bpfasm" -O hex "$T/unknown.lst" | tr '\n' ' ' | sed 's/ $//' >"$T/back"
	[ "$(cat "$T/back")" = "$(cat "$T/unknown.hex")" ] || fail "read back as $(cat "$T/back")"
	status 2 "$bpfasm" -k 6.18 "$T/unknown.lst" 2>"$T/err"
	has "$T/err" 'opcode 0xff .* does not exist'
}

# form FORM: written in it and read back, the program is the same.
form()
{
	"$bpfasm" -O "$1" "$cases/llvm.s" >"$T/written"
	"$bpfasm" -I "$1" -O raw "$T/written" >"$T/back"
	"$bpfasm" -O raw "$cases/llvm.s" | cmp - "$T/back" || fail "$1 changed the program"
}

# The C form compiles to the same bytes.
c_form_compiles()
{
	need cc
	{
		echo '#include <stdio.h>'
		echo 'struct { unsigned char code, dst : 4, src : 4; short off; int imm; } p[] = {'
		"$bpfasm" -O c "$cases/llvm.s"
		echo '}; int main(void) { return fwrite(p, sizeof(p), 1, stdout) != 1; }'
	} >"$T/form.c"
	cc -w "$T/form.c" -o "$T/form"
	"$T/form" >"$T/theirs"
	"$bpfasm" -O raw "$cases/llvm.s" | cmp - "$T/theirs" || fail "different bytes"
}

# maps and functions, as llvm-objdump sees them
write_object_source()
{
	cat >"$T/prog.s" <<-'EOF'
		.map counts, array, 4, 8, 1
		        *(u32 *)(r10 - 4) = 0
		        r1 = counts ll
		        r2 = r10
		        r2 += -4
		        call map_lookup_elem
		        if r0 == 0 goto out
		        r1 = 1
		        lock *(u64 *)(r0 + 0) += r1
		        r1 = 20
		        call twice
		        r0 += 2
		        exit
		out:    r0 = 0
		        exit
		twice:  r6 = r1
		        call same
		        r0 += r6
		        exit
		same:   r0 = r1
		        exit
	EOF
}

objects_are_what_objdump_reads()
{
	need llvm-objdump llvm-readelf
	write_object_source
	"$bpfasm" -O elf -t xdp -o "$T/prog.o" "$T/prog.s"
	llvm-objdump -dr "$T/prog.o" >"$T/dump"
	has "$T/dump" 'Disassembly of section xdp'
	has "$T/dump" 'R_BPF_64_64[[:space:]]+counts'
	has "$T/dump" 'R_BPF_64_32[[:space:]]+twice'
	has "$T/dump" 'R_BPF_64_32[[:space:]]+same'
	llvm-readelf -S "$T/prog.o" >"$T/sections"
	has "$T/sections" '\.maps'
	has "$T/sections" '\.BTF'
	has "$T/sections" 'license'
	"$bpfasm" -s xdp "$T/prog.o" >"$T/listing"
	has "$T/listing" '^   5: \(85\) call bpf_map_lookup_elem#1$'
}

objects_are_linked_and_shown_with_their_names()
{
	need_bpf_clang
	need llvm-objdump
	clang -target bpf -O2 -g -c "$cases/object.c" -o "$T/object.o"
	"$bpfasm" -s first "$T/object.o" >"$T/list"
	# each relocation that objdump knows, in its order, and the function after it
	llvm-objdump -dr --no-show-raw-insn "$T/object.o" |
		sed -n '/<first>:/,/<second>:/s/.*R_BPF_64_64[[:space:]]*//p' |
		sed 's/^\.data$/hits/' >"$T/theirs"
	sed -n '1,/^add:$/s/.* ll ; //p' "$T/list" >"$T/ours"
	cmp "$T/theirs" "$T/ours" || fail "$(diff "$T/theirs" "$T/ours")"
	has "$T/list" '^first:$'
	has "$T/list" 'call pc\+[0-9]+ ; add$'
	has "$T/list" 'map_value [0-9] \+4 ll ; table$'
	"$bpfasm" -s first -O raw "$T/object.o" >"$T/raw"
	"$bpfasm" -O raw "$T/list" | cmp - "$T/raw" || fail "the listing does not read back"
	same "$("$bpfasm" -s tc "$T/object.o" | grep -c ':$')" 3 functions
	says 2 'select one, or a function, with --section: tc, xdp' "$T/object.o"
	says 2 'nor a function, named none' -s none "$T/object.o"
}

# plain_listing OBJECT: without the numbers of maps, which follow the order of use or of the object
plain_listing()
{
	"$bpfasm" "$@" | sed 's/= map_\([a-z]*\) [0-9]*/= map_\1/'
}

# section_bytes OBJECT SECTION
section_bytes()
{
	llvm-objcopy -O binary --only-section="$2" "$1" "$T/section"
	cat "$T/section"
}

# written_again FUNCTION SOURCE SECTION...: an object of clang, read and written, is the same.
written_again()
{
	need_bpf_clang
	need llvm-readelf llvm-objcopy
	function=$1
	clang -target bpf -O2 -g -c "$cases/$2" -o "$T/object.o"
	shift 2
	"$bpfasm" -s "$function" -O elf -o "$T/again.o" "$T/object.o"
	plain_listing -s "$function" "$T/object.o" >"$T/theirs"
	plain_listing -s "$function" "$T/again.o" >"$T/ours"
	cmp "$T/theirs" "$T/ours" || fail "$(diff "$T/theirs" "$T/ours")"
	for s in license "$@"; do
		section_bytes "$T/object.o" "$s" >"$T/theirs"
		section_bytes "$T/again.o" "$s" | cmp "$T/theirs" - || fail "$s differs"
	done
	llvm-readelf -s "$T/object.o" >"$T/theirs"
	llvm-readelf -s "$T/again.o" >"$T/ours"
	has "$T/ours" " FUNC .* $function\$"
	# every symbol that it has is one of clang's, with the length that it has there
	sed -n 's/.* \([0-9]*\) \(FUNC\|OBJECT\) .* \([a-z_]*\)$/ \1 \2 .* \3$/p' "$T/ours" |
		grep -v 'counts\|sums' >"$T/symbols"
	[ -s "$T/symbols" ] || fail "no symbols"
	while read -r symbol; do
		has "$T/theirs" "$symbol"
	done <"$T/symbols"
}

# sections_of SOURCE OPTION...: each section of code that clang writes as text reads as its bytes.
sections_of()
{
	need_bpf_clang
	need llvm-readelf llvm-objcopy
	source=$1
	shift
	clang -target bpf -mcpu=v3 -O2 "$@" -S "$source" -o "$T/text.s"
	clang -target bpf -mcpu=v3 -O2 "$@" -c "$source" -o "$T/bytes.o"
	llvm-readelf -S "$T/bytes.o" | sed 's/^ *\[ *[0-9]*\]//' |
		awk '$2 == "PROGBITS" && $7 == "AX" && $5 !~ /^0*$/ { print $1 }' >"$T/sections"
	[ -s "$T/sections" ] || fail "no section of code"
	while read -r section; do
		plain_listing -s "$section" "$T/bytes.o" >"$T/theirs"
		plain_listing -s "$section" "$T/text.s" >"$T/ours"
		cmp "$T/theirs" "$T/ours" || fail "$section: $(diff "$T/theirs" "$T/ours")"
	done <"$T/sections"
}

# What directives put into .data, .rodata and license is what clang puts there.
data_of_assembly_is_that_of_clang()
{
	need_bpf_clang
	need llvm-objcopy
	cat >"$T/data.c" <<-'EOF'
		struct odd { char c; short s; int i; long l; char text[7]; };
		struct odd odd = {-1, -2, 0x12345678, -0x123456789abcdefL, "a\"\\\n\377"};
		const volatile char words[][4] = {"one", "two", "\1\2"};
		unsigned long zeros[3];
		__attribute__((section("license"), used)) char license_text[] = "GPL v2";
		__attribute__((section("tc"))) int all(void *s)
		{
			return odd.i + words[1][2] + (zeros[2] += odd.text[4]);
		}
	EOF
	clang -target bpf -O2 -S "$T/data.c" -o "$T/data.s"
	clang -target bpf -O2 -c "$T/data.c" -o "$T/data.o"
	"$bpfasm" -O elf -o "$T/ours.o" "$T/data.s"
	for s in .data .rodata license; do
		section_bytes "$T/data.o" $s >"$T/theirs"
		[ -s "$T/theirs" ] || fail "clang's object has no $s"
		section_bytes "$T/ours.o" $s | cmp "$T/theirs" - || fail "$s differs"
	done
	"$bpfasm" run -n "$T/data.s" >"$T/out" # 0x12345678 + 'o' + 0xff as a signed byte
	has "$T/out" 'r0 = 0x123456e6 '
}

mistakes_in_sections_have_their_line()
{
	printf '\t.section tc,"ax"\n\tr0 = 0\n\t.data\nx:\t.long 7\n\t.float 1.5\n' >"$T/d.s"
	says 2 'd\.s:5: unknown directive \.float in section \.data' "$T/d.s"
	printf '\t.data\nx:\t.long 7\n\t.section\ttc,"ax"\n\tr0 = 0\n\tr0 ? 1\n\texit\n' >"$T/d.s"
	says 2 'd\.s:5:5: .*r0 \? 1' "$T/d.s"
	printf '\t.data\nx:\t.zero 99999999999\n' >"$T/d.s"
	says 2 'd\.s:2: there are more than 64 MiB of data' "$T/d.s"
	printf '\t.section .bss,"ax"\n\texit\n\t.comm x,8,8\n' >"$T/d.s"
	says 2 'd\.s:3: \.bss was declared as a section of code' "$T/d.s"
}

# If each name were compared with all others, this would take minutes.
many_symbols_take_seconds()
{
	awk 'BEGIN {
		print "\t.text"
		for (i = 0; i < 100000; i++)
			printf "\t.type f%d,@function\nf%d:\n\tr0 = d%d ll\n\texit\n", i, i, i
		print "\t.data"
		for (i = 0; i < 100000; i++)
			printf "d%d:\n\t.long 1\n", i
	}' >"$T/many.s"
	timeout 60 "$bpfasm" -O elf -o "$T/many.o" "$T/many.s"
	if command -v llvm-readelf >/dev/null; then
		[ "$(llvm-readelf -s "$T/many.o" | grep -c FUNC)" = 100000 ] ||
			fail "not all functions are in the object"
	fi
}

what_an_object_cannot_hold_is_refused()
{
	need_bpf_clang
	printf 'r1 = map_value 3 +8 ll\nr0 = 0\nexit\n' >"$T/value.s"
	says 2 'cannot hold map descriptors or addresses' -O elf -t tc -o "$T/x.o" "$T/value.s"
	printf 'extern int jiffies; __attribute__((section("tc"))) int f(void *s)%s\n' \
		'{ return *(volatile int *)&jiffies; }' >"$T/extern.c"
	clang -target bpf -O2 -c "$T/extern.c" -o "$T/extern.o"
	says 2 "uses 'jiffies', which the kernel supplies" -O elf -o "$T/x.o" "$T/extern.o"
}

tcpdump_filters_are_converted()
{
	printf '2\n40 0 0 12\n6 0 0 65535\n' >"$T/filter"
	for type in socket tc xdp; do
		"$bpfasm" -I cbpf -t $type -k 5.4 "$T/filter" >"$T/out"
		has "$T/out" 'exit'
	done
	status 2 "$bpfasm" -I cbpf "$cases/llvm.s" 2>"$T/err"
	printf '4\n32 0 0 0\n21 0 1 59\n6 0 0 327681\n6 0 0 2147418112\n' >"$T/filter"
	status 2 "$bpfasm" -I cbpf -t tc "$T/filter" 2>"$T/err"
	has "$T/err" 'this is a seccomp filter'
}

interprets_without_root()
{
	printf 'r2 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r2 + 2)\nexit\n' >"$T/p.s"
	"$bpfasm" run -n -t xdp -x '00 11 22 33' "$T/p.s" >"$T/out"
	same "$(cat "$T/out")" 'packet 1: r0 = 0x22 (34), 3 instructions'
	"$bpfasm" run --trace -t xdp -x '00:11:22:33' "$T/p.s" >"$T/out"
	has "$T/out" '^   1: r0 = \*\(u8 \*\)\(r2 \+2\)$'
	has "$T/out" 'r0 = 0x22'
	status 1 "$bpfasm" run -n -t xdp -x '00 11' "$T/p.s" 2>"$T/err"
	has "$T/err" "instruction 1 .*1 bytes at 0x100002 are in no region"
	printf 'r6 = r1\nr0 = *(u16 *)skb[0]\nexit\n' >"$T/s.s"
	"$bpfasm" run -n -t socket -x '00 00 00 00 00 00 00 00 00 00 00 00 08 00 45 67' "$T/s.s" \
		>"$T/out"
	has "$T/out" 'r0 = 0x4567'
	write_object_source # (20 + 20) + 2, and a map that is found
	"$bpfasm" run -n -t xdp "$T/prog.s" >"$T/out"
	has "$T/out" 'r0 = 0x2a \(42\)'
	printf '.map q, queue, 0, 8, 4\nr1 = q ll\nexit\n' >"$T/queue.s"
	status 2 "$bpfasm" run -n -t xdp "$T/queue.s" 2>"$T/err"
	has "$T/err" 'map q: the interpreter only supports hashes and arrays'
}

# says STATUS REGEXP ARGUMENT...: one line on standard error, nothing on standard output
says()
{
	says_status=$1 says_text=$2
	shift 2
	status "$says_status" "$bpfasm" "$@" >"$T/out" 2>"$T/err" </dev/null
	has "$T/err" "$says_text"
	same "$(wc -l <"$T/err")" 1 "lines of error"
	[ ! -s "$T/out" ] || fail "output: $(cat "$T/out")"
}

mistakes_get_one_line()
{
	printf 'r0 = 0\nr1 = (s8)r0\nexit\n' >"$T/v4.s"
	printf 'call probe_read_kernel\nexit\n' >"$T/helper.s"
	printf 'call skb_load_bytes\nexit\n' >"$T/skb.s"
	printf '\177ELF and no more' >"$T/bad.o"
	says 2 'v4.s:2:1: target 5.4 lacks this instruction .*movsx' -k 5.4 "$T/v4.s"
	says 2 'helper.s:1:1: .*probe_read_kernel \(113\)' -k 5.4 -t kprobe "$T/helper.s"
	says 2 'skb.s:1:1: .*not available to tracepoint .*target 6.1' -k 6.1 -t tracepoint \
		"$T/skb.s"
	says 2 'not a kernel version' -k latest "$T/v4.s"
	says 2 'No such file' "$T/none.s"
	says 2 'the program is empty'
	says 2 'unknown option' --frob "$T/v4.s"
	says 2 "unknown format 'exe'" -O exe "$T/v4.s"
	says 2 "unknown format 'c'" -I c "$T/v4.s"
	says 2 'unknown program type' -t lsm "$T/v4.s"
	says 2 'unexpected argument' "$T/v4.s" "$T/helper.s"
	says 2 'requires run' -n "$T/v4.s"
	says 2 'requires an argument' -k
	says 2 'hex digits' run -n -x '0g' "$T/v4.s"
	says 2 'must be written to a file' -O elf -t xdp "$T/v4.s"
	says 2 'needs a section: use --section' -O elf -o "$T/o.o" "$T/v4.s"
	says 2 'too few for an ELF file' "$T/bad.o"
	says 2 'No such file' -o /nonexistent/x "$T/v4.s"
	says 2 'requires a program type' run "$T/v4.s"
	[ ! -e "$T/o.o" ] || fail "an object was left"
}

# Each with its place; of hopeless files not all.
every_mistake_gets_a_line()
{
	printf 'r0 = x\nr1 = 0\n\tr2 += (\ngoto out\n' >"$T/three.s"
	status 2 "$bpfasm" "$T/three.s" 2>"$T/err"
	same "$(sed 's/.*three.s:\([0-9]*:[0-9]*\):.*/\1/' "$T/err" | xargs)" '1:6 3:8 4:6'
	head -c 100000 /dev/urandom >"$T/random"
	status 2 "$bpfasm" "$T/random" 2>"$T/err"
	has "$T/err" 'random:[0-9]+:[0-9]+: '
	[ "$(wc -l <"$T/err")" -le 21 ] || fail "$(wc -l <"$T/err") lines"
}

help_and_manual_name_every_option()
{
	"$bpfasm" --help >"$T/help"
	"$bpfasm" --man >"$T/man"
	for word in --input --output --kernel --type --section --hex --trace --repeat; do
		has "$T/help" "$word"
		has "$T/man" "$(echo "$word" | sed 's/-/\\\\-/g')"
	done
	"$bpfasm" --version | grep -q '^bpfasm [0-9]' || fail "no version"
}

try agrees_with_the_assembler_of_llvm
try reads_what_clang_writes
for word in callx gotox; do
	try branch_by_register $word
done
try unknown_opcodes_are_listed_and_read_back
for f in text raw hex decimal; do
	try form $f
done
try c_form_compiles
try objects_are_what_objdump_reads
try objects_are_linked_and_shown_with_their_names
try written_again first object.c .data .rodata
try written_again run_loop callback.c .rodata
for c in "$cases/object.c" "$cases/callback.c" tests/cases/inject/*.c; do
	try sections_of "$c"
done
try sections_of "$cases/object.c" -g
try data_of_assembly_is_that_of_clang
try mistakes_in_sections_have_their_line
try many_symbols_take_seconds
try what_an_object_cannot_hold_is_refused
try tcpdump_filters_are_converted
try interprets_without_root
try mistakes_get_one_line
try every_mistake_gets_a_line
try help_and_manual_name_every_option
finish
