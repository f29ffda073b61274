//go:build !windows

package e2e

import (
	"encoding/json"
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
