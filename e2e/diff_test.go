//go:build linux

package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

const diffKitchen = `
driver:
  name: dokken
  volumes: [/data]
  intermediate_instructions:
    - RUN mkdir -p /opt/base/sub /opt/base/directory /opt/base/private /usr/share/doc &&
        cd /opt/base && for i in content mode owner link gone touched; do echo $i > $i; done &&
        echo 1 > sub/a && echo 2 > sub/b && ln -s mode pointer && for i in 1 2 3 4; do echo $i > /usr/bin/old$i; done
provisioner:
  name: shell
  env: {APP_SECRET: s3cr3t-of-the-test}
  command: |
    set -e
    mkdir -p /srv/app/conf /srv/app/__pycache__ /usr/share/doc/x /tmp/junk
    echo 'listen 80;' > /srv/app/conf/site.conf
    echo "password=s3cr3t-of-the-test" > /etc/app.conf; chmod 600 /etc/app.conf; chown 33:33 /etc/app.conf
    touch /srv/app/__pycache__/a.pyc /tmp/junk/x /data/hidden
    cd /opt/base
    echo "other, with s3cr3t-of-the-test" > content; chmod 600 mode; chown 12:34 owner; touch -d 2001-01-01 touched
    rm link gone pointer; ln -s /etc/passwd link; ln -s nowhere pointer
    rm -r sub directory; echo file > directory; chmod 700 private
    rm /usr/bin/old*
    for i in 1 2 3 4 5; do echo $i > /usr/share/doc/x/$i; echo $i > /usr/bin/tool$i; done
    printf x > "/etc/two
    lines"
    mkfifo /etc/pipe
verifier: {name: shell, command: 'true'}
platforms:
  - name: busybox
    driver: {image: busybox}
suites: [{name: default}]
`

const diffText = `/  4 added
  + /srv/                11B  0755       0:0    1 file, 2 directories
/etc  3 added
  + /etc/app.conf        28B  0600       33:33
  + /etc/pipe                 0644 pipe  0:0
  + "/etc/two\nlines"     1B  0644       0:0
/opt  7 modified, 4 deleted
  ~ /opt/base/content    31B  0644       0:0    content, was 8B
  ~ /opt/base/directory   5B  0644       0:0    was a directory
  - /opt/base/gone        5B  0644       0:0
  ~ /opt/base/link            link       0:0    → /etc/passwd, was a file
  ~ /opt/base/mode        5B  0600       0:0    mode was 0644
  ~ /opt/base/owner       6B  0644       12:34  owner was 0:0
  ~ /opt/base/pointer         link       0:0    → nowhere, was → mode
  ~ /opt/base/private/        0700       0:0    mode was 0755
  - /opt/base/sub/        4B  0755       0:0    2 files
/usr  11 added, 4 deleted
  - /usr/bin/             8B                    4 files
  + /usr/bin/            10B                    5 files
  + /usr/share/doc/x/    10B  0755       0:0    5 files
18 added, 7 modified, 8 deleted (107B), compared with busybox with its intermediate_instructions
8 more: mount points, caches, temporary files, files written anew as they were; --all shows them
not compared, since something is mounted there: /data
`

const diffContent = `--- /dev/null
+++ runner/etc/app.conf
@@ -0,0 +1,1 @@
+password=********

--- /dev/null
+++ "runner/etc/two\nlines"
@@ -0,0 +1,1 @@
+x
\ No newline at end of file

--- image/opt/base/content
+++ runner/opt/base/content
@@ -1,1 +1,1 @@
-content
+other, with ********

--- /dev/null
+++ runner/opt/base/directory
@@ -0,0 +1,1 @@
+file

--- image/opt/base/gone
+++ /dev/null
@@ -1,1 +0,0 @@
-gone

--- image/opt/base/link
+++ /dev/null
@@ -1,1 +0,0 @@
-link
`

// TestDiff: the same converge is told in the same words on each engine, whether the runner runs or not.
func TestDiff(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		p := newProject(t, e, map[string]string{"kitchen.yml": diffKitchen})
		r := p.galley("diff")
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, "Run `galley converge default-busybox` first")

		p.ok("converge")
		require.Equal(t, diffText, p.ok("diff").stdout)
		_, content, _ := strings.Cut(p.ok("diff", "--content=etc", "--content=/opt/base/*").stdout, "\n\n")
		require.Equal(t, diffContent, content)
		all := p.ok("diff", "--all").stdout
		require.Contains(t, all, "/tmp/junk/x")
		require.Contains(t, all, "/opt/kitchen/")
		require.NotContains(t, all, "/data/hidden", "it is in a volume")
		require.Len(t, p.runners(), 1, "the container that showed the image is gone")

		p.ok("verify", "--report-changes", "--report=json=run.json", "--report=html=run.html")
		require.Contains(t, p.read("run.json"), `"path": "/etc/app.conf"`)
		require.Contains(t, p.read("run.html"), "What converge changed: 18 added, 7 modified, 8 deleted")
		require.NotContains(t, p.read("run.json")+p.read("run.html"), "s3cr3t")

		p.galley("exec", "-c", "kill -TERM 1")
		_, err := p.backend().WaitContainer(t.Context(), p.runner("default-busybox").ID)
		require.NoError(t, err)
		stopped := p.ok("diff", "--content=/opt/base/content").stdout
		require.Contains(t, stopped, "+ /etc/app.conf")
		require.Contains(t, stopped, "+other, with ********\n")
	})
}
