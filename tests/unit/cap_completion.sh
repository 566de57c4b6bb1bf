#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/cap_completion.sh - shells complete what --help lists.
. "${0%/*}/../lib/test.sh"

# complete WORD...: what bash offers for the last word, one a line
complete_words()
{
	"$BIN/bpfcap" --completion bash >"$T/bpfcap.bash"
	bash -c '. "$1"; shift; COMP_WORDS=(bpfcap "$@"); COMP_CWORD=$#; COMPREPLY=()
		_bpfcap; printf "%s\n" "${COMPREPLY[@]}"' bash "$T/bpfcap.bash" "$@"
}

bash_offers_every_option()
{
	need bash
	"$BIN/bpfcap" --help | grep -oE '^  (-.,)? *--[a-z-]+' | grep -oE -- '--[a-z-]+' |
		sort >"$T/want"
	[ "$(wc -l <"$T/want")" -gt 50 ] || fail "--help has another form"
	complete_words -- | sort >"$T/got"
	cmp "$T/want" "$T/got" || fail "$(diff "$T/want" "$T/got")"
	same "$(complete_words --gather-)" --gather-by
}

bash_offers_arguments()
{
	need bash
	complete_words -i l | grep -qx lo || fail "no interface: $(complete_words -i l)"
	: >"$T/a.pcapng"
	same "$(complete_words -r "$T/a.p")" "$T/a.pcapng"
	same "$(complete_words -c '')" ''
}

zsh_reads_its_script()
{
	need zsh
	"$BIN/bpfcap" --completion zsh >"$T/_bpfcap"
	zsh -n "$T/_bpfcap"
}

refuses_other_shells()
{
	status 2 "$BIN/bpfcap" --completion fish 2>"$T/err"
	has "$T/err" "^bpfcap: options: --completion must be bash or zsh, not 'fish'$"
}

try bash_offers_every_option
try bash_offers_arguments
try zsh_reads_its_script
try refuses_other_shells
finish
