package keys

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
)

func pointer[T any](v T) *T { return &v }

func TestTypedValuesOfTheDriver(t *testing.T) {
	for _, c := range []struct {
		lines string
		want  any
		got   func(config.Driver) any
	}{
		{
			`security_opt: [no-new-privileges, "label:disable", seccomp=unconfined, apparmor=mine]`,
			spec.Security{NoNewPrivileges: true, Seccomp: "unconfined", AppArmor: "mine",
				SELinux: spec.SELinux{Disabled: true}},
			func(d config.Driver) any { return d.Security },
		},
		{
			`security_opt: [no-new-privileges=false, seccomp=./profile.json, "label=type:spc_t", "label=level:s0:c1,c2"]`,
			spec.Security{Seccomp: "/project/profile.json", SELinux: spec.SELinux{Type: "spc_t", Level: "s0:c1,c2"}},
			func(d config.Driver) any { return d.Security },
		},
		{
			`security_opt: ['seccomp={"a":1}', systempaths=unconfined, "mask=/proc/a:/proc/b", proc-opts=hidepid=2]`,
			spec.Security{
				Seccomp: `{"a":1}`, UnmaskAll: true, Mask: []string{"/proc/a", "/proc/b"},
				ProcOptions: []string{"hidepid=2"},
			},
			func(d config.Driver) any { return d.Security },
		},
		{
			`security_opt: ["unmask=/proc/a:ALL", seccomp=default, writable-cgroups, "label=nested"]`,
			spec.Security{Seccomp: "builtin", UnmaskAll: true, WritableCgroups: true,
				SELinux: spec.SELinux{Nested: true}},
			func(d config.Driver) any { return d.Security },
		},
		{`userns_mode: keep-id`, spec.UserNS{Mode: spec.UserNSKeepID}, func(d config.Driver) any { return d.UserNS }},
		{
			`userns_mode: keep-id:uid=1000,gid=0`,
			spec.UserNS{Mode: spec.UserNSKeepID, UID: pointer[uint32](1000), GID: pointer[uint32](0)},
			func(d config.Driver) any { return d.UserNS },
		},
		{`userns_mode: auto:size=65536`, spec.UserNS{Mode: spec.UserNSAuto, Size: 65536},
			func(d config.Driver) any { return d.UserNS }},
		{`ipc: container:db`, spec.Namespace{Mode: spec.NamespaceContainer, Container: "db"},
			func(d config.Driver) any { return d.IPC }},
		{`pid: ''`, spec.Namespace{}, func(d config.Driver) any { return d.PID }},
		{`network_mode: container:db`, spec.Network{Mode: spec.NetworkContainer, Name: "db"},
			func(d config.Driver) any { return d.Network }},
		{`network_mode: host`, spec.Network{Mode: spec.NetworkHost}, func(d config.Driver) any { return d.Network }},
		{`network_mode: ''`, spec.Network{}, func(d config.Driver) any { return d.Network }},
		{`network_mode: mine`, spec.Network{Mode: spec.NetworkNamed, Name: "mine"},
			func(d config.Driver) any { return d.Network }},
		{
			`volumes: ["./a:/b:ro,z,rslave,cached,nocopy,exec,U,idmap,O,bind"]`,
			[]spec.Mount{{
				Type: spec.MountBind, Source: "/project/a", Target: "/b", ReadOnly: true, Relabel: spec.RelabelShared,
				Propagation: "rslave",
				Consistency: "cached", NoCopy: true, NonRecursive: true, Overlay: true, ChangeOwner: true, IDMap: true,
				FSOptions: []string{"exec"},
			}},
			func(d config.Driver) any { return d.Mounts },
		},
	} {
		t.Run(c.lines, func(t *testing.T) { require.Equal(t, c.want, c.got(driverWith(t, c.lines))) })
	}
}

// TestASymbolIsAVolume: `<%= ENV['X'] %>:/tmp/x` without X.
func TestASymbolIsAVolume(t *testing.T) {
	all, diags := resolveText(t, driverYAML("volumes:\n- :/tmp/x"))
	require.Equal(t, []spec.Mount{{Type: spec.MountVolume, Target: "/tmp/x"}}, all[0].Driver.Mounts)
	require.Contains(t, renderProblems(diags),
		`kitchen.yml:4:5: warning: driver.volumes: nothing stands before the colon`)
}

func TestBadValuesOfTheDriverHaveAPlace(t *testing.T) {
	for lines, want := range map[string]string{
		`security_opt: [a, seccomp]`:                                     `:3:18: error: driver.security_opt: bad security option the string "a"; the options are`,
		`security_opt: [no-new-privilege]`:                               `did you mean "no-new-privileges"?`,
		`security_opt: [seccomp]`:                                        `write seccomp=value`,
		`security_opt: ["label=disabled"]`:                               `write label=disable, label=nested, or label=type:`,
		`security_opt: [systempaths=none]`:                               `write systempaths=unconfined`,
		`security_opt: [writable-cgroups=2]`:                             `write writable-cgroups, or writable-cgroups=false`,
		`userns_mode: keepid`:                                            `:3:16: error: driver.userns_mode: expected one of host, private, keep-id, auto, nomap, found the string "keepid"; did you mean "keep-id"?`,
		`userns_mode: host:uid=1`:                                        `bad option "uid=1" of the user namespace host`,
		`userns_mode: keep-id:uid=me`:                                    `bad option "uid=me" of the user namespace keep-id`,
		`userns_mode: auto:uid=1`:                                        `bad option "uid=1" of the user namespace auto`,
		`cgroupns_mode: shared`:                                          `expected host, private, found the string "shared"`,
		`ipc: container`:                                                 `expected none, host, private, shareable, container:NAME, found the string "container"`,
		`pid: "container:"`:                                              `expected host, private, container:NAME, found the string "container:"`,
		`network_mode: container`:                                        `bad network the string "container"`,
		`network_mode: "hosts:x"`:                                        `bad network the string "hosts:x"`,
		`links: ["a:b:c"]`:                                               `:3:11: error: driver.links: bad link the string "a:b:c"`,
		`mounts: [{target: /a, relabel: blue}]`:                          `bad relabel "blue" of a mount: expected one of shared, private, z, Z`,
		`mounts: ["type=bnd,target=/a"]`:                                 `bad type "bnd" of a mount: expected one of bind, volume, image, tmpfs; did you mean "bind"?`,
		`mounts: ["type=bind,source=.,target=/a,bind-propagation=slav"]`: `did you mean "slave"?`,
		`extra_hosts: ["a:b"]`:                                           `:3:17: error: driver.extra_hosts: bad host "a": "b" is not an IP address`,
	} {
		t.Run(lines, func(t *testing.T) {
			_, diags := resolveText(t, driverYAML(lines))
			require.Contains(t, renderProblems(diags), want)
		})
	}
}

func TestTypedValuesWriteAsTheyAreRead(t *testing.T) {
	for _, text := range []string{"host", "keep-id:uid=1000,gid=0", "auto:size=1024", "nomap", ""} {
		require.Equal(t, text, driverWith(t, "userns_mode: '"+text+"'").UserNS.String())
	}
	for _, text := range []string{"host", "none", "bridge", "container:db", "mine", ""} {
		require.Equal(t, text, driverWith(t, "network_mode: '"+text+"'").Network.String())
	}
	for _, text := range []string{
		"/a:/b:ro,Z,O,U,idmap,nocopy,bind,rslave,cached,exec,nosuid", "/data", "name:/data", "/data:ro",
	} {
		require.Equal(t, text, driverWith(t, "volumes: ['"+text+"']").Mounts[0].String())
	}
	options := []string{
		"label=disable", "label=nested", "label=user:u", "label=role:r", "label=type:t", "label=level:s0",
		"label=filetype:f",
		"no-new-privileges", "seccomp=unconfined", "apparmor=x", "systempaths=unconfined", "mask=/a:/b", "unmask=/c",
		"proc-opts=a,b", "writable-cgroups",
	}
	lines := "security_opt:\n"
	for _, o := range options {
		lines += "- '" + o + "'\n"
	}
	require.Equal(t, options, driverWith(t, lines).Security.Options())
}

func TestHostnames(t *testing.T) {
	long := strings.Repeat("a", maxHostname)
	require.Equal(t, long, driverWith(t, "hostname: "+long).Hostname)
	for lines, want := range map[string]string{
		"hostname: " + long + "b": "kitchen.yml:3:13: error: driver.hostname: the name of a host has at most 64 bytes, this one has 65; shorten it",
		"hostname: a b":           `bad name of a host: the string "a b"`,
		"domainname: a/b":         `driver.domainname: bad name of a host`,
		"run_options: --hostname=" + long +
			"bc": "driver.run_options: the name of a host has at most 64 bytes, this one has 66",
	} {
		_, diags := resolveText(t, driverYAML(lines))
		require.Contains(t, renderProblems(diags), want)
	}
}

func TestImageIDs(t *testing.T) {
	for _, id := range []string{strings.Repeat("0123456789abcdef", 4), strings.Repeat("1", 64),
		strings.Repeat("0", 63) + "7"} {
		for _, text := range []string{id, "sha256:" + id} {
			require.Equal(t, "sha256:"+id, driverWith(t, "image: "+text).Image)
			require.Equal(t, "sha256:"+id, driverWith(t, "chef_image: "+text).ToolImage)
		}
	}
	require.Equal(t, "busybox:1", driverWith(t, "image: busybox:1").Image)
	require.Equal(t, "deadbeef", driverWith(t, "image: deadbeef").Image)
}
