#!/usr/bin/env bash
# test.sh [PACKAGE...]: what "make test" does. First all unit tests, with the race detector;
# then the tests on real engines. Says which tests were skipped and why, which engines were
# tested and why others were not, which tests only passed when they ran again, and stops
# what it started. With packages: only those, on the engines.
#
#   GALLEY_TEST_ENGINES     the engines to test, with commas; "all" of distributions, "newest" from source,
#                           "all,newest", or "none". The default is those that are required, else the newest
#                           Docker, Podman and rootless Podman of "all" that this machine can run
#   GALLEY_REQUIRE_ENGINES  those that must run: a missing one is a failure
#   GALLEY_TEST_ARTIFACTS   where flaky.txt goes (default bin/test)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
engines=e2e/engines.sh
dir=${ENGINES_DIR:-${TMPDIR:-/tmp}/galley-engines}
names=${GALLEY_TEST_ENGINES:-${GALLEY_REQUIRE_ENGINES:-}}
artifacts=${GALLEY_TEST_ARTIFACTS:-bin/test}
flaky_budget=1 # tests that may fail once in a whole run and pass when they run again
export CGO_ENABLED=0

say() { printf '\n== %s\n' "$*"; }
# what this machine cannot do (3) is reported at the end and is no failure by itself
tolerate() { "$@" || [ $? = 3 ]; }

running() { tolerate "$engines" status | awk '$2 == "up" { print $1 }'; }

# go_test OPTION ARGUMENT...: `go test` as testlog prints it, which gets the option.
go_test() {
	local option=$1
	shift
	go test -json -count=1 -timeout "${GALLEY_TEST_TIMEOUT:-40m}" "$@" 2>&1 | go run ./e2e/testlog "$option"
}

unit_tests() {
	say "go vet"
	go vet ./... || return 1 # a caller that tests the result switches set -e off
	for target in darwin/arm64 windows/amd64 linux/arm64; do
		say "go build for $target"
		GOOS=${target%/*} GOARCH=${target#*/} go build ./... || return 1
	done
	say "go test -race (no engine)"
	local race=(-race)
	# the race detector needs a C compiler, and is not there for every processor
	if ! CGO_ENABLED=1 go test -race -run '^$' ./e2e/testlog > /dev/null 2>&1; then
		[ "${CI:-}" != true ] || { echo "the race detector cannot be used: is there a C compiler?" >&2; return 1; }
		echo "without the race detector, which cannot be used here: is there a C compiler?"
		race=()
	fi
	# go vet has run; without symbol tables the 60 programs are linked in half the time; the race detector would let
	# each of them, and what they start, wait for a second at its end; and the state of kitchens, which is written to
	# the disk for good at every step, is quicker in memory
	if [ -w /dev/shm ]; then
		memory=$(mktemp -d /dev/shm/galley-unit.XXXXXX)
		chmod 755 "$memory"
		export ENGINES_DIR=$dir # where it is for the tests on engines
		trap 'chmod -R u+rwx "$memory"; rm -rf "$memory"' EXIT # of this subshell
		export GOTMPDIR=${TMPDIR:-/tmp}
		export TMPDIR=$memory
	fi
	GORACE="atexit_sleep_ms=0 ${GORACE:-}" GALLEY_TEST_ENGINES=none GALLEY_REQUIRE_ENGINES='' \
		CGO_ENABLED=$((${#race[@]})) go_test -failed= "${race[@]}" -vet=off -ldflags='-s -w' ./...
}

# engine_tests FAILED PACKAGE...: one package at a time, since an old rootless Podman can lock
# itself up when several programs build and remove at once. Inside a package engines are
# tested side by side; tests wait for engines more than they compute. Testlog writes FAILED.
engine_tests() {
	local failed=$1
	shift
	go_test "-failed=$failed" -p 1 -parallel "${GALLEY_TEST_PARALLEL:-3}" "$@" | tee "$artifacts/engines.log"
}

# again FAILED: an engine on a busy machine may answer too late once. What failed, of subtests
# the deepest, is run a second time, by itself on engines that were started anew. Each test that
# only passes then is named in flaky.txt; more of them than the budget allows fail the run.
again() {
	local package pattern tests status=0
	tolerate "$engines" down "${wanted[@]}" # one of them may hang
	tolerate "$engines" up "${wanted[@]}" registry
	while read -r package pattern tests; do
		say "again: $package $tests"
		if go_test "-passed=$tests" -p 1 ${pattern:+-run "$pattern"} "$package" < /dev/null; then
			tr ' ' '\n' <<< "${tests:-all}" | sed "s|^|$package |" >> "$artifacts/flaky.txt"
		else
			status=1
		fi
	done < "$1"
	return $status
}

# tested: says which engines were, and fails when a required one was not.
tested() {
	local name state rest ran=0 status=0
	while read -r name state rest; do
		if [ -e "$dir/ran/$name" ]; then
			echo "$name: tested"
			ran=$((ran + 1))
			continue
		fi
		case ",${GALLEY_REQUIRE_ENGINES:-}," in
			*",$name,"*)
				echo "$name: NOT TESTED, and GALLEY_REQUIRE_ENGINES names it: ${rest:-$state}"
				status=1
				;;
			*)
				if [ "$state" = unavailable ]; then
					echo "$name: skipped: $rest"
				elif [ "$name" != registry ]; then
					echo "$name: not asked for"
				fi
				;;
		esac
	done < <(tolerate "$engines" status)
	[ $ran != 0 ] || { echo "no engine was tested" >&2; status=1; }
	return $status
}

status=0
mkdir -p "$artifacts"
rm -f "$artifacts/flaky.txt"
if [ $# = 0 ]; then
	(unit_tests) || status=1
	set -- ./backend/... ./e2e/...
fi
[ "$names" != none ] || exit $status

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

# first NAME...: the first of these engines that this machine can run, which is started.
first() {
	local name
	for name; do
		if "$engines" install "$name" >&2 && "$engines" up "$name" >&2; then
			echo "$name,"
			return
		fi
	done
}

say "engines: install, start"
[ -n "$names" ] || names=$(first docker26 docker20)$(first podman5 podman4)$(first podman5-rootless podman4-rootless)
names=${names%,}
[ -n "$names" ] || { echo "no engine can be run on this machine" >&2; exit 1; }
export GALLEY_TEST_ENGINES=$names
IFS=, read -r -a wanted <<< "$names"
tolerate "$engines" install "${wanted[@]}" registry
rm -f "$dir"/ran/*
tolerate "$engines" up "${wanted[@]}" registry
tolerate "$engines" status

say "go test $*"
failed=$artifacts/failed.txt
rm -f "$failed"
engine_tests "$failed" "$@" || {
	[ -s "$failed" ] || exit 1 # it did not get as far as a test
	again "$failed" || status=1
}

say "engines"
tested || status=1
if [ -s "$artifacts/flaky.txt" ]; then
	say "flaky: passed on the second run only"
	cat "$artifacts/flaky.txt"
	[ "$(wc -l < "$artifacts/flaky.txt")" -le $flaky_budget ] || {
		echo "more than $flaky_budget: mend them" >&2
		status=1
	}
fi
exit $status
