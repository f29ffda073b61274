// Package testbed gives tests real container engines.
//
// The engines are started by e2e/engines.sh, which shares them between all test processes of a machine and leaves them
// running for the next run ("make test" stops what it started). What cannot run on this machine is skipped with the
// script's own reason.
//
//	func TestSomething(t *testing.T) {
//		testbed.Run(t, func(t *testing.T, e testbed.Engine) {
//			e.Load(t, "busybox", "tool")
//			... e.Host ...
//		})
//	}
//
// Environment: GALLEY_TEST_ENGINES names the engines (comma-separated; default "all", which are those of distributions;
// "newest" names those that are built from source, "none" none); GALLEY_REQUIRE_ENGINES names those without which tests
// fail; ENGINES_DIR and the other variables of engines.sh are passed on to it.
package testbed
