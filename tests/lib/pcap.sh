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

# pcap_file SECONDS: Ethernet packets, one a line of "LENGTH BYTES" on standard input, as a pcap
# file. The Nth has the time SECONDS + N and N microseconds.
pcap_file()
{
	awk -v from="$1" 'BEGIN { print "d4c3b2a1020004000000000000000000ffff000001000000" }
	{ print u32(from + NR) u32(NR) u32(length($2) / 2) u32($1) $2 }
	function u32(n, bytes) {
		for (bytes = ""; length(bytes) < 8; n = int(n / 256))
			bytes = bytes sprintf("%02x", n % 256)
		return bytes
	}' | hex
}
