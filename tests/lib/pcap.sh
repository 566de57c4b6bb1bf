# SPDX-License-Identifier: MIT
# tests/lib/pcap.sh - writes capture files, for tests written in shell.

# hex: writes the bytes given as lines of hexadecimal digits on standard input.
hex()
{
	awk '{
		for (i = 1; i < length; i += 2)
			printf "\\0%03o", 16 * digit(substr($0, i, 1)) + digit(substr($0, i + 1, 1))
		print ""
	}
	function digit(c) { return index("0123456789abcdef", c) - 1 }' | while read -r line; do
		printf '%b' "$line"
	done
}

# u32 N: little endian
u32()
{
	printf '%08x' "$1" | sed 's/\(..\)\(..\)\(..\)\(..\)/\4\3\2\1/'
}

# pcap_file SECONDS: Ethernet packets, one a line of "LENGTH BYTES" on standard input, as a pcap
# file. The Nth has the time SECONDS + N and N microseconds.
pcap_file()
{
	{
		echo d4c3b2a1020004000000000000000000ffff000001000000
		n=0
		while read -r len bytes; do
			n=$((n + 1))
			echo "$(u32 $(($1 + n)))$(u32 "$n")$(u32 \
				$((${#bytes} / 2)))$(u32 "$len")$bytes"
		done
	} | hex
}
