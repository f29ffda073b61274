//go:build linux

package e2e

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

const compareKitchen = `
driver: {name: dokken, image: busybox, pull_platform_image: false, volumes: [/data]}
compare: {ignore: [/etc/ignored, env IGNORED_*]}
provisioner:
  name: shell
  command: |
    set -e
    mkdir -p /srv/app; printf 'same\nmode %s\n' "$APP" > /srv/app/conf
    echo "at $(date) on $(hostname)" > /etc/when
    echo "$APP" > /etc/ignored; echo "$APP" > /data/hidden; echo "$APP" > /tmp/temporary
    [ "$APP" = new ] || exit 0
    chmod 600 /srv/app/conf; mkdir -p /opt/more/a; echo 1 > /opt/more/a/b
    echo "app:x:998:998:app:/srv:/bin/sh" >> /etc/passwd
verifier: {name: shell, command: "true"}
platforms: [{name: busybox}]
suites:
  - {name: old, provisioner: {env: {APP: old}}}
  - {name: other, provisioner: {env: {APP: old}}}
  - name: new
    provisioner: {env: {APP: new}}
    driver:
      env: {IGNORED_X: 1, MORE: of it}
      pid_one_command: sh -c 'httpd -p 8080; exec sleep 86400'
`

const compareText = `old-busybox and new-busybox differ in 6 things
  file     /opt/more      only on new-busybox: directory 0755 0:0
  file     /srv/app/conf  line 2: "mode old" on old-busybox, "mode new" on new-busybox
  file     /srv/app/conf  mode: 0644 on old-busybox, 0600 on new-busybox
  user     app            only on new-busybox: uid 998, gid 998, home /srv, shell /bin/sh
  port     tcp *:8080     only on new-busybox
  env      MORE           only on new-busybox: of it
`

// TestCompare: what differs is a line, and machines that are alike do not differ.
func TestCompare(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		p := newProject(t, e, map[string]string{"kitchen.yml": compareKitchen})
		p.ok("create", "old")
		r := p.galley("compare", "old", "new")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "Run `galley create new-busybox` first")

		p.ok("converge", "-c", "3")
		printed := p.ok("compare", "old", "new").stdout
		require.Contains(t, printed, compareText)
		require.Contains(t, printed, "not compared: /data: something is mounted there\n")
		require.Contains(t, printed, "ignored by kitchen.yml")
		require.Equal(t, 20, p.galley("compare", "old", "new", "--strict").code)
		require.Contains(t, p.ok("compare", "old", "new", "--show-noise").stdout, "/etc/ignored")

		require.Contains(t, p.ok("compare", "old", "other", "--strict").stdout, "old-busybox and other-busybox do not differ\n")
		var doc struct {
			Differences []struct{ Kind, Name string }
			Noise       map[string]int
		}
		require.NoError(t, json.Unmarshal([]byte(p.ok("compare", "new", "other", "--json").stdout), &doc))
		require.Len(t, doc.Differences, 6)
		require.NotEmpty(t, doc.Noise)
		require.Len(t, p.runners(), 3, "the containers that showed the images are gone")
	})
}

const onKitchen = `
driver: {name: dokken, image: busybox, pull_platform_image: false}
provisioner:
  name: shell
  command: |
    set -e
    mkdir -p /srv/app/conf /etc/app; echo "listen 80" > /srv/app/conf/site; chown 33:33 /srv/app/conf/site
    echo "made $(date) on $(hostname) by $(hostname -i)" > /etc/made; ln -s ../made /etc/app/link
    echo "app:x:998:998:app:/srv:/bin/sh" >> /etc/passwd; chmod 600 /srv/app/conf/site; httpd -p 8080
    [ "$APP" = bad ] || exit 0
    cat /proc/self/uid_map > /etc/app/uid_map
verifier: {name: shell, command: "true"}
platforms: [{name: busybox}]
suites:
  - {name: good, provisioner: {env: {APP: good}}}
  - {name: bad, provisioner: {env: {APP: bad}}}
`

// twoEngines are a Docker and a Podman, a rootless one if there is one.
func twoEngines(t *testing.T) (docker, podman testbed.Engine) {
	t.Helper()
	engines := testbed.Engines(t)
	last := func(is func(testbed.Engine) bool) int {
		for n, e := range slices.Backward(engines) {
			if is(e) {
				return n
			}
		}
		return -1
	}
	d := last(func(e testbed.Engine) bool { return e.Kind == testbed.Docker && !e.UserNSRemap && !e.Rootless })
	p := last(func(e testbed.Engine) bool { return e.Kind == testbed.Podman && e.Rootless })
	if d < 0 || p < 0 {
		t.Skip("this needs a Docker that runs as root, without userns-remap, and a rootless Podman")
	}
	for _, n := range []int{d, p} {
		engines[n].Load(t, "busybox")
	}
	docker, podman = engines[d], engines[p]
	podman.Rootless = false // a caller who is root has no special user there
	return docker, podman
}

// TestOnEngines: the same instances on a Docker and a rootless Podman in one run, and in what they differ.
func TestOnEngines(t *testing.T) {
	docker, podman := twoEngines(t)
	p := newDirectory(t, docker, map[string]string{"kitchen.yml": onKitchen})
	p.env = []string{"GALLEY_HOST=", "DOCKER_HOST=" + docker.Host, "CONTAINER_HOST=" + podman.Host}
	t.Cleanup(func() { p.galley("destroy", "-c") })

	r := p.galley("test", "--on=docker", "--on=podman", "--compare", "--strict", "--report=markdown=report.md")
	require.Equal(t, 20, r.code, r)
	require.Contains(t, r.stdout, "good-busybox@docker and good-busybox@podman do not differ\n")
	require.Regexp(t, `bad-busybox@docker and bad-busybox@podman differ in one thing
         file     /etc/app/uid_map  line 1: "0 0 4294967295" on bad-busybox@docker, "0 \d+ 1" on bad-busybox@podman\n`, r.stdout)
	require.Regexp(t, `instance +docker +podman\n  good-busybox +✓ \S+ +✓ \S+\n`, r.stdout)
	require.Regexp(t, `\| Instance \| docker \S+ \| podman \S+ \|`, p.read("report.md"))
	require.Zero(t, p.galley("test", "good", "--on=docker", "--on=podman", "--compare", "--strict", "-c1").code)

	// What is there later is known by its record: to list, login, compare and destroy, whatever engine is asked for.
	p.ok("converge", "bad", "--on=docker", "--on=mine="+podman.Host)
	p.env = []string{"GALLEY_HOST=" + docker.Host, "GALLEY_ENGINE=docker"}
	require.Equal(t, "running", p.list()["bad-busybox@mine"].Runner)
	require.Equal(t, "there", p.ok("exec", "bad-busybox@mine", "-c", "test -f /etc/app/uid_map && printf there").stdout)
	require.Contains(t, p.ok("compare", "bad-busybox@docker", "bad-busybox@mine").stdout, "/etc/app/uid_map")
	p.ok("verify", "bad-busybox@mine")
	require.Contains(t, p.galley("converge", "bad-busybox@mine", "--on="+docker.Host).stderr, "is on an engine already")
	p.ok("destroy")
	require.NotContains(t, p.list(), "bad-busybox@mine")
	for _, e := range []testbed.Engine{docker, podman} {
		p.engine = e
		require.Empty(t, p.runners(), e.Name)
	}

	// An engine that is not there is told before anything is made.
	r = p.galley("test", "--on="+docker.Host, "--on=unix://"+filepath.Join(p.dir, "nobody.sock"))
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "nobody.sock")
	r = p.galley("test", "--on="+docker.Host, "--on=x="+docker.Host)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "are the same engine")
	require.NotContains(t, r.String(), "Creating")
}
