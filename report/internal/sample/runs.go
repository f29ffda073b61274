package sample

import (
	"fmt"
	"time"

	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/result"
)

const (
	ubuntu = "default-ubuntu-2404"
	alma   = "default-almalinux-9"
	debian = "server-debian-12"
)

// One is a converge of a single instance that succeeds.
func One() []lifecycle.Event {
	r := newRecording()
	r.run("converge", 1, ubuntu)
	r.healthy(ubuntu, "default", "ubuntu-24.04", 0)
	r.done(0, 0, false)
	return r.events()
}

// Green is a test of three instances side by side that all pass.
func Green() []lifecycle.Event { return green().events() }

func green() *recording {
	r := newRecording()
	r.run("test", 3, ubuntu, alma, debian)
	r.work("", "pull docker.io/cincproject/cinc:18", 0, 9*time.Second, 98_000_000)
	r.healthy(ubuntu, "default", "ubuntu-24.04", 200*time.Millisecond)
	r.healthy(alma, "default", "almalinux-9", 1200*time.Millisecond)
	r.healthy(debian, "server", "debian-12", 2*time.Second)
	r.done(0, 0, false)
	return r
}

// Red is a run in which one instance fails to converge, one fails tests, one has a
// flaky test and a skipped one, and one is not started.
func Red() []lifecycle.Event {
	r := newRecording()
	r.run("verify", 2, ubuntu, alma, debian, "server-rocky-9")
	r.notice("", lifecycle.LevelWarn, `kitchen.yml:12:5: unknown key "privilged" in driver; did you mean "privileged"?`)
	r.work("", "pull docker.io/cincproject/cinc:18", 0, 9*time.Second, 98_000_000)
	r.brokenConverge(ubuntu)
	r.brokenTests(alma)
	r.flaky(debian)
	r.at(75*time.Second).done(2, 1, false)
	return r.events()
}

// Hostile is a run whose output and names try to break every format.
func Hostile() []lifecycle.Event {
	const name = "evil-<script>alert(1)</script>"
	r := newRecording()
	r.run("verify", 1, name, "default-quiet")
	r.at(time.Second).begin(name, `"><img src=x>`, "]]>")
	r.phase(name, lifecycle.PhaseVerify)
	r.at(2*time.Second).out(name, lifecycle.PhaseVerify, nasty()...)
	r.notice(name, lifecycle.LevelWarn, "::error::not a command\nsecond | line")
	r.test(name, result.TestCase{
		Suite: "<b>suite</b>", ID: "a&b", Title: "]]> ``` </pre><script>alert(2)</script>", Outcome: result.Failed,
		Message: "expected \x1b[31mred\x1b[0m\x00\ngot `````` | \x0b ]]> %0A,::warning::x", File: "te:st,1.rb", Line: 3,
	})
	const failure = "exit status 1\x07 <script>\n##[error]no"
	r.at(4*time.Second).ended(name, lifecycle.PhaseVerify, 3*time.Second, failure)
	r.finish(name, 3*time.Second, lifecycle.PhaseVerify, failure)
	r.begin("default-quiet", "default", "quiet")
	r.phase("default-quiet", lifecycle.PhaseCreate)
	r.ended("default-quiet", lifecycle.PhaseCreate, 0, "")
	r.finish("default-quiet", 0, "", "")
	r.done(1, 0, false)
	return r.events()
}

func nasty() []string {
	return []string{
		"plain",
		"\x1b[31mred\x1b[0m and \x1b]0;title\x07 and \x1b[2J\x1b[H gone",
		"\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\ \u009b31mC1",
		"progress 10%\rprogress 100%",
		"bell\x07 null\x00 delete\x7f vt\x0b",
		"invalid \xff\xfe utf-8, rtl \u202eabc",
		"::error::injected", "  ::set-output name=a::b", "x ##[error]old style",
		"<script>alert(3)</script> ]]> & \"quoted\" 'single' ```",
		"\ttab", "", "wide 漢字 👍",
	}
}

// Many is forty instances, eight at a time, with some failures.
func Many() []lifecycle.Event {
	r := newRecording()
	var names []string
	platforms := []string{"almalinux-9", "amazonlinux-2023", "debian-12", "fedora-latest", "opensuse-leap-15", "rockylinux-9", "ubuntu-2204", "ubuntu-2404"}
	suites := []string{"default", "cluster", "hardening", "replication", "tls"}
	for _, s := range suites {
		for _, p := range platforms {
			names = append(names, s+"-"+p)
		}
	}
	r.run("test", 8, names...)
	r.work("", "pull docker.io/cincproject/cinc:18", 0, 12*time.Second, 98_000_000)
	var free [8]time.Duration
	for n, name := range names {
		slot := n % len(free)
		from := free[slot]
		if n < len(free) {
			from = 100 * time.Millisecond
		}
		took := time.Duration(20+(n*7)%23) * time.Second
		if n < len(free) {
			took += 12 * time.Second
		}
		r.quick(name, suites[n/len(platforms)], platforms[n%len(platforms)], from, took, n%13 == 5)
		free[slot] = from + took
	}
	last := time.Duration(0)
	for _, f := range free {
		last = max(last, f)
	}
	r.at(last).done(3, 0, false)
	return r.events()
}

// Interrupted is Green up to a time, then Ctrl-C.
func Interrupted(after time.Duration) []lifecycle.Event {
	r := green()
	events := r.until(after)
	return append(events, lifecycle.RunFinished{
		Stamp:    lifecycle.Stamp{Time: r.start.Add(after), RunID: runID},
		Duration: after, Interrupted: true,
	})
}

// Killed is what is known of Green when it is killed after a time.
func Killed(after time.Duration) []lifecycle.Event { return green().until(after) }

// healthy is an instance that is created, converged and verified.
func (r *recording) healthy(name, suite, platform string, from time.Duration) {
	r.at(from).begin(name, suite, platform)
	r.phase(name, lifecycle.PhaseCreate)
	r.work(name, "pull docker.io/dokken/"+platform, from+100*time.Millisecond, from+7*time.Second, 61_500_000)
	r.at(from + 10*time.Second)
	r.ended(name, lifecycle.PhaseCreate, 10*time.Second, "")
	r.phase(name, lifecycle.PhaseConverge)
	r.at(from+12*time.Second).out(name, lifecycle.PhaseConverge, "Starting Cinc Client, version 18.5.0", "", "Recipe: nginx::default", "  * apt_package[nginx] action install")
	r.at(from+30*time.Second).out(name, lifecycle.PhaseConverge, "    - install version 1.24.0 of package nginx", "Cinc Client finished, 7/9 resources updated in 18 seconds")
	r.add(lifecycle.ConvergeSummary{Stamp: r.stamp(name), Text: "Cinc Client finished, 7/9 resources updated in 18 seconds", Changed: 7})
	r.ended(name, lifecycle.PhaseConverge, 20*time.Second, "")
	r.phase(name, lifecycle.PhaseSetup)
	r.ended(name, lifecycle.PhaseSetup, 0, "")
	r.phase(name, lifecycle.PhaseVerify)
	r.at(from+34*time.Second).test(name, passed("nginx", "nginx-01", "Package nginx is expected to be installed"))
	r.test(name, passed("nginx", "nginx-02", "Port 80 is expected to be listening"))
	r.ended(name, lifecycle.PhaseVerify, 4*time.Second, "")
	r.finish(name, 34*time.Second, "", "")
}

func (r *recording) brokenConverge(name string) {
	const failure = "the command exited with 1"
	r.at(200*time.Millisecond).begin(name, "default", "ubuntu-24.04")
	r.phase(name, lifecycle.PhaseCreate)
	r.at(11*time.Second).ended(name, lifecycle.PhaseCreate, 10800*time.Millisecond, "")
	r.phase(name, lifecycle.PhaseConverge)
	for n := range 22 {
		r.at(time.Duration(12+n)*time.Second).out(name, lifecycle.PhaseConverge, fmt.Sprintf("  * file[/etc/app/conf.d/%02d.conf] action create", n))
	}
	r.out(name, lifecycle.PhaseConverge,
		"    ================================================================================",
		"    Error executing action `install` on resource 'apt_package[ngnix]'",
		"    ================================================================================",
		"    Chef::Exceptions::Package",
		"    No candidate version available for ngnix",
		"", "    # In /opt/kitchen/cache/cookbooks/nginx/recipes/default.rb",
		"      8: package 'ngnix'", "",
		"Cinc Client failed. 22 resources updated in 21 seconds")
	r.at(35*time.Second).ended(name, lifecycle.PhaseConverge, 24*time.Second, failure)
	r.finish(name, 34800*time.Millisecond, lifecycle.PhaseConverge, failure)
}

func (r *recording) brokenTests(name string) {
	const failure = "1 of 3 tests failed"
	r.at(300*time.Millisecond).begin(name, "default", "almalinux-9")
	r.notice(name, lifecycle.LevelWarn, "privileged was asked for; rootless Podman gives no more than your own user may do")
	r.phase(name, lifecycle.PhaseCreate)
	r.at(12*time.Second).ended(name, lifecycle.PhaseCreate, 11700*time.Millisecond, "")
	r.phase(name, lifecycle.PhaseConverge)
	r.at(40*time.Second).out(name, lifecycle.PhaseConverge, "Cinc Client finished, 9/9 resources updated in 26 seconds")
	r.ended(name, lifecycle.PhaseConverge, 28*time.Second, "")
	r.phase(name, lifecycle.PhaseVerify)
	r.at(44*time.Second).out(name, lifecycle.PhaseVerify, "Profile Summary: 1 successful control, 1 control failure, 1 control skipped")
	r.test(name, passed("nginx", "nginx-01", "Package nginx is expected to be installed"))
	r.test(name, result.TestCase{
		Suite: "nginx", ID: "nginx-02", Title: "Port 80 is expected to be listening", Outcome: result.Failed,
		Duration: 31 * time.Millisecond, Message: "expected `Port 80.listening?` to be truthy, got false",
		File: "test/integration/default/nginx_test.rb", Line: 9,
	})
	r.test(name, result.TestCase{
		Suite: "nginx", ID: "nginx-03", Title: "IPv6 address is expected to be reachable", Outcome: result.Skipped,
		Message: "no IPv6 in this container",
	})
	r.ended(name, lifecycle.PhaseVerify, 4*time.Second, failure)
	r.finish(name, 43700*time.Millisecond, lifecycle.PhaseVerify, failure)
}

// flaky waits for a free worker, and passes a test at the second try.
func (r *recording) flaky(name string) {
	flaky := passed("nginx", "nginx-04", "http://localhost/ answers 200")
	first := flaky
	first.Outcome, first.Message = result.Failed, "connection refused"
	r.at(35*time.Second).begin(name, "server", "debian-12")
	r.phase(name, lifecycle.PhaseConverge)
	r.at(60*time.Second).ended(name, lifecycle.PhaseConverge, 25*time.Second, "")
	r.phase(name, lifecycle.PhaseVerify)
	r.at(66*time.Second).out(name, lifecycle.PhaseVerify, "curl: (7) Failed to connect to localhost port 80", "1 failure")
	r.test(name, first)
	r.ended(name, lifecycle.PhaseVerify, 6*time.Second, "1 of 1 tests failed")
	r.phase(name, lifecycle.PhaseVerify)
	r.at(75*time.Second).out(name, lifecycle.PhaseVerify, "HTTP/1.1 200 OK", "0 failures")
	r.test(name, flaky)
	r.ended(name, lifecycle.PhaseVerify, 9*time.Second, "")
	r.finish(name, 40*time.Second, "", "")
}

// quick is an instance with its phases in fixed proportions.
func (r *recording) quick(name, suite, platform string, from, took time.Duration, broken bool) {
	r.at(from).begin(name, suite, platform)
	at := from
	for _, step := range []struct {
		phase lifecycle.Phase
		share time.Duration
	}{{lifecycle.PhaseCreate, 25}, {lifecycle.PhaseConverge, 50}, {lifecycle.PhaseVerify, 20}, {lifecycle.PhaseDestroy, 5}} {
		r.phase(name, step.phase)
		part := took * step.share / 100
		at += part
		r.at(at-part/2).out(name, step.phase, fmt.Sprintf("%s: half way", step.phase))
		r.at(at)
		if broken && step.phase == lifecycle.PhaseVerify {
			r.test(name, result.TestCase{Suite: suite, Title: "Service is expected to be running", Outcome: result.Failed, Message: "expected it to be running, it is dead"})
			r.ended(name, step.phase, part, "1 of 1 tests failed")
			r.finish(name, at-from, step.phase, "1 of 1 tests failed")
			return
		}
		r.ended(name, step.phase, part, "")
	}
	r.finish(name, took, "", "")
}
