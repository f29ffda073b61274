//go:build linux

package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// faultFiles are an instance with a service, whose network and service are bad in some steps. In its runner /fetches
// succeeds on a good network, and so does /fetches-soon, which lets name servers and clocks have their time.
func faultFiles(steps string) map[string]string {
	return map[string]string{"kitchen.yml": `
driver: {name: dokken, image: busybox}
provisioner: {name: shell, sudo: false, command: "true"}
verifier: {name: shell, remote_exec: true, command: /fetches-soon}
platforms: [{name: busybox}]
lifecycle:
  post_create:
    - remote: |
        cat > /fetches <<'E'
        #!/bin/sh
        printf 'GET /who HTTP/1.0\r\n\r\n' | timeout 3 nc -w 2 db 80 | grep -qx found
        E
        cat > /fetches-soon <<'E'
        #!/bin/sh
        n=0; until /fetches; do n=$((n+1)); [ $n -lt 100 ] || exit 1; sleep 0.2; done
        E
        chmod 755 /fetches /fetches-soon
services:
  db: {image: busybox, command: [sh, -c, "mkdir -p /w && echo found > /w/who && exec httpd -f -p 80 -h /w"], ready: {port: 80}}
suites:
  - name: three # as watched wants it
` + steps}
}

// cutSteps have a network that is cut and healed, by galley and by itself, and a service that ends and comes back.
const cutSteps = `
    steps:
      - {name: good}
      - {name: cut off, network: {cut: [db]}, verify: {command: "! /fetches"}}
      - {name: healed, heal: true}
      - {name: for a time, network: {cut: db, for: 2s}}
      - {name: killed, kill: db, verify: {command: "! /fetches"}}
      - {name: restarted, restart: db}
`

// The network of a runner is cut and heals, on all engines without more than busybox has, also where the engine does
// not see the project.
func TestFaults(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, faultFiles(cutSteps))
		p.ok("verify")
		require.Len(t, p.runners(), 3, "the runner, its service, and the helper that healed")

		// A test that passes on a good network fails on a bad one, which a hook makes, and passes when it has healed.
		p.write("kitchen.local.yml", "verifier: {command: /fetches}\nsuites: [{name: three}]\n"+
			"lifecycle: {pre_verify: [{network: {cut: [db]}}]}\n")
		r := p.galley("verify")
		require.Equal(t, 20, r.code, r)
		require.Contains(t, p.ok("list").stdout, "running, faults made")
		p.write("kitchen.local.yml", "suites: [{name: three}]\nlifecycle: {pre_verify: [{heal: true}]}\n")
		p.ok("verify")
		require.NotContains(t, p.ok("list").stdout, "faults")

		p.write("kitchen.local.yml", "suites: [{name: three}]\nlifecycle: {pre_verify: [{pause: db}], finally_verify: [{heal: true}]}\n"+
			"verifier: {command: \"! /fetches\"}\n")
		if r := p.galley("verify"); r.code != 0 {
			require.Contains(t, r.String(), "rootless on cgroup v1")
		}
		p.ok("destroy")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}

// What needs the kernel's netem is refused where there is none, before anything is changed.
func TestFaultsOfNetem(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "nettools")
		p := newProject(t, e, faultFiles(`
    driver: {fault_image: nettools, cap_add: NET_RAW} # for ping
    steps:
      - {name: slow, network: {delay: 300ms, cut: db}, verify: false}
`))
		good := func(hooks string) {
			t.Helper()
			p.write("kitchen.local.yml", "suites: [{name: three, driver: {fault_image: nettools, cap_add: NET_RAW}}]\n"+
				"lifecycle: {pre_verify: [{heal: true}, {network: {"+hooks+"}}]}\n"+
				"verifier: {command: 'true'}\n") // with half of all packets lost, a fetch can take minutes
			p.ok("verify")
		}
		r := p.galley("converge")
		kind := "netem"
		if r.code != 0 {
			require.Empty(t, os.Getenv("GALLEY_TEST_NETEM"), "make netem has a kernel with it: %s", r)
			require.Contains(t, r.String(), "the kernel of the engine's machine has no sch_netem")
			p.shows("three-busybox", "ip route | grep blackhole; echo end", "end")
			kind = "tbf"
		} else {
			good("delay: 300ms, jitter: 20ms")
			require.Regexp(t, `time=(2[89]|[3-9]\d)\d[. ]`, p.in("three-busybox", "ping -c 3 db"))
		}
		// Rates and losses need no netem where the image has tc and iptables. 50 packets of 1442 bytes take 2 s, of
		// which ping waits 1.5 s at the least, in place of half a second; and of 200 packets not all are lost, nor
		// none.
		good("rate: 256kbit")
		require.Contains(t, p.in("three-busybox", "tc qdisc show dev eth0"), kind)
		var began, ended float64
		_, err := fmt.Sscan(p.in("three-busybox", "cut -d' ' -f1 /proc/uptime; ping -q -c 50 -i 0.01 -s 1400 -W 30 db > /dev/null; cut -d' ' -f1 /proc/uptime"), &began, &ended)
		require.NoError(t, err)
		require.Greater(t, ended-began, 1.0, "seconds")
		good("loss: 50%")
		out := p.in("three-busybox", "ping -q -c 200 -i 0.01 -W 2 db")
		m := regexp.MustCompile(`(\d+) packets received`).FindStringSubmatch(out)
		require.NotNil(t, m, out)
		answered, _ := strconv.Atoi(m[1])
		require.Greater(t, answered, 40)
		require.Less(t, answered, 160)

		// A test that passes on a good network fails.
		p.write("kitchen.local.yml", "suites: [{name: three, driver: {fault_image: nettools, cap_add: NET_RAW}}]\n"+
			"lifecycle: {pre_verify: [{heal: true}, {network: {loss: 100%}}], finally_verify: [{heal: true}]}\n"+
			"verifier: {command: /fetches}\n")
		r = p.galley("verify")
		require.Equal(t, 20, r.code, r)
		p.write("kitchen.local.yml", "suites: [{name: three, driver: {fault_image: nettools, cap_add: NET_RAW}}]\n")
		p.ok("verify")
		p.ok("destroy")
		require.Empty(t, p.runners())

		// busybox has a tc, and that knows no netem.
		p = newProject(t, e, faultFiles("    steps: [{name: slow, network: {rate: 1mbit}}]\n"))
		r = p.galley("test", "--destroy", "always")
		require.Equal(t, 20, r.code)
		require.Contains(t, strings.Join(strings.Fields(r.String()), " "), "Set driver.fault_image to an image with iproute2")
	})
}

// A galley that is killed or interrupted while it makes a fault or ends one leaves nothing after the next one.
func TestFaultsKilled(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		before := e.UnusedVolumes(t)
		p := newProject(t, e, faultFiles(cutSteps))
		for nth := range 4 {
			seen := 0
			require.True(t, events(t, p, func(e event) bool {
				if e.Type == "step_started" && e.Step == "commands" {
					seen++
				}
				return seen <= nth || e.Type == "step_started"
			}))
		}
		for _, nth := range []int{0, 3} {
			seen := 0
			code, said := p.watched(func(e event, galley *os.Process) {
				if e.Type == "step_started" && e.Step == "commands" {
					if seen++; seen == nth+2 { // the first is the hook of create
						require.NoError(t, galley.Signal(os.Interrupt))
					}
				}
			})
			require.Equal(t, 130, code, said)
		}
		p.ok("test")
		p.requireNothingLeft(before)
		requireNoNetwork(t, p)
	})
}
