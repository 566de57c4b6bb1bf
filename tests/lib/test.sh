# SPDX-License-Identifier: MIT
# tests/lib/test.sh - for tests written in shell: prints what tests/run reads, cleans up.
#
#	. "${0%/*}/../lib/test.sh"
#	prints_its_version()
#	{
#		"$BIN/bpfcap" --version >"$T/out"
#		has "$T/out" '^bpfcap [0-9]'
#	}
#	try prints_its_version
#	finish
#
# A test is a function, run in a subshell of its own under `set -eu`: it passes when it returns 0.
# T is a directory that is removed at the end, BIN where the commands are.
set -u
BUILD=${BPFCAP_BUILD:-build}
BIN=$BUILD/bin
T=$(mktemp -d) || exit 1
export BUILD BIN T
tests_failed=0
trap 'rm -rf "$T"' EXIT
trap 'exit 1' INT TERM HUP

# try FUNCTION [ARGUMENT...]: runs one test, named by these words.
try()
{
	try_as "$*" "$@"
}

# try_as NAME FUNCTION [ARGUMENT...]
try_as()
{
	try_name=$1
	shift
	echo "[ RUN      ] $try_name"
	rm -f "$T/skipped"
	(
		set -e
		"$@"
	)
	try_status=$?
	if [ -e "$T/skipped" ]; then
		echo "[  SKIPPED ] $try_name: $(cat "$T/skipped")"
	elif [ "$try_status" -eq 0 ]; then
		echo "[       OK ] $try_name"
	else
		echo "[  FAILED  ] $try_name"
		tests_failed=$((tests_failed + 1))
	fi
}

# finish: the last line of a test program.
finish()
{
	[ "$tests_failed" -eq 0 ]
	exit
}

# skip WHY, fail WHY: end the test.
skip()
{
	echo "$*" >"$T/skipped"
	exit 0
}

fail()
{
	echo "  $*"
	exit 1
}

# need COMMAND...: skips the test where one is missing.
need()
{
	for need_cmd in "$@"; do
		command -v "$need_cmd" >/dev/null 2>&1 || skip "$need_cmd is not installed"
	done
}

# Sanitizers call the kernel themselves, leave out the hardening, and cannot be traced.
need_plain_build()
{
	! grep -q -e -fsanitize "$BUILD/flags" 2>/dev/null || skip "a build with sanitizers"
}

need_root()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# children PID: the processes that it started. /proc has no list of them on a kernel without
# CONFIG_PROC_CHILDREN.
children()
{
	grep -sl "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status | cut -d / -f 3
}

# For differences of times. date(1) of busybox has no fractions.
uptime_ms()
{
	awk '{ printf "%.0f", $1 * 1000 }' /proc/uptime
}

# own_sys COMMAND...: in a mount namespace of its own; what it mounts below /sys is invisible to
# other processes. By itself unshare(1) makes / private, which a chroot that is no mount point
# cannot be.
own_sys()
{
	unshare -m --propagation unchanged sh -c 'mount --make-rprivate /sys && exec "$@"' sh "$@"
}

# has FILE REGEXP, hasnt FILE REGEXP: fail with the file's text.
has()
{
	grep -Eq -- "$2" "$1" || fail "no '$2' in: $(cat "$1")"
}

hasnt()
{
	! grep -Eq -- "$2" "$1" || fail "'$2' in: $(cat "$1")"
}

# same GOT WANTED [WHAT]
same()
{
	[ "$1" = "$2" ] || fail "${3:-got} '$1', not '$2'"
}

# status N COMMAND...: runs it; fails unless it ends with status N.
status()
{
	status_wanted=$1
	shift
	status_got=0
	"$@" || status_got=$?
	same "$status_got" "$status_wanted" "$1: status"
}
