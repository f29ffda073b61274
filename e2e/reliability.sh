#!/usr/bin/env bash
# reliability.sh crash|outages: long proofs that nothing is lost and nothing left.
#
#   crash    with the fake engine a fault at every call and write of a run; on real engines (GALLEY_TEST_ENGINES) galley
#            is killed GALLEY_TEST_KILLS times (50) at random, and four instances are tested GALLEY_TEST_REPEATS times (100)
#   outages  engines are stopped, hidden, robbed and filled up in the middle of a run. They are engines of its own, in
#            OUTAGES_DIR (default ${TMPDIR:-/tmp}/galley-outages), which it deletes in the end
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
long() { go test -count=1 -timeout 5h -v "$@" | grep -E '^(---|ok|FAIL|panic| +---| +[a-z_]+_test\.go)'; }
case ${1:-} in
	crash)
		GALLEY_TEST_EVERY_POINT=1 GALLEY_TEST_ENGINES=none long -run 'EveryFault|CrashMatrix' ./lifecycle
		GALLEY_TEST_KILLS=${GALLEY_TEST_KILLS:-50} GALLEY_TEST_REPEATS=${GALLEY_TEST_REPEATS:-100} \
			long -run 'TestKilledAtRandom|TestRepeated' ./e2e
		;;
	outages)
		export ENGINES_DIR=${OUTAGES_DIR:-${TMPDIR:-/tmp}/galley-outages} ENGINES_PORT_BASE=${ENGINES_PORT_BASE:-25000}
		trap 'e2e/engines.sh down --purge' EXIT
		e2e/engines.sh install || [ $? = 3 ]
		GALLEY_TEST_OUTAGES=1 long -run 'TestOutages|TestNetworksUsedUp' ./e2e
		;;
	*)
		sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
		exit 2
		;;
esac
