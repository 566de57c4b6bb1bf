#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/asm_command.sh - bpfasm with the kernel: run, objects loaded by others, dumps read.

# stat(1) calls a file system by other names where it is busybox's.
has_bpffs()
{
	grep -q '^[^ ]* /sys/fs/bpf bpf ' /proc/self/mounts
}

# A bpffs where the machine has none, in a mount namespace of the test's own, as own_sys makes.
mount_bpffs='mount --make-rprivate /sys && mount -t bpf bpf /sys/fs/bpf'
# shellcheck disable=SC2016 # for the shell inside
if [ "$(id -u)" = 0 ] && [ -z "${BPFFS_TRIED-}" ] && ! has_bpffs &&
	unshare -m --propagation unchanged sh -c "$mount_bpffs" 2>/dev/null; then
	export BPFFS_TRIED=1
	exec unshare -m --propagation unchanged sh -c "$mount_bpffs"' && exec "$0"' "$0"
fi
. "${0%/*}/../lib/test.sh"

bpfasm=$BIN/bpfasm
pins=

need_bpf()
{
	need_root
	printf 'r0 = 0\nexit\n' | "$bpfasm" run -t tc >/dev/null 2>"$T/err" ||
		skip "programs cannot be loaded here: $(cat "$T/err")"
}

# A path in a bpffs with the test's own name, removed at the end.
pin()
{
	has_bpffs || skip "no bpffs at /sys/fs/bpf"
	pin_path=/sys/fs/bpf/bpfasm_test_$$
	pins=$pin_path
	trap 'rm -f "$pins"' EXIT
}

# A function, a map, packet bytes: r0 = len + number of calls
write_program()
{
	cat >"$T/prog.s" <<-'EOF'
		.map counts, array, 4, 8, 1
		.equ ONE, 1
		        r6 = *(u32 *)(r1 + 0)
		        r7 = *(u32 *)(r1 + 4)
		        *(u32 *)(r10 - 4) = 0
		        r1 = counts ll
		        r2 = r10
		        r2 += -4
		        call map_lookup_elem
		        if r0 == 0 goto out
		        r1 = ONE
		        lock *(u64 *)(r0 + 0) += r1
		        r1 = *(u64 *)(r0 + 0)
		        r7 -= r6
		        r2 = r7
		        call sum
		        exit
		out:    r0 = 0
		        exit
		sum:    r0 = r1
		        r0 += r2
		        exit
	EOF
}

runs_in_the_kernel_as_in_the_interpreter()
{
	need_bpf
	cat >"$T/p.s" <<-'EOF'
		r6 = r1
		r0 = *(u16 *)skb[12]
		r7 = r0
		r0 = *(u8 *)skb[14]
		r0 *= r7
		r0 s>>= 3
		exit
	EOF
	packet=00112233445566778899aabb88b54567$(printf '%032d' 7)
	"$bpfasm" run -t tc -x "$packet" --repeat 100 "$T/p.s" >"$T/kernel"
	"$bpfasm" run -n -t tc -x "$packet" "$T/p.s" >"$T/interpreter"
	has "$T/kernel" 'r0 = 0x49b19 \(301849\), [0-9]+ ns'
	has "$T/interpreter" 'r0 = 0x49b19 \(301849\), 7 instructions'
}

makes_the_maps_of_a_source()
{
	need_bpf
	write_program
	"$bpfasm" run -t xdp -x "$(printf '%0128d' 0)" "$T/prog.s" >"$T/out"
	has "$T/out" 'packet 1: r0 = 0x41 \(65\)'
	"$bpfasm" run -n -t xdp -x "$(printf '%0128d' 0)" "$T/prog.s" >"$T/out"
	has "$T/out" 'packet 1: r0 = 0x41 \(65\)'
}

# Maps and variables of a clang object, as its types and sections say; the results are C's.
runs_objects()
{
	need clang
	need_bpf
	clang --print-targets 2>/dev/null | grep -qw bpf || skip "clang has no bpf target"
	for g in '' -g; do
		# shellcheck disable=SC2086 # an option or none
		clang -target bpf -O2 $g -c tests/cases/asm/object.c -o "$T/object.o"
		"$bpfasm" run -s second "$T/object.o" >"$T/out"
		has "$T/out" 'r0 = 0x6b \(107\)'
	done
	clang -target bpf -O2 -g -S tests/cases/asm/object.c -o "$T/object.s"
	"$bpfasm" run -s first "$T/object.s" >"$T/out"
	has "$T/out" 'r0 = 0x3a \(58\)'
	"$bpfasm" run -s first "$T/object.o" >"$T/out"
	has "$T/out" 'r0 = 0x3a \(58\)'
	"$bpfasm" run -n -s first "$T/object.o" >"$T/out"
	has "$T/out" 'r0 = 0x3a \(58\)'
}

# libbpf, inside bpftool, creates the map, relocates and loads.
bpftool_loads_its_objects()
{
	need bpftool
	need_bpf
	pin
	write_program
	"$bpfasm" -O elf -s xdp -o "$T/prog.o" "$T/prog.s"
	bpftool prog load "$T/prog.o" "$pin_path" type xdp || fail "bpftool does not load it"
	bpftool prog show pinned "$pin_path" >"$T/show"
	has "$T/show" 'map_ids'
	printf '%064d' 0 | tr 0 '\0' >"$T/packet"
	bpftool prog run pinned "$pin_path" data_in "$T/packet" >"$T/run"
	has "$T/run" 'Return value: 65'
}

# BPF_F_NO_PREALLOC of a hash, as the kernel has it
keeps_the_flags_of_maps()
{
	need bpftool
	need_bpf
	pin
	printf '.map flagged, hash, 4, 8, 10, 1\nr1 = flagged ll\nr0 = 0\nexit\n' >"$T/flag.s"
	"$bpfasm" -O elf -t tc -o "$T/flag.o" "$T/flag.s"
	bpftool prog load "$T/flag.o" "$pin_path" type tc || fail "bpftool does not load it"
	bpftool map show id "$(bpftool prog show pinned "$pin_path" |
		sed -n 's/.*map_ids \([0-9]*\).*/\1/p')" >"$T/show"
	has "$T/show" 'hash +name flagged +flags 0x1'
}

# loads_again FUNCTION SOURCE VALUE: what clang made, we wrote and libbpf loaded returns VALUE.
loads_again()
{
	need bpftool clang
	need_bpf
	clang --print-targets 2>/dev/null | grep -qw bpf || skip "clang has no bpf target"
	clang -target bpf -O2 -g -c "tests/cases/asm/$2" -o "$T/object.o"
	"$bpfasm" -O elf -s "$1" -o "$T/again.o" "$T/object.o"
	printf '%064d' 0 | tr 0 '\0' >"$T/packet"
	pin
	bpftool prog load "$T/object.o" "$pin_path" type tc 2>"$T/err" ||
		skip "this kernel or bpftool does not load clang's own object"
	rm -f "$pin_path"
	pin
	bpftool prog load "$T/again.o" "$pin_path" type tc || fail "bpftool does not load it"
	bpftool prog run pinned "$pin_path" data_in "$T/packet" >"$T/run"
	has "$T/run" "Return value: $3,"
	bpftool prog dump xlated pinned "$pin_path" >"$T/dump"
	has "$T/dump" "^int $1\(\):"
}

# Every loaded program's dump in text, read back, is its dump in bytes.
dumps_are_read_back()
{
	need bpftool
	need_bpf
	pin
	write_program
	"$bpfasm" -O elf -s xdp -o "$T/prog.o" "$T/prog.s"
	bpftool prog load "$T/prog.o" "$pin_path" type xdp || fail "bpftool does not load it"
	seen=0
	for id in $(bpftool prog show | sed -n 's/^\([0-9]*\):.*/\1/p'); do
		bpftool prog dump xlated id "$id" file "$T/raw" 2>/dev/null || continue
		"$bpfasm" -I raw -O text "$T/raw" >"$T/ours"
		"$bpfasm" -O raw "$T/ours" | cmp - "$T/raw" || fail "program $id: ours differs"
		bpftool prog dump xlated id "$id" >"$T/theirs" 2>/dev/null || continue
		# Older versions of bpftool take the address of a CPU's variable for a plain move.
		! grep -q __percpu "$T/ours" || grep -q __percpu "$T/theirs" || continue
		"$bpfasm" "$T/theirs" >"$T/read" || fail "program $id: $(cat "$T/theirs")"
		# what only bpftool knows: names of functions, of maps
		sed 's/#.*//; s/= map.*/= map/' "$T/ours" >"$T/a"
		sed 's/#.*//; s/= map.*/= map/' "$T/read" >"$T/b"
		cmp "$T/a" "$T/b" || fail "program $id: $(diff "$T/a" "$T/b")"
		seen=$((seen + 1))
	done
	[ "$seen" -gt 0 ] || fail "no program was dumped"
}

# The verifier's log of a program, read back, is the program.
logs_are_read_back()
{
	need bpftool
	need_bpf
	pin
	write_program
	sed -i '/^\.map/d; s/counts ll/r10/; s/call map_lookup_elem/r0 = r10/; s/(r0 + 0)/(r10 - 8)/
		s/(u32 \*)(r10 - 4)/(u64 *)(r10 - 8)/; s/if r0 == 0/if r7 == 0/' "$T/prog.s"
	"$bpfasm" -O raw "$T/prog.s" >"$T/raw"
	"$bpfasm" -O elf -s xdp -o "$T/prog.o" "$T/prog.s"
	bpftool -d prog load "$T/prog.o" "$pin_path" type xdp >"$T/log" 2>&1 || true
	grep -qE '^[0-9]+: \([0-9a-f]{2}\)' "$T/log" || skip "bpftool shows no log"
	"$bpfasm" -O raw "$T/log" >"$T/back" || fail "not read: $(cat "$T/log")"
	"$bpfasm" -I raw "$T/raw" | sed 's/call pc.*/call/' >"$T/a"
	"$bpfasm" -I raw "$T/back" | sed 's/call pc.*/call/' >"$T/b"
	cmp "$T/a" "$T/b" || fail "$(diff "$T/a" "$T/b")"
}

try runs_in_the_kernel_as_in_the_interpreter
try makes_the_maps_of_a_source
try runs_objects
try bpftool_loads_its_objects
try loads_again first object.c 58
try loads_again run_loop callback.c 15
try keeps_the_flags_of_maps
try dumps_are_read_back
try logs_are_read_back
finish
