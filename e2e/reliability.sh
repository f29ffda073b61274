#!/usr/bin/env bash
# reliability.sh crash|outages|soak: long proofs that nothing is lost and nothing left; docs/reliability.md has results.
#
#   crash    with the fake engine a fault at every call and write of a run; on real engines (GALLEY_TEST_ENGINES) galley
#            is killed GALLEY_TEST_KILLS times (50) at random, and four instances are tested GALLEY_TEST_REPEATS times (100)
#   outages  engines are stopped, hidden, robbed and filled up in the middle of a run
#   soak     many instances: 500 on the fake, 60 on each engine, and a converge that prints 1 GB; what is left of them
#
# Outages and soaks have engines of their own, in OUTAGES_DIR (default ${TMPDIR:-/tmp}/galley-outages), which is deleted in
# the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
long() {
	go test -count=1 -timeout 5h -v "$@" |
		grep -E '^(---|ok|FAIL|panic)|^ +--- FAIL|_test\.go:[0-9]+: .*(tried|SEED|kills,|runs of|exit code|networks|instances|memory)'
}
own_engines() {
	export ENGINES_DIR=${OUTAGES_DIR:-${TMPDIR:-/tmp}/galley-outages} ENGINES_PORT_BASE=${ENGINES_PORT_BASE:-25000}
	trap 'e2e/engines.sh down --purge' EXIT
	e2e/engines.sh install || [ $? = 3 ]
}
case ${1:-} in
	crash)
		GALLEY_TEST_EVERY_POINT=1 GALLEY_TEST_ENGINES=none long -run 'EveryFault|CrashMatrix|PushFaults' ./lifecycle ./lifecycle/publish
		GALLEY_TEST_KILLS=${GALLEY_TEST_KILLS:-50} GALLEY_TEST_REPEATS=${GALLEY_TEST_REPEATS:-100} \
			long -run 'TestKilledAtRandom|TestRepeated' ./e2e
		;;
	soak)
		GALLEY_TEST_SOAK=500 GALLEY_TEST_ENGINES=none long -run TestSoak ./lifecycle
		own_engines
		GALLEY_TEST_OUTAGES=1 GALLEY_TEST_FLOOD=1024 long -run 'TestSoak|TestFlood' ./e2e
		;;
	outages)
		own_engines
		GALLEY_TEST_OUTAGES=1 long -run 'TestOutages|TestNetworksUsedUp' ./e2e
		;;
	*)
		sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
		exit 2
		;;
esac
