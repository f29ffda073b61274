//go:build linux

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// saltCall stands in for Salt, which Debian has no more: it reads the minion's configuration, the top file, grains and
// the pillar where Salt does, takes a line `touch PATH` of a state for what it is, and prints and exits as Salt does.
const saltCall = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in --config-dir) config=$2; shift ;; --retcode-passthrough) passthrough=yes ;; esac
  shift
done
root=$(sed -n '/file_roots/,/]/s/ *"\(\/[^"]*\)".*/\1/p' "$config/minion")
pillar=$(sed -n '/pillar_roots/,/]/s/ *"\(\/[^"]*\)".*/\1/p' "$config/minion")
grep -q '"role": "web"' "$config/grains" && grep -q '"port": 80' "$pillar/web.sls" || { echo "no data" >&2; exit 1; }
echo local:
ok=0 changed=0 failed=0
for state in $(sed -n 's/ *"\([a-z]*\)",*$/\1/p' "$root/top.sls"); do
  while read -r verb path; do
    result=True diff=
    case $verb in
    touch) [ -e "$path" ] || { mkdir -p "${path%/*}/" && : > "$path"; diff="              new: $path"; } ;;
    again) diff="              again: $path" ;;
    *) result=False ;;
    esac
    printf -- '----------\n          ID: %s\n    Function: file.touch\n      Result: %s\n     Changes:   \n' "$path" $result
    [ -z "$diff" ] || { echo "$diff"; changed=$((changed + 1)); }
    case $result in True) ok=$((ok + 1)) ;; *) failed=$((failed + 1)) ;; esac
  done < "$root/$state/init.sls"
done
printf '\nSummary for local\n------------\nSucceeded: %s (changed=%s)\nFailed:    %s\n------------\nTotal states run:     %s\n' \
  $ok $changed $failed $((ok + failed))
[ $failed = 0 ] || [ -n "$OLD_SALT" ] || [ -z "$passthrough" ] || exit 2
`

// Salt comes from a volume into an unchanged image; failing states fail the converge, also where salt-call ends with 0.
func TestSalt(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		kitchen := func(keys string) string {
			return toolKitchen("busybox", `
  name: salt
  instructions: [FROM busybox, COPY salt-call /opt/saltstack/salt/salt-call]
  build_context: tool
  volume: /opt/saltstack
  grains: {role: web}
  pillars: {top.sls: {base: {'*': [web]}}, web.sls: {port: 80}}
`+keys, "test -f /srv/web")
		}
		p := newProject(t, e, map[string]string{"kitchen.yml": kitchen(""), "tool/salt-call": saltCall,
			"web/init.sls": "touch /srv/web\n"})
		p.ok("lint", "--strict")
		p.ok("verify", "good", "--idempotence", "--report", "ndjson=events")
		require.Contains(t, p.read("events"), `"text":"1 changed, 0 failed of 1 states","changed":1,"failed":0,"changes":["/srv/web"]`)

		p.write("web/init.sls", "again /x\n")
		r := p.galley("converge", "good", "--idempotence")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "not idempotent: the second run of salt-call changed 1 state")
		p.write("web/init.sls", "fail /x\n")
		r = p.galley("converge", "good")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "salt-call exited with code 2: states failed")
		p.write("kitchen.yml", kitchen("  env: {OLD_SALT: 1}\n"))
		r = p.galley("converge", "good")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "salt-call ended with code 0 although states failed: /x")
	})
}
