package keys

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
)

// Services are merged as all blocks are, and come in the order in which they are started.
func TestServices(t *testing.T) {
	i := resolveOne(t, `driver: {name: dokken, ready: {file: /ready}}
provisioner: {name: shell}
verifier: {name: shell}
services:
  web: {image: nginx, depends_on: {db: {condition: service_healthy}, cache: null}, ports: ["8080:80"]}
  db: {image: postgres:17, environment: {A: "1", B: "2"}, env: {D: "4"}}
platforms: [{name: debian-12, services: {cache: {image: redis, tmpfs: /data, volumes: [/more]}}}]
suites: [{name: default, services: {db: {environment: {C: "3"}, command: postgres -c fsync=off, ready: {
  port: 5432, http: "http://localhost:80/x", log: "ready to .*", exec: pg_isready, file: /run/x, healthcheck: false,
  timeout: 2m, interval: 1.5}}}}]
`)
	off, standard := false, &config.Ready{Timeout: time.Minute, Interval: 250 * time.Millisecond}
	require.Equal(t, &config.Ready{File: "/ready", Timeout: time.Minute, Interval: 250 * time.Millisecond}, i.Driver.Ready)
	require.Equal(t, []config.Service{
		{Name: "db", Image: "postgres:17", Env: map[string]string{"A": "1", "B": "2", "C": "3", "D": "4"},
			Command: []string{"postgres", "-c", "fsync=off"},
			Ready: &config.Ready{Port: 5432, HTTP: "http://localhost:80/x", Log: "ready to .*",
				Exec: []string{"sh", "-c", "pg_isready"}, File: "/run/x", HealthCheck: &off, Timeout: 2 * time.Minute,
				Interval: 1500 * time.Millisecond}},
		{Name: "cache", Image: "redis", Ready: standard, Mounts: []spec.Mount{
			{Type: spec.MountTmpfs, Target: "/data"}, {Type: spec.MountVolume, Target: "/more"}}},
		{Name: "web", Image: "nginx", Ready: standard, DependsOn: []string{"db", "cache"},
			Ports: []spec.PortMapping{{HostPort: 8080, ContainerPort: 80, Protocol: "tcp"}}},
	}, i.Services)
}

// Shared services are apart, and there before those that wait for them.
func TestServicesShared(t *testing.T) {
	list, diags := resolveText(t, `driver: {name: dokken}
provisioner: {name: shell}
verifier: {name: shell}
services: {db: {image: postgres, shared: true}, web: {image: nginx, depends_on: db}}
platforms: [{name: debian-12}]
suites: [{name: one}, {name: two, nodes: {app: {}}}]
`)
	require.Empty(t, diags)
	for _, i := range []config.Instance{list[0], *list[1].Node.Group} {
		require.Equal(t, "db", i.Shared[0].Name)
		require.Equal(t, "web", i.Services[0].Name)
		require.Empty(t, i.Services[0].DependsOn)
	}
}

func TestServicesRefused(t *testing.T) {
	plugins := "driver: dokken\nverifier: {name: shell}\nprovisioner: {name: shell}\n"
	for lines, want := range map[string]string{
		"services: {db: {image: x, shared: true, depends_on: [a]}, a: {image: x}}": "services.db: it is shared, and so cannot wait",
		"services: {db: postgres}":                     "kitchen.yml:4:16: error: services.db: expected a hash such as",
		"services: {db: {}}":                           "services.db: it has no image",
		"services: {d.b: {image: x}}":                  `kitchen.yml:4:12: error: services: "d.b" cannot be the name of a host`,
		"services: {localhost: {image: x}}":            `services: "localhost" cannot be the name of a host`,
		"services: {db: {image: x, imagee: y}}":        "kitchen.yml:4:27: warning: services.db.imagee: unknown key",
		"services: {db: {image: x, depends_on: bd}}":   `kitchen.yml:4:39: error: services.db.depends_on: there is no service "bd"`,
		"services: {db: {image: x, depends_on: [db]}}": "services.db.depends_on: a circle: db needs db",
		"services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [c]}, c: {image: x, depends_on: [b]}}"://
		"kitchen.yml:4:70: error: services.b.depends_on: a circle: b needs c needs b",
		"services: {a: {image: x}, b: {image: x, depends_on: {a: {condition: service_gone}}}}": "expected one of service_healthy, service_started",
		"services: {db: {image: x, ready: {port: 0}}}":                                         "services.db.ready.port: expected a port from 1 to 65535",
		"services: {db: {image: x, ready: {log: '('}}}":                                        "services.db.ready.log: it is no regular expression",
		"services: {db: {image: x, ready: {http: /health}}}":                                   `"/health" is no URL of HTTP`,
		"services: {db: {image: x, ready: {file: run}}}":                                       "the path in the container is not absolute",
		"services: {db: {image: x, ready: {prot: 1}}}":                                         `did you mean "port"?`,
		"services: {db: {image: x, ready: {timeout: 0}}}":                                      "services.db.ready.timeout: expected a time above 0",
		"services: {db: {image: x, ready: yes}}":                                               "expected a hash such as {port: 5432}",
	} {
		_, diags := resolveText(t, wholeYAML(plugins+lines))
		var all []string
		for _, d := range diags {
			all = append(all, d.String())
		}
		require.Contains(t, strings.Join(all, "\n"), want, lines)
	}
	_, diags := resolveText(t, wholeYAML(strings.Replace(plugins, "dokken", "{name: dokken, network_mode: none}", 1)+
		"services: {db: {image: x}}"))
	require.Contains(t, diags[0].String(),
		"kitchen.yml:4:11: error: services: the runner of default-ubuntu-2204 cannot be on their network with network_mode none")
}

func TestLintPortsOfServices(t *testing.T) {
	c := configOf(t, `driver: dokken
provisioner: {name: shell}
verifier: {name: shell}
services: {db: {image: x, ports: ["5432:5432"]}}
platforms: [{name: a}, {name: b}]
suites: [{name: s}]
`)
	got := Lint(c, LintOptions{})
	require.Len(t, got, 1)
	require.Contains(t, got[0].String(),
		"kitchen.yml:4:34: warning: services.db.ports: the instances s-a, s-b all want port 5432 of the host")
}
