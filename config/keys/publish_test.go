package keys

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
)

// What a published image is like is merged as all blocks are: lists are replaced, hashes are merged.
func TestPublishBlock(t *testing.T) {
	i := resolveOne(t, `driver: dokken
provisioner: {name: shell}
verifier: {name: shell}
publish: {refs: [ghcr.io/a, ghcr.io/b], user: web, squash: true, env: {A: "1", B: "2"}, labels: {x: y}}
platforms: [{name: debian-12, publish: {expose: [80, 53/udp], cmd: nginx -g 'daemon off;'}}]
suites: [{name: default, publish: {refs: "ghcr.io/{{.Suite}}", env: {B: "3"},
  healthcheck: {test: curl localhost, interval: 30, timeout: 5s, retries: 3}}}]
`)
	require.Equal(t, config.Publish{
		Refs: []string{"ghcr.io/{{.Suite}}"}, Squash: true, User: "web", Cmd: []string{"nginx", "-g", "daemon off;"},
		Expose: []string{"80/tcp", "53/udp"}, Env: map[string]string{"A": "1", "B": "3"},
		Labels: map[string]string{"x": "y"},
		HealthCheck: &config.HealthCheck{Test: []string{"CMD-SHELL", "curl localhost"}, Interval: 30 * time.Second,
			Timeout: 5 * time.Second, Retries: 3},
	}, i.Publish)
	plugins := "driver: dokken\nverifier: {name: shell}\nprovisioner: {name: shell}\n"
	for lines, want := range map[string][]string{
		"healthcheck: {test: [curl, localhost]}": {"CMD", "curl", "localhost"},
		"healthcheck: {test: [NONE]}":            {"NONE"},
		"healthcheck: {test: [CMD-SHELL, x]}":    {"CMD-SHELL", "x"},
	} {
		i := resolveOne(t, wholeYAML(plugins+"publish: {"+lines+"}"))
		require.Equal(t, want, i.Publish.HealthCheck.Test, lines)
	}
	for lines, want := range map[string]string{
		"ghcr.io/a":                   "publish: expected a mapping, found the string",
		"{expose: [web]}":             `publish.expose: "web" is no port`,
		"{expose: [80/icmp]}":         `publish.expose: "80/icmp" is no port`,
		"{healthcheck: {}}":           "publish.healthcheck: it has no test",
		"{healthcheck: {tests: x}}":   "publish.healthcheck: tests: unknown key",
		"{healthcheck: yes}":          "publish.healthcheck: expected a hash",
		"{labels: {dev.galley.x: y}}": "names that begin with dev.galley. are galley's own",
		"{comand: x}":                 "publish.comand: unknown key",
	} {
		_, diags := resolveText(t, wholeYAML(plugins+"publish: "+lines))
		var all []string
		for _, d := range diags {
			all = append(all, d.String())
		}
		require.Contains(t, strings.Join(all, "\n"), want, lines)
	}
}
