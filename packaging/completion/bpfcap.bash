# SPDX-License-Identifier: MIT
# bash completion for bpfcap; made by `bpfcap --completion bash`.
# shellcheck disable=SC2207 # compgen gives one word a line
_bpfcap()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	case $prev in
	-i | --interface)
		COMPREPLY=($(compgen -W "any $(cd /sys/class/net && echo *)" -- "$cur"))
		return
		;;
	-F | --filter-file | -w | --write | -r | --read | --report | --keylog | --tls-layout)
		COMPREPLY=($(compgen -f -- "$cur"))
		return
		;;
	-e | --filter | -F | --filter-file | -f | --hook | -i | --interface | --through | --remote | --remote-binaries | -k | --kernel | -c | --count | --duration | -s | --snaplen | --netns | --pid | --mark | --reason | -Q | --direction | --gather-by | --top | --skb-data | --call | -y | --linktype | -B | --buffer-size | -Z | --relinquish-privileges | -w | --write | -r | --read | --report | --format | -C | --file-size | -G | --rotate | -W | --files | -z | --keep | --trigger | --after | --triggers | --color | --decode | --keylog | --tls-process | --tls-lib | --tls-layout | --dump | --completion | --time-stamp-precision)
		return
		;;
	esac
	[[ $cur != -* ]] || COMPREPLY=($(compgen -W "-e --filter -F --filter-file -f --hook -i --interface --wait --through --inner-only -p --no-promiscuous-mode --remote --remote-binaries -k --kernel -c --count --duration -s --snaplen -S --stack --netns --pid --mark --reason -Q --direction --owner --track --gather --gather-by --top --fake-hdr --skb-data --call -y --linktype -B --buffer-size -Z --relinquish-privileges -w --write -r --read --report --format -C --file-size -G --rotate -W --files -z --keep --trigger --after --triggers -U --packet-buffered -l --line-buffered --print --json --color --link --decode --absolute-tcp-sequence-numbers --tls-keys --keylog --tls-process --tls-lib --tls-layout -n --numeric -q --quick -v --verbose -t --nano -# --number -x -X -A -d --dump --doctor -D --list-interfaces --completion --man -h --help -V --version --time-stamp-precision" -- "$cur"))
}
complete -o default -F _bpfcap bpfcap
