#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/headers.sh - each public header compiles alone, as C11 and as C++17, without warnings.
. "${0%/*}/../lib/test.sh"

# alone COMPILER STANDARD LANGUAGE
alone()
{
	need "$1"
	for h in include/bpfcap/*.h; do
		echo "#include \"${h#include/}\"" |
			"$1" "-std=$2" -x "$3" -fsyntax-only -Wall -Wextra -Wpedantic -Werror \
				-Iinclude - || fail "$h does not stand alone"
	done
}

try alone gcc c11 c
try alone clang c11 c
try alone g++ c++17 c++
try alone clang++ c++17 c++
finish
