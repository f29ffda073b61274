//go:build linux

package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// helloUnit is started at boot, and says so where a test can see it.
const helloUnit = `
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo started by systemd > /run/hello'
RemainAfterExit=yes
`

// systemd as PID 1 boots, without privileges where the engine has another way, and a
// unit has started in it when create returns.
func TestSystemd(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "systemd", "busybox")
		e, log := e.LogRequests(t)
		common := `
image: systemd
volumes:
  - ./hello.service:/etc/systemd/system/hello.service:ro
  - ./boot.conf:/etc/systemd/system/multi-user.target.d/boot.conf:ro
`
		p := newProject(t, e, map[string]string{"hello.service": helloUnit,
			"boot.conf": "[Unit]\nWants=hello.service\n", "kitchen.yml": driverKitchen(
				"\nusr-lib:\npid_one_command: /usr/lib/systemd/systemd"+common,
				"\nsbin-init:\npid_one_command: /sbin/init"+common,
				"\nforced:\ninit_system: systemd"+common,
				"\nprivileged:\npid_one_command: /lib/systemd/systemd\nprivileged: true"+common,
				otherInit("other", ""), otherInit("none", "init_system: none"),
			), "other-init": "#!/bin/sh\nexec sleep 86400\n"})
		r := p.galley("create", "-c", "2", "usr-lib|sbin-init|forced|privileged")
		require.Zero(t, r.code, r.String())
		for _, instance := range []string{"default-usr-lib", "default-sbin-init", "default-forced",
			"default-privileged"} {
			p.shows(instance, `cat /proc/1/comm /run/hello; systemctl is-active hello
				systemctl start dbus && systemctl is-active dbus`, "systemd", "started by systemd", "active", "active")
		}
		testbed.NewLedger(t, e.Name, findings).Record("init-systemd-privileged", testbed.Works,
			warningOf(r, "default-privileged"))

		// An init that is not systemd gets the same, unless kitchen.yml says otherwise.
		p.ok("create", "other|none")
		const run = `awk '$2 == "/run" { print $3 }' /proc/mounts; echo end`
		p.shows("default-other", run, "tmpfs", "end")
		p.shows("default-none", run, "end")
		p.destroysAtOnce(log)
	})
}

// warningOf is what galley warned of while it made an instance.
func warningOf(r result, instance string) string {
	var warnings []string
	for line := range strings.Lines(r.String()) {
		prefix, text, found := strings.Cut(line, "$$$$$$ ")
		if found && strings.HasPrefix(prefix, "["+instance+"]") {
			warnings = append(warnings, strings.TrimSpace(text))
		}
	}
	return strings.Join(warnings, "; ")
}

// otherInit is a platform with an init that is not systemd.
func otherInit(name, more string) string {
	return "\n" + name + ":\nimage: busybox\npid_one_command: /sbin/init\nvolumes: [\"./other-init:/sbin/init:ro\"]\n" +
		more
}

// destroysAtOnce destroys all and wants no request by which an engine lets PID 1 take its time.
func (p *project) destroysAtOnce(log *testbed.RequestLog) {
	p.t.Helper()
	runners := len(p.runners())
	require.Positive(p.t, runners)
	requests := log.During(func() { p.ok("destroy", "-c") })
	removals := 0
	for _, r := range requests {
		require.NotContains(p.t, r, "/stop", "%q", requests)
		require.NotContains(p.t, r, "/wait", "%q", requests)
		if strings.HasPrefix(r, "DELETE ") {
			removals++
		}
	}
	require.Equal(p.t, runners, removals, "%q", requests)
	require.Empty(p.t, p.runners())
}

// The default PID 1 ends when it is asked to, whatever shell the image has, and takes care of orphans.
func TestDefaultPIDOne(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "debian")
		e, log := e.LogRequests(t)
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(
			"\nbusybox:\nimage: busybox\n",
			"\ndash:\nimage: debian\n",
			"\nbash:\nimage: debian\nintermediate_instructions: RUN ln -sf bash /bin/sh\n",
			"\nstubborn:\nimage: busybox\npid_one_command: sh -c \"trap '' TERM INT; while :; do sleep 1; done\"\n",
		)})
		p.ok("create", "-c")
		shells := map[string]string{"default-busybox": "busybox", "default-dash": "dash", "default-bash": "bash"}
		for instance, shell := range shells {
			require.Contains(t, p.in(instance, "readlink -f /proc/1/exe; readlink -f /bin/sh"), shell, instance)
			// The orphan is gone for good only when its new parent has asked how it ended.
			p.shows(instance, `orphan=$( (sleep 0 > /dev/null 2>&1 & echo $!) )
				tries=0; while [ -e /proc/$orphan ] && [ $tries -lt 300 ]; do tries=$((tries + 1)); sleep 0.1; done
				test -e /proc/$orphan && cat /proc/$orphan/status || echo reaped`, "reaped")
		}
		for instance := range shells {
			c := p.runner(instance)
			require.NoError(t, e.Stop(t.Context(), c.ID, 60))
			require.Zero(t, p.runner(instance).ExitCode, "%s: PID 1 had to be killed", instance)
			require.Equal(t, "create", *p.list()[instance].LastAction)
		}
		p.ok("create", "-c") // starts what was stopped
		p.destroysAtOnce(log)
	})
}
