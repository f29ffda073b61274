#!/usr/bin/env bash
# test.sh [PACKAGE...]: what "make test" does. First all unit tests, with the race detector;
# then the tests on real engines. Says which tests were skipped and why, which engines were
# tested and why others were not, which tests only passed when they ran again, and stops
# what it started. With packages: only those, on the engines.
#
#   GALLEY_TEST_ENGINES     the engines to test, with commas; "all" of distributions, "newest" from source,
#                           "all,newest", or "none". The default is those that are required, else of "all"
#                           the newest Docker and the newest Podman, rootless, that this machine can run
#   GALLEY_REQUIRE_ENGINES  those that must run: a missing one is a failure
#   GALLEY_TEST_ARTIFACTS   where flaky.txt and the events of tests go (default bin/test)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
engines=e2e/engines.sh
dir=${ENGINES_DIR:-${TMPDIR:-/tmp}/galley-engines}
names=${GALLEY_TEST_ENGINES:-${GALLEY_REQUIRE_ENGINES:-}}
artifacts=${GALLEY_TEST_ARTIFACTS:-bin/test}
timeout=${GALLEY_TEST_TIMEOUT:-60m}
gotestsum=gotest.tools/gotestsum@v1.13.0
flaky_budget=1 # tests that may fail once in a whole run and pass when they run again
export CGO_ENABLED=0

say() { printf '\n== %s\n' "$*"; }
# what this machine cannot do (3) is reported at the end and is no failure by itself
tolerate() { "$@" || [ $? = 3 ]; }

running() { tolerate "$engines" status | awk '$2 == "up" { print $1 }'; }

# summed FILE OPTION... -- ARGUMENT...: tests as gotestsum tells of them, which writes their events to FILE, and after
# them those that were slow.
summed() {
	local events=$1 status=0
	shift
	go run "$gotestsum" --format-hide-empty-pkg --jsonfile "$events" "$@" || status=1
	say "slowest"
	go run "$gotestsum" tool slowest --threshold 10s --jsonfile "$events"
	return $status
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
	if ! CGO_ENABLED=1 go test -race -run '^$' ./internal/memo > /dev/null 2>&1; then
		[ "${CI:-}" != true ] || { echo "the race detector cannot be used: is there a C compiler?" >&2; return 1; }
		echo "without the race detector, which cannot be used here: is there a C compiler?"
		race=()
	fi
	# go vet has run; without symbol tables the 60 programs are linked in half the time; the race detector would let
	# each of them, and what they start, wait for a second at its end; and the state of kitchens, which is written to
	# the disk for good at every step, is quicker in memory, where that can hold programs that tests make. The programs
	# that go builds stay on the disk: T.TempDir would follow them there.
	if memory=$(mktemp -d /dev/shm/galley-unit.XXXXXX); then
		chmod 755 "$memory"
		trap 'chmod -R u+rwx "$memory"; rm -rf "$memory"' EXIT # of this subshell
		if cp "$(type -P true)" "$memory/true" && "$memory/true"; then
			export ENGINES_DIR=$dir # where it is for the tests on engines
			export GOTMPDIR=${TMPDIR:-/tmp}
			export TMPDIR=$memory
		fi
	fi 2> /dev/null
	export -f unit_test
	export sequential timeout
	# the compiler and the linker, not the tests, may use more memory and be quicker
	GOGC=400 GORACE="atexit_sleep_ms=0 ${GORACE:-}" GALLEY_TEST_ENGINES=none GALLEY_REQUIRE_ENGINES='' \
		summed "$artifacts/unit.json" --hide-summary=skipped --raw-command -- \
		bash -c 'unit_test "$@"' unit_test "${race[@]}"
}

# The packages that start no goroutine, which a test of internal/archtest sees to: the race detector would find nothing
# there, is linked into each program, and takes four times as long.
sequential='config/(erb|keys|kitchen|rubyre|yaml11)|backend/(credentials|spec)|internal/(glob|limits|mirrors|names|rubyfloat|settings|userdir)|lifecycle/(checkpoint|fault|imagelock|machine|result|rig)|report/html'

# unit_test [-race]: what gotestsum runs. The packages that are not sequential: the longest ones first, so that no processor is idle while they end, and one more at a time than
# there are processors, since some only wait.
# shellcheck disable=SC2317 # gotestsum calls it
unit_test() {
	local status=0 alone others flags=(-json -count=1 -timeout "$timeout" -exec 'env -u GOTMPDIR -u GOGC' -vet=off -ldflags='-s -w')
	mapfile -t alone < <(go list ./... | grep -E "/($sequential)\$")
	CGO_ENABLED=0 go test "${flags[@]}" "${alone[@]}" || status=1
	mapfile -t others < <(go list ./... | grep -vE "/($sequential)\$")
	CGO_ENABLED=$# go test "${flags[@]}" "$@" -p $(($(nproc) + 1)) ./lifecycle ./backend/contract "${others[@]}" || status=1
	return "$status"
}

# go_test ARGUMENT...: what gotestsum runs: one package at a time, since an old rootless Podman can lock itself up when
# several programs build and remove at once. Inside a package engines are tested side by side; tests wait for engines
# more than they compute. An engine on a busy machine may answer too late once, so what failed, of subtests the deepest,
# is run a second time, each test by itself: then the last arguments are -test.run and the test's package. Before the
# first of them the engines are started anew, since one of them may hang.
# shellcheck disable=SC2317 # gotestsum calls it
go_test() {
	local wanted anew=$artifacts/anew.log
	if [[ ${*: -2:1} = -test.run=* ]]; then
		set -- "${@: -2}"
		[ "$1" != '-test.run=^$' ] || shift # the package failed outside of its tests
		if [ ! -e "$anew" ]; then
			IFS=, read -r -a wanted <<< "$GALLEY_TEST_ENGINES"
			{
				"$engines" down "${wanted[@]}"
				"$engines" up "${wanted[@]}" registry
			} > "$anew" 2>&1 || true # what cannot be had fails the test
		fi
	fi
	go test -json -count=1 -timeout "$timeout" -p 1 -parallel "${GALLEY_TEST_PARALLEL:-3}" "$@"
}

# engine_tests PACKAGE...: each test that only passes the second time is named in flaky.txt; more of them than the
# budget allows fail the run.
engine_tests() {
	local status=0 again=$artifacts/again.txt
	rm -f "$again" "$artifacts/anew.log"
	export -f go_test
	export artifacts engines timeout
	summed "$artifacts/engines.json" --rerun-fails=1 --rerun-fails-report "$again" --raw-command -- \
		bash -c 'go_test "$@"' go_test "$@" || status=1
	# a program that was ended from outside did not come to all its tests, whatever comes of those that ran again
	if grep -q '"Output":"signal: [a-z ]*\\n"' "$artifacts/engines.json"; then
		echo "a test program was ended by a signal: its other tests did not run" >&2
		status=1
	fi
	[ ! -e "$again" ] || sed -n 's/: 2 runs, 1 failures$//p' "$again" | sort -r | # a subtest before those that it is in
		awk '{ for (name in named) if (index(name, $0 "/") == 1) next; named[$0]; print }' > "$artifacts/flaky.txt"
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
[ -n "$names" ] || names=$(first docker26 docker20)$(first podman5-rootless podman4-rootless podman5 podman4)
names=${names%,}
[ -n "$names" ] || { echo "no engine can be run on this machine" >&2; exit 1; }
export GALLEY_TEST_ENGINES=$names
IFS=, read -r -a wanted <<< "$names"
tolerate "$engines" install "${wanted[@]}" registry
rm -f "$dir"/ran/*
tolerate "$engines" up "${wanted[@]}" registry
tolerate "$engines" status

say "go test $*"
engine_tests "$@" || status=1

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
