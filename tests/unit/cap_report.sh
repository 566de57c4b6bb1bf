#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/cap_report.sh - --report writes one page that stands alone: well-formed, with names
# escaped, and shown by a browser without complaint.
. "${0%/*}/../lib/test.sh"

bpfcap=$BIN/bpfcap
meta=tests/cases/files/meta.pcapng

# Names of the file become what a browser would read as its own. The lengths stay the same.
make_hostile()
{
	sed -e 's/ping_rcv+0xab/<script>+0xab/; s/NO_SOCKET/<img src>/; s/veth0/"<b>\&/' \
		-e "s/ping 823/<i>' 823/" "$meta" >"$T/hostile.pcapng"
	! cmp -s "$meta" "$T/hostile.pcapng" || fail "no name was replaced"
}

writes_a_page_instead_of_packets()
{
	"$bpfcap" -r "$meta" --report "$T/page.html" >"$T/out" 2>/dev/null
	[ ! -s "$T/out" ] || fail "packets were printed: $(cat "$T/out")"
	has "$T/page.html" 'NO_SOCKET'
	has "$T/page.html" 'ping_rcv\+0xab'
	has "$T/page.html" 'ICMP 10.66.0.2 &gt; 10.66.0.1'
	"$bpfcap" -r "$meta" --report "$T/page.html" --print >"$T/out" 2>/dev/null
	same "$(wc -l <"$T/out")" 3 'lines with --print'
}

needs_nothing_else()
{
	"$bpfcap" -r "$meta" --report "$T/page.html" 2>/dev/null
	hasnt "$T/page.html" '<script|<link|<iframe|src=|href=|@import|url\(|https?://'
}

escapes_hostile_names()
{
	make_hostile
	"$bpfcap" -r "$T/hostile.pcapng" --report "$T/page.html" 2>/dev/null
	hasnt "$T/page.html" '<script|<img|<b>&|<i>'
	has "$T/page.html" '&lt;script&gt;\+0xab'
	has "$T/page.html" '&lt;img src&gt;'
	has "$T/page.html" '&lt;i&gt;&#39; 823'
}

is_well_formed()
{
	need xmllint
	make_hostile
	for file in "$meta" "$T/hostile.pcapng"; do
		"$bpfcap" -r "$file" --report "$T/page.html" 2>/dev/null
		xmllint --noout "$T/page.html" || fail "the page of $file is not well-formed"
	done
	"$bpfcap" -r "$meta" --report "$T/page.html" udp 2>/dev/null
	xmllint --noout "$T/page.html" || fail "the page without packets is not well-formed"
	has "$T/page.html" 'No packets were captured'
}

# A page that cannot be drawn gives a small picture: one color.
a_browser_draws_it()
{
	need chromium
	make_hostile
	"$bpfcap" -r "$T/hostile.pcapng" --report "$T/page.html" 2>/dev/null
	timeout 120 chromium --headless=new --no-sandbox --disable-gpu --enable-logging=stderr \
		--user-data-dir="$T/profile" --window-size=1000,1500 --screenshot="$T/page.png" \
		"file://$T/page.html" >"$T/browser" 2>&1 ||
		skip "chromium does not run: $(tail -n 1 "$T/browser")"
	[ "$(wc -c <"$T/page.png")" -gt 20000 ] || fail "an empty picture"
	hasnt "$T/browser" 'CONSOLE|Uncaught|Refused to'
}

needs_something_to_report()
{
	status=0
	"$bpfcap" --report "$T/page.html" 2>"$T/err" || status=$?
	same "$status" 2 status
	has "$T/err" 'add one of them, or read a file with -r'
}

counts_of_files()
{
	"$bpfcap" -r "$meta" --top --json >"$T/out" 2>/dev/null
	has "$T/out" '"drop":\{"reason":"NO_SOCKET","function":"ping_rcv","offset":171\}'
	has "$T/out" '"src":"10.66.0.2","dst":"10.66.0.1"\},"packets":2,"bytes":196'
	has "$T/out" '"by":"process","process":\{"pid":823,"name":"ping"\},"packets":3'
	has "$T/out" '"by":"total","packets":3,"bytes":294'
}

try writes_a_page_instead_of_packets
try needs_nothing_else
try escapes_hostile_names
try is_well_formed
try a_browser_draws_it
try needs_something_to_report
try counts_of_files
finish
