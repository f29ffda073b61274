#!/usr/bin/env bash
# fuzz.sh [PATTERN]: runs each fuzzer, or those whose package and name match, for FUZZTIME (default 30s), and says how
# long each ran and how many inputs it tried. An input that a fuzzer fails with is kept in its package's testdata/fuzz,
# from where the unit tests take it too.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
status=0
while IFS=: read -r file name; do
	package=$(dirname "$file")
	[[ "$package $name" =~ ${1:-} ]] || continue
	# the default may spend a minute on making one long input shorter, and try no other
	if out=$(go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-30s}" -fuzzminimizetime 1s "$package" 2>&1); then
		echo "ok   $package $name: $(grep -o 'elapsed: .*' <<< "$out" | tail -n 1)"
	else
		echo "FAIL $package $name"
		echo "$out"
		status=1
	fi
done < <(grep -rhoHE '^func Fuzz[A-Za-z0-9]+' --include='*_test.go' . | sed 's/:func /:/' | sort)
exit $status
