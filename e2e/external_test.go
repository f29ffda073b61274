//go:build linux

package e2e

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// provider is one for the provisioner external: it reaches the runner by Docker's client, as it is told.
const provider = `#!/bin/sh
say() { printf '{"protocol_version":"1.0",%s}\n' "$1"; }
case $1 in
capabilities) say '"commands":["validate","run"],"supported_transports":["docker_exec"]' ;;
validate) say '"status":"ok"' ;;
run)
  request=$(cat)
  id=$(printf %s "$request" | sed 's/.*"container_id":"\([^"]*\)".*/\1/')
  case $request in *'"fail":true'*) say '"type":"result","status":"failed","message":"the policy forbids it"'; exit ;; esac
  case $request in *'"provider":{"seen":1}'*) again=yes ;; esac
  say '"type":"progress","stage":"converge","message":"touching"'
  docker exec "$id" sh -c "test -e /converged || echo $again > /converged" || exit 3
  say '"type":"result","status":"passed","message":"touched, again='$again'","state":{"provider":{"seen":1}}'
esac
`

// A program of this machine converges the runner over Test Kitchen's protocol.
func TestExternalProvisioner(t *testing.T) {
	if _, err := exec.LookPath("docker"); err != nil {
		t.Skipf("Docker's client is not on this machine: %v", err)
	}
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		keys := "\n  name: external\n  command: ./kitchen-provider-touch\n  channel: {fail: false}\n"
		p := newProject(t, e, map[string]string{"kitchen-provider-touch": provider,
			"kitchen.yml": toolKitchen("busybox", keys, "test -e /converged")})
		p.ok("lint", "--strict")
		r := p.ok("verify", "good", "--idempotence")
		require.Contains(t, r.String(), "[converge] touching")
		require.Contains(t, p.ok("converge", "good").String(), "touched, again=yes")
		p.write("kitchen.yml", toolKitchen("busybox", keys+"  fail: true\n", "true"))
		r = p.galley("converge", "good")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "the provider touch, run: the policy forbids it")
	})
}
