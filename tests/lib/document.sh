# SPDX-License-Identifier: MIT
# tests/lib/document.sh - the commands that a page of Markdown or a manual page shows, and the
# output under them.
#
#	document_commands docs/hooks.md		a command a line, without "sudo" and "#"
#	document_output docs/hooks.md COMMAND	the lines under it
#	document_shape <OUTPUT			on one line, with N for numbers
#
# A command is a line of an indented block whose first word is one of these, or stands between
# backquotes and begins with one of ours. A line that ends in a backslash continues on the next.
document_words='bpfcap|bpfasm|bpfinject|make|netcap|tcpdump|tshark|tc|apt|dpkg|git|mkdir|rpmbuild'
document_words="$document_words|sh|ssh|ip|curl|wget|docker|(tests|tools|build|packaging)/[^ ]+"

# Manual pages as Markdown: examples are indented blocks.
document_text()
{
	case $1 in
	*.md) cat "$1" ;;
	*) sed -n '
		/^\.S[Hh] /{s/.*EXAMPLES.*/EXAMPLES/;h;d;}
		/^\.nf\|^\.Bd -lit/,/^\.fi\|^\.Ed/{s/^[^.]/    &/;t print
			s/.*//;p;d;}
		G
		/\nEXAMPLES/!d
		s/\n.*//
		s/^\.\(B\|Dl\) /    /;t print
		s/.*//;p;d
		:print
		s/\\(aq/'"'"'/g;s/\\(ga/`/g;s/\\e/\\/g;s/\\-/-/g;p' "$1" ;;
	esac
}

document_commands()
{
	document_text "$1" | sed '/^    .*\\$/{N;s/\\\n *//;}' |
		sed -nE "s,^    (sudo |# )?(([A-Z][A-Z0-9_]*=[^ ]* )*($document_words)( .*)?)\$,\2,
			t found
			d
			:found
			s/  +#.*//
			p"
	# shellcheck disable=SC2016 # backquotes of Markdown
	document_text "$1" | sed '/^    /d' | tr '\n' ' ' |
		grep -oE '`bpf(cap|asm|inject) [^`]*`' | tr -d '`'
}

document_output()
{
	document_text "$1" | awk -v command="    # $2" '
		found && (!/^    / || /^    # /) { exit }
		found { print substr($0, 5) }
		$0 == command { found = 1 }'
}

document_shape()
{
	sed -E 's/netns:[^ ]* //g; s/\|[# ]*\|/|bar|/; s/0x[0-9a-f]+/N/g; s/veth/eth/g
		s/[0-9][0-9.:]*/N/g' | tr -s ' \t\n' ' '
}
