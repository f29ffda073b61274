package keys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/kitchen"
	"github.com/galley-kitchen/galley/internal/mask"
)

// wholeYAML is a kitchen.yml with these lines at the margin, one platform and one suite.
func wholeYAML(lines string) string {
	return lines + "\nplatforms: [{name: ubuntu-22.04}]\nsuites: [{name: default}]\n"
}

func TestDefaults(t *testing.T) {
	i := resolveOne(t, wholeYAML("driver: dokken\nprovisioner: dokken\nverifier: inspec\ntransport: dokken"))
	require.Equal(t, "default-ubuntu-2204", i.Name)
	d := i.Driver
	require.Equal(t, []any{config.DriverContainer, "", "ubuntu:22.04", "dokken", false,
		spec.Network{Mode: spec.NetworkNamed, Name: "dokken"}, config.PullMissing, config.InitAuto, true, "chef/chef:latest"},
		[]any{d.Kind, d.Engine, d.Image, d.Hostname, d.HostnameSet, d.Network, d.PullPlatform, d.InitSystem,
			d.DockerConfigCreds, d.ToolImage})
	p := i.Provisioner
	require.Equal(t, []any{config.ProvisionerChef, "/opt/kitchen", []int{35, 213}, 1, 30 * time.Second},
		[]any{p.Kind, p.RootPath, p.RetryOnExitCode, p.MaxRetries, p.WaitForRetry})
	c := p.Chef
	require.Equal(t, []any{"chef", " -z", "doc", "auto", 8889, 1, true, true, true, false, ""},
		[]any{c.ProductName, c.Options, c.OutputFormat, c.LogLevel, c.ZeroPort, c.Converges, c.JSONAttrs,
			c.CleanSandbox, c.AlwaysUpdate, c.Idempotency, c.Policyfile})
	require.Contains(t, c.CookbookGlobs, "recipes/**/*")
	v := i.Verifier
	require.Equal(t, []any{config.VerifierInspec, true, "/opt/verifier", "sudo -E", true, true, true},
		[]any{v.Kind, v.NameSet, v.RootPath, v.SudoCommand, v.Inspec.BackendCache, v.Inspec.LoadPlugins,
			v.Inspec.Color})
}

// Who accepted Chef's licence for the client accepted it for InSpec.
func TestInspecTakesTheProvisionersLicence(t *testing.T) {
	const chef = "provisioner: {name: dokken, chef_license: accept-no-persist, chef_license_key: a-key, chef_license_server: [http://one]}\n"
	for _, c := range []struct {
		verifier string
		want     []string
	}{
		{"verifier: inspec", []string{"accept-no-persist", "a-key", "http://one"}},
		{"", []string{"accept-no-persist", "a-key", "http://one"}},
		{"verifier: {name: inspec, chef_license: accept, chef_license_key: other}",
			[]string{"accept", "other", "http://one"}},
	} {
		i := resolveOne(t, wholeYAML("driver: dokken\n"+chef+c.verifier)).Verifier.Inspec
		require.Equal(t, c.want, []string{i.License, i.LicenseKey, i.LicenseServer}, c.verifier)
	}
}

// A symbol without quotes is as much a symbol as Test Kitchen's own form, in quotes.
func TestSymbolsOfClientRB(t *testing.T) {
	i := resolveOne(t, wholeYAML("driver: dokken\nverifier: dummy\nprovisioner:\n  name: dokken\n  log_level: :debug\n  client_rb:\n    ssl_verify_mode: :verify_none\n    log_level: ':info'\n"+
		"    text: info\n    odd: :\"a b\"\n    nested:\n      list:\n      - :one\n      - 2\n  attributes:\n    mode: :fast"))
	c := i.Provisioner.Chef
	require.Equal(t, config.Hash{
		{Key: "ssl_verify_mode", Value: ":verify_none"},
		{Key: "log_level", Value: ":info"},
		{Key: "text", Value: "info"},
		{Key: "odd", Value: `:"a b"`},
		{Key: "nested", Value: config.Hash{{Key: "list", Value: []any{":one", int64(2)}}}},
	}, c.ClientRB)
	require.Equal(t, config.Hash{{Key: "mode", Value: "fast"}}, c.Attributes, "JSON has no symbols")
	require.Equal(t, "debug", c.LogLevel)
	require.Empty(t, resolveOne(t, wholeYAML("driver: dokken\nprovisioner: {name: dokken, client_rb: []}\nverifier: dummy")).Provisioner.Chef.ClientRB)
}

func TestDriverNames(t *testing.T) {
	for name, want := range map[string]servedDriver{
		"dokken": {config.DriverContainer, ""}, "docker": {config.DriverContainer, "docker"},
		"docker_cli": {config.DriverContainer, "docker"},
		"podman":     {config.DriverContainer, "podman"}, "dummy": {config.DriverDummy, ""},
	} {
		i := resolveOne(t, wholeYAML("driver: "+name+"\nprovisioner: shell\nverifier: dummy"))
		require.Equal(t, want, servedDriver{i.Driver.Kind, i.Driver.Engine}, name)
		require.True(t, kitchen.ContainerDriver(name), "the loader must know %s too", name)
	}
}

func TestUnservedDriverIsOneError(t *testing.T) {
	all, diags := resolveText(t, "driver: {name: vagrant, network: [[a, b]], memori: 1}\nprovisioner: {name: puppet_apply, x: 1}\nverifier: nonsense\n"+
		"platforms: [{name: a}, {name: b, driver: {box: x}}]\nsuites: [{name: s}]\n")
	require.Len(t, all, 2)
	require.Equal(t, config.DriverUnserved, all[0].Driver.Kind)
	require.Equal(t, "puppet_apply", all[0].Provisioner.Name)
	require.Len(t, diags, 1)
	require.Contains(t, diags[0].String(), "driver:\n        name: dokken")
}

func TestSelectedInstancesAlone(t *testing.T) {
	c := configOf(t, "driver: dokken\nprovisioner: dokken\nverifier: dummy\nplatforms: [{name: good}, {name: bad, driver: {privileged: maybe}}]\nsuites: [{name: s}]\n")
	all, diags := Resolve(c, ResolveOptions{Select: func(r kitchen.RawInstance) bool { return r.Platform == "good" }})
	require.Len(t, all, 1)
	require.Empty(t, diags)
	_, diags = Resolve(c, ResolveOptions{})
	require.Len(t, diags, 1)
}

func TestSharedMistakeIsReportedOnce(t *testing.T) {
	_, diags := resolveText(t, "driver: {name: dokken, privileged: maybe}\nprovisioner: dokken\nverifier: dummy\nplatforms: [{name: a, driver: {image: x}}, {name: b}]\nsuites: [{name: s}, {name: t}]\n")
	require.Len(t, diags, 1)
}

func TestProvisioner(t *testing.T) {
	of := func(lines string) config.Instance {
		t.Helper()
		return resolveOne(t, wholeYAML("driver: dokken\nverifier: dummy\nprovisioner:\n  "+strings.ReplaceAll(lines,
			"\n", "\n  ")))
	}
	i := of("name: chef_zero\nproduct_name: cinc\nproduct_version: 18\nnamed_run_list: {}\nslow_resource_report: 5\nlog_level: info\nchef_log_level: debug\n" +
		"policyfile: policies/web.rb\ndata_bags_path: test/data_bags\nattributes: {a: {b: [1, yes]}}\nrun_list: recipe[a]\nretry_on_exit_code: 35\n" +
		"uploads: {./a: /b}\nclient_rb: {x: ':y'}\ncookbook_files_glob: '{a,b}/*, c'")
	c := i.Provisioner.Chef
	require.Equal(t, "cincproject/cinc:18", i.Driver.ToolImage)
	require.Equal(t, []any{"cinc", "", "5", "debug", "/project/policies/web.rb"},
		[]any{c.ProductName, c.NamedRunList, c.SlowReport, c.LogLevel, c.Policyfile})
	require.Equal(t, map[string]string{"data_bags": "/project/test/data_bags"}, c.Paths)
	require.Equal(t, config.Hash{{Key: "a", Value: config.Hash{{Key: "b", Value: []any{int64(1), true}}}}}, c.Attributes)
	require.Equal(t, []int{35}, i.Provisioner.RetryOnExitCode)
	require.Equal(t, map[string]string{"./a": "/b"}, i.Provisioner.Uploads)
	require.Equal(t, []string{"{a,b}/*", "c"}, c.CookbookGlobs)

	// kitchen-dokken takes the version from the driver alone.
	require.Equal(t, "chef/chef:latest", of("name: dokken\nproduct_version: 17").Driver.ToolImage)
	require.Equal(t, "cincproject/cinc:latest", of("name: cinc").Driver.ToolImage)

	s := of("name: shell\nscript: run.sh\narguments: -x 'a b'\ndata_path: data\nenv: {A: 1}").Provisioner
	require.Equal(t, config.ProvisionerShell, s.Kind)
	require.Equal(t, config.ShellProvisioner{Script: "/project/run.sh", Arguments: []string{"-x", "a b"},
		DataPath: "/project/data"}, s.Shell)
	require.Empty(t, s.RetryOnExitCode)

	require.Equal(t, config.Dummy{Sleep: 2 * time.Second, Fail: true},
		of("name: dummy\nsleep: 2\nfail: true").Provisioner.Dummy)
}

func TestVerifiers(t *testing.T) {
	of := func(lines string) config.Verifier {
		t.Helper()
		return resolveOne(t, wholeYAML("driver: dokken\nprovisioner: dokken\nverifier:\n  "+strings.ReplaceAll(lines,
			"\n", "\n  "))).Verifier
	}
	for name, kind := range verifierNames() {
		require.Equal(t, kind, of("name: "+name).Kind)
	}
	v := of("name: inspec\ninspec_tests: [test/a, {path: b}, {git: https://x, branch: main}]\nattributes: {a: 1}\ninputs: {b: 2}\ninput_files: i.yml\ncontrols: a\nreporter: [cli, 'json:%{suite}.json']")
	require.Equal(t, []config.InspecTest{{Path: "test/a"}, {Path: "b"}, {Git: "https://x", Branch: "main"}}, v.Inspec.Tests)
	require.Equal(t, config.Hash{{Key: "a", Value: int64(1)}, {Key: "b", Value: int64(2)}}, v.Inspec.Inputs)
	require.Equal(t, []string{"/project/i.yml"}, v.Inspec.InputFiles)
	require.Equal(t, []string{"a"}, v.Inspec.Controls)
	require.Equal(t, []bool{true, false}, []bool{v.Inspec.Color, v.Inspec.ColorSet})
	require.True(t, of("name: inspec\ncolor: true").Inspec.ColorSet)

	v = of("name: shell\ncommand: make test\nremote_exec: true\nsleep: 1\nshellout_opts: {cwd: sub, timeout: 60, environment: {A: 1}}")
	require.Equal(t, config.ShellVerifier{Command: "make test", Remote: true, Sleep: time.Second, Cwd: "/project/sub",
		Timeout: time.Minute, Env: map[string]string{"A": "1"}}, v.Shell)

	v = of("name: testinfra\ntests: test_*.py\npytest_options: -v -k 'a b'\nversion: 10.1")
	require.Equal(t, config.ToolVerifier{Tests: []string{"test_*.py"}, Options: []string{"-v", "-k", "a b"}}, v.Tool)

	v = of("name: busser\nversion: busser@0.8\nruby_bindir: /usr/bin\nsudo: false")
	require.Equal(t, "/usr/bin", v.Busser.RubyBindir)

	i := resolveOne(t, wholeYAML("driver: dokken\nprovisioner: dokken"))
	require.Equal(t, config.VerifierBusser, i.Verifier.Kind)
	require.False(t, i.Verifier.NameSet)
}

func TestHooks(t *testing.T) {
	all, diags := resolveText(t, `
driver: dokken
provisioner: dokken
verifier: dummy
lifecycle:
  pre_create: echo one
  post_converge:
  - {local: [echo, a b], environment: {A: 1}, cwd: sub, timeout: 90}
  - {remote: echo two, skippable: true, user: nobody}
  - {remote: echo deb, includes: [debian-12]}
  - {remote: echo not, excludes: /^deb/}
platforms: [{name: ubuntu-22.04}, {name: debian-12}]
suites: [{name: s, lifecycle: {pre_create: [echo three]}}]
`)
	require.Empty(t, diags)
	require.Equal(t, []config.Hook{{Local: "echo one"}, {Local: "echo three"}}, all[0].Hooks["pre_create"])
	common := []config.Hook{
		{Local: "echo 'a b'", Environment: map[string]string{"A": "1"}, Cwd: "sub", Timeout: 90 * time.Second},
		{Remote: "echo two", Skippable: true, User: "nobody"},
	}
	require.Equal(t, append(common[:2:2], config.Hook{Remote: "echo not", Excludes: []string{"/^deb/"}}),
		all[0].Hooks["post_converge"])
	require.Equal(t, append(common[:2:2], config.Hook{Remote: "echo deb", Includes: []string{"debian-12"}}),
		all[1].Hooks["post_converge"])
}

func TestHookFilterIsChecked(t *testing.T) {
	_, diags := resolveText(t, wholeYAML("driver: dokken\nprovisioner: dokken\nverifier: dummy\nlifecycle: {pre_create: [{local: a, includes: '/(/'}]}"))
	require.Len(t, diags, 1)
	require.Equal(t, kitchen.SeverityError, diags[0].Severity)
}

func TestForeignKeysPassSilently(t *testing.T) {
	resolveOne(t, driverYAML("box: a\ncustomize: {memory: 1}\nvm_hostname: x\nnetwork: [[private_network, {ip: 1.2.3.4}]]\nregion: us\nx-mine: 1"))
}

func TestTwoSpellings(t *testing.T) {
	_, diags := resolveText(t, driverYAML("memory: 1g\nmemory_limit: 2g"))
	require.Len(t, diags, 1)
	require.Contains(t, diags[0].Msg, "another spelling")
}

func TestPortConflict(t *testing.T) {
	_, diags := resolveText(t, driverYAML(`ports: ["80:80", "80:81"]`))
	require.Len(t, diags, 1)
	require.Contains(t, diags[0].Msg, "same port of the host")
}

func TestExcerptsHideSecrets(t *testing.T) {
	_, diags := resolveText(t, driverYAML(`env: ["API_TOKEN: hunter2"]`))
	require.Len(t, diags, 1)
	require.NotContains(t, diags[0].String(), "hunter2")
	require.Contains(t, diags[0].String(), "API_TOKEN")
}

func TestMaskExcerpt(t *testing.T) {
	require.Equal(t, "    3 |   password: "+mask.Hidden+"\n      |   ^", maskExcerpt("    3 |   password: abc\n      |   ^"))
	require.Equal(t, "    3 |   - \"API_TOKEN="+mask.Hidden+"\n      |   ^",
		maskExcerpt("    3 |   - \"API_TOKEN=abc\"\n      |   ^"))
	require.Equal(t, "    3 |   {a: b, token: "+mask.Hidden+"\n      |   ^",
		maskExcerpt("    3 |   {a: b, token: abc}\n      |   ^"))
	require.Equal(t, "    3 |   image: abc\n      |   ^", maskExcerpt("    3 |   image: abc\n      |   ^"))
}

// manyYAML is a kitchen.yml of n suites on n platforms, with blocks in both.
func manyYAML(n int) string {
	var b strings.Builder
	b.WriteString("driver: {name: dokken, privileged: true, env: [A=1], volumes: [/a, './b:/c']}\nprovisioner: {name: dokken}\nverifier: {name: inspec}\nplatforms:\n")
	for i := range n {
		fmt.Fprintf(&b, "- name: ubuntu-%d\n  driver: {image: 'ubuntu:%d', pid_one_command: /bin/systemd}\n", i, i)
	}
	b.WriteString("suites:\n")
	for i := range n {
		fmt.Fprintf(&b, "- name: suite-%d\n  run_list: ['recipe[a%d]']\n  attributes: {a: {b: %d}}\n  verifier: {inspec_tests: [test/%d]}\n  driver: {hostname: h%d}\n", i, i, i, i, i)
	}
	return b.String()
}

func BenchmarkResolve10000(b *testing.B) {
	text := manyYAML(100)
	c := configOf(b, text)
	b.ReportAllocs()
	for b.Loop() {
		all, diags := Resolve(c, ResolveOptions{})
		if len(all) != 10_000 || len(diags) != 0 {
			b.Fatalf("%d instances, %v", len(all), diags)
		}
	}
}

// FuzzResolve looks for files that make resolving, linting or diagnosing panic.
func FuzzResolve(f *testing.F) {
	f.Add(manyYAML(2))
	f.Add(diagnosed)
	f.Add(linted)
	f.Add(driverYAML("run_options: --cap-add\nports: {\"80\": [{HostPort: 1}]}\nulimits: [{name: nofile}]\ngpus: all\ntmpfs: {/a: b}"))
	f.Add("driver: [a]\nprovisioner: {name: [b]}\nverifier: {name: {c: d}}\nplatforms: [{name: x}]\nsuites: [{name: y, lifecycle: {pre_create: {local: ~}}}]")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "kitchen.yml"), []byte(text), 0o600))
		c, err := kitchen.Load(t.Context(), kitchen.Options{Dir: dir})
		if err != nil || len(c.Instances) > 100 {
			return
		}
		all, found := Resolve(c, ResolveOptions{Env: clientEnv})
		for _, d := range found {
			require.NotEmpty(t, d.Msg)
		}
		Lint(c, LintOptions{Exists: func(string) bool { return false }})
		_, err = Diagnose(c, all, DiagnoseOptions{Diagnostics: found})
		require.NoError(t, err)
	})
}
