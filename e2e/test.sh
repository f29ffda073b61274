#!/usr/bin/env bash
# test.sh [PACKAGE...]: what "make test" does. Starts the engines that this machine can
# run, runs the tests, says which tests were skipped and why, which engines were tested
# and why others were not, and stops what it started. Without packages: all of them, and
# vet and cross-compilation too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
engines=e2e/engines.sh
dir=${ENGINES_DIR:-${TMPDIR:-/tmp}/galley-engines}
names=${GALLEY_TEST_ENGINES:-all}
export CGO_ENABLED=0

say() { printf '\n== %s\n' "$*"; }
# what this machine cannot do (3) is reported at the end and is no failure by itself
tolerate() { "$@" || [ $? = 3 ]; }

running() { tolerate "$engines" status | awk '$2 == "up" { print $1 }'; }

before=$(running)
# shellcheck disable=SC2317 # the trap calls it
stop_ours() {
	local n
	[ -e "$dir/users" ] || return 0
	# every test process holds a shared lock on this file while it uses engines
	if ! flock -n "$dir/users" true; then
		echo "the engines stay up: other tests are using them ('e2e/engines.sh down --purge' stops them)"
		return 0
	fi
	for n in $(running); do
		grep -qx "$n" <<< "$before" || "$engines" down "$n"
	done
}
trap stop_ours EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ "$names" = none ]; then
	wanted=()
else
	IFS=, read -r -a wanted <<< "$names"
	say "engines: install, start"
	tolerate "$engines" install "${wanted[@]}" registry
	rm -f "$dir"/ran/*
	tolerate "$engines" up "${wanted[@]}" registry
	tolerate "$engines" status
	export GALLEY_REQUIRE_ENGINES=${GALLEY_REQUIRE_ENGINES:-1}
fi

if [ $# = 0 ]; then
	set -- ./...
	say "go vet"
	go vet ./...
	for target in darwin/arm64 windows/amd64 linux/arm64; do
		say "go build for $target"
		GOOS=${target%/*} GOARCH=${target#*/} go build ./...
	done
fi

# Results on real engines are never taken from the cache. One package at a time: an old
# rootless Podman can lock itself up when several programs build and remove at once. Inside
# a package engines are tested side by side; tests wait for engines more than they compute.
go_test() {
	go test -json -count=1 -timeout "${GALLEY_TEST_TIMEOUT:-25m}" -p "${GALLEY_TEST_PROCESSES:-1}" \
		-parallel "${GALLEY_TEST_PARALLEL:-3}" "$@" 2>&1 | go run ./e2e/testlog
}

# failed LOG: a line for each package that failed: its path, then the tests that did.
failed() {
	awk '/^--- FAIL: / { tests = tests " " $3 }
		/^FAIL\t/ { print $2 tests; tests = "" }
		/^ok  *\t/ { tests = "" }' "$1"
}

# again LOG: an engine on a busy machine may answer too late once. What failed is run a
# second time, by itself, and only passes if it passes then; both results are shown.
again() {
	local package tests status=0
	if [ ${#wanted[@]} -gt 0 ]; then # one of them may hang
		tolerate "$engines" down "${wanted[@]}"
		tolerate "$engines" up "${wanted[@]}" registry
	fi
	while read -r package tests; do
		say "again: $package $tests"
		go_test ${tests:+-run "^($(tr ' ' '|' <<< "$tests"))\$"} "$package" < /dev/null || status=1
	done < <(failed "$1")
	return $status
}

say "go test $*"
status=0
log=$(mktemp)
go_test "$@" | tee "$log" || status=$?
if [ $status != 0 ] && grep -q $'^FAIL\t' "$log"; then
	status=0
	again "$log" || status=1
	[ $status != 0 ] || say "flaky: all that failed passed on the second run"
fi
rm -f "$log"

[ "$names" != none ] || exit $status
say "engines"
ran=0
while read -r name state rest; do
	if [ -e "$dir/ran/$name" ]; then
		echo "$name: tested"
		ran=$((ran + 1))
	elif [ "$state" = unavailable ]; then
		echo "$name: skipped: $rest"
	elif [ "$name" != registry ]; then
		echo "$name: not asked for"
	fi
done < <(tolerate "$engines" status)
if [ $ran = 0 ]; then
	echo "no engine was tested" >&2
	[ $status != 0 ] || status=1
fi
exit $status
