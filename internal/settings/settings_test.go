package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// given are the sources of a test: the text of the two files, the environment and the command line.
type given struct {
	user, project string
	env, flags    []string
}

func (g given) load(t *testing.T) (*Loaded, error) {
	t.Helper()
	dir := t.TempDir()
	user := filepath.Join(dir, "user.yml")
	for file, text := range map[string]string{user: g.user, filepath.Join(dir, projectFile): g.project} {
		if text != "" {
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		}
	}
	flags, set := Flags{}, pflag.NewFlagSet("test", pflag.ContinueOnError)
	for _, d := range definitions() {
		flags.Add(set, d.name)
	}
	if err := set.Parse(g.flags); err != nil {
		return nil, err
	}
	return Load(Options{Flags: flags, Environ: g.env, Dir: dir, UserFile: user})
}

// The struct has a field for each row of the table and no other.
func TestTable(t *testing.T) {
	var fields, names []string
	for i := range reflect.TypeFor[Settings]().NumField() {
		fields = append(fields, strings.ToLower(reflect.TypeFor[Settings]().Field(i).Name))
	}
	for _, d := range definitions() {
		names = append(names, strings.ReplaceAll(d.name, "-", ""))
		require.NotPanics(t, func() { d.fallback() })
	}
	require.ElementsMatch(t, fields, names)
	l, err := given{}.load(t)
	require.NoError(t, err)
	require.Equal(t, Settings{TLSVerify: true, ERB: "auto", ERBCommands: true, LogLevel: "info", LogOverwrite: true,
		Color:       true,
		Concurrency: 1, Recreate: true, Reuse: "off", ReusePush: "off", Wait: true, Images: []string{}, Destroy: "passing", ShardTimes: []string{},
		Timeout: []string{},
		Report:  []string{}}, l.Settings)
	require.Empty(t, l.Notices)
}

// Every way to say yes or no is understood from every source, and what is neither is refused everywhere.
func TestBooleans(t *testing.T) {
	words := map[string]any{" TRUE ": true, "maybe": nil, "2": nil, "yes please": nil, "enabled": nil, "y": nil}
	for _, yes := range []string{"yes", "Yes", "YES", "on", "On", "1", "true", "TRUE", " true", "yes\t"} {
		words[yes] = true
	}
	for _, no := range []string{"no", "No", "off", "OFF", "0", "false", "False", " false "} {
		words[no] = false
	}
	for word, want := range words {
		for source, g := range map[string]given{
			"flag": {flags: []string{"--tls-verify=" + word}},
			"env":  {env: []string{"GALLEY_TLS_VERIFY=" + word}},
			"user": {user: fmt.Sprintf("tls_verify: %q\n", word)},
			"yaml": {user: "tls-verify: " + strings.TrimSpace(word) + "\n"},
		} {
			l, err := g.load(t)
			if want == nil {
				require.ErrorContains(t, err, "yes or no", "%s %q", source, word)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, want, l.TLSVerify, "%s %q", source, word)
		}
	}
}

// A value or name that cannot be read is an error that says where it stands.
func TestErrorsNameTheirSource(t *testing.T) {
	for _, tc := range []struct {
		g    given
		want string
	}{
		{given{env: []string{"GALLEY_TLS_VERIFY=maybe"}}, "GALLEY_TLS_VERIFY=maybe: write yes or no"},
		{given{env: []string{"GALLEY_CONCURRENCY=many"}}, "GALLEY_CONCURRENCY=many: write a number from 1 up"},
		{given{env: []string{"GALLEY_NO_COLOR=2"}}, "GALLEY_NO_COLOR=2: write yes or no"},
		{given{env: []string{"GALLEY_COLOR=1", "GALLEY_NO_COLOR=1"}},
			"GALLEY_NO_COLOR sets color, and so does GALLEY_COLOR"},
		{given{env: []string{"KITCHEN_LOG=loud"}}, "KITCHEN_LOG=loud: write debug"},
		{given{project: "a: 1\n"}, `.galley.yml:1: unknown key "a"`},
		{given{project: "# x\n\ntls_verify: maybe\n"}, ".galley.yml:3: tls_verify: maybe: write yes or no"},
		{given{project: "concurency: 4\n"}, "Did you mean concurrency?"},
		{given{project: "erb_commands: no\nERB-Commands: yes\n"},
			".galley.yml:2 sets erb_commands, and so does .galley.yml:1"},
		{given{project: "erb_commands: no\nno_erb_commands: no\n"}, "write one of them"},
		{given{project: "no_engine: docker\n"}, `unknown key "no_engine"`},
		{given{project: "<<: {erb_commands: yes}\n"}, `unknown key "<<"`},
		{given{project: "retry: -1\n"}, "retry: -1: write a number from 0 up"},
		{given{project: "engine: [docker]\n"}, ".galley.yml:1: engine: write one value"},
		{given{project: "report: {junit: x}\n"}, ".galley.yml:1: report: write a text or a list of texts"},
		{given{project: "report: [[x]]\n"}, "write a list of texts"},
		{given{project: "- engine\n"}, ".galley.yml:1: write settings as `name: value`"},
		{given{project: "engine: docker\n---\nhost: x\n"}, "one YAML document"},
		{given{project: "engine: \"docker\n"}, ".galley.yml: line"},
		{given{user: "\nengine: dokcer\n"}, "user.yml:2: engine: dokcer: write docker or podman"},
		{given{user: "images: {docker.io: mirror}\n"}, `user.yml:1: images: docker.io=mirror: "mirror": write a registry`},
		{given{user: "images:\n  docker.io: a.example\n  index.docker.io: b.example\n"}, "docker.io is there twice"},
		{given{user: "images: {docker.io: [a.example]}\n"}, "write a mapping of texts to texts"},
		{given{user: "images: {docker.io: }\n"}, "write a mapping of texts to texts"},
		{given{user: "images: {{a: b}: c}\n"}, "write a mapping of texts to texts"},
		{given{user: "images: [[x]]\n"}, "write a list of texts"},
		{given{env: []string{"GALLEY_IMAGES=docker.io"}}, "GALLEY_IMAGES=docker.io: \"docker.io\": write PREFIX=REPLACEMENT"},
		{given{flags: []string{"--images=docker.io=Mirror.example"}}, "--images: "},
		{given{flags: []string{"--engine", "rkt"}}, "write docker or podman"},
		{given{flags: []string{"--pull=sometimes"}}, "write always, missing, newer or never"},
		{given{flags: []string{"-d", "sometimes"}}, "write passing, always or never"},
	} {
		_, err := tc.g.load(t)
		require.ErrorContains(t, err, tc.want, "%+v", tc.g)
	}
}

func TestPrecedence(t *testing.T) {
	g := given{user: "retry: 1\n", project: "retry: 2\n", env: []string{"GALLEY_RETRY=3"}, flags: []string{"--retry=4"}}
	for _, want := range []struct {
		retry  int
		kind   Kind
		source string
	}{
		{4, CommandLine, "--retry"}, {3, Environment, "GALLEY_RETRY"}, {2, ProjectFile, ".galley.yml:1"},
		{1, UserFile, ""}, {0, Default, "default"},
	} {
		l, err := g.load(t)
		require.NoError(t, err)
		require.Equal(t, want.retry, l.Retry)
		require.Equal(t, want.kind, l.Source("retry").Kind)
		require.Contains(t, l.Source("retry").String(), want.source)
		switch want.kind {
		case CommandLine:
			g.flags = nil
		case Environment:
			g.env = []string{"GALLEY_RETRY="}
		case ProjectFile:
			g.project = "retry: ~\n"
		case UserFile:
			g.user = "# nothing\n"
		}
	}
}

func TestForms(t *testing.T) {
	for _, tc := range []struct {
		g    given
		want func(*Settings) bool
	}{
		{given{flags: []string{"--no-color"}}, func(s *Settings) bool { return !s.Color }},
		{given{flags: []string{"--no-color=no"}}, func(s *Settings) bool { return s.Color }},
		{given{flags: []string{"--no-recreate"}}, func(s *Settings) bool { return !s.Recreate }},
		{given{flags: []string{"--fail-fast", "--no-fail-fast"}}, func(s *Settings) bool { return !s.FailFast }},
		{given{project: "no_recreate: yes\n"}, func(s *Settings) bool { return !s.Recreate }},
		{given{env: []string{"GALLEY_NO_RECREATE=on"}}, func(s *Settings) bool { return !s.Recreate }},
		{given{env: []string{"GALLEY_REPORT=junit=a.xml json=b"}},
			func(s *Settings) bool { return len(s.Report) == 2 }},
		{given{flags: []string{"--report", "junit=a b.xml", "--report=html=x"}},
			func(s *Settings) bool { return s.Report[0] == "junit=a b.xml" && len(s.Report) == 2 }},
		{given{project: "report: junit=a.xml\n"}, func(s *Settings) bool { return s.Report[0] == "junit=a.xml" }},
		{given{project: "a: &x 3\n"}, nil},
		{given{user: "images:\n  docker.io: a.example/hub\n  quay.io/x: b.example\n"},
			func(s *Settings) bool {
				return slices.Equal(s.Images, []string{"docker.io=a.example/hub", "quay.io/x=b.example"})
			}},
		{given{user: "images: [docker.io=a.example]\n", env: []string{"GALLEY_IMAGES=quay.io=b.example ghcr.io=c.example"}},
			func(s *Settings) bool {
				return slices.Equal(s.Images, []string{"quay.io=b.example", "ghcr.io=c.example"})
			}},
		{given{env: []string{"KITCHEN_LOG=debug", "KITCHEN_LOG_OVERWRITE=f"}},
			func(s *Settings) bool { return s.LogLevel == "debug" && !s.LogOverwrite }},
		{given{env: []string{"KITCHEN_LOG=debug", "GALLEY_LOG_LEVEL=warn"}},
			func(s *Settings) bool { return s.LogLevel == "warn" }},
		{given{flags: []string{"-c"}}, func(s *Settings) bool { return s.Concurrency == MaxConcurrency }},
		{given{env: []string{"GALLEY_HOST= tcp://x "}}, func(s *Settings) bool { return s.Host == "tcp://x" }},
		{given{env: []string{"GALLEY_ENGINE=Podman"}}, func(s *Settings) bool { return s.Engine == "podman" }},
	} {
		l, err := tc.g.load(t)
		if tc.want == nil {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err, "%+v", tc.g)
		require.True(t, tc.want(&l.Settings), "%+v: %+v", tc.g, l.Settings)
	}
}

// A project's file may take power away and never add to it, whatever gave what holds without it.
func TestPower(t *testing.T) {
	for _, tc := range []struct {
		name, setting string
		g             given
		refused       bool
		want          any
	}{
		{"commands on over user", "erb-commands", given{user: "erb_commands: no\n", project: "erb_commands: yes\n"},
			true, false},
		{"commands on over env", "erb-commands",
			given{env: []string{"GALLEY_ERB_COMMANDS=no"}, project: "erb_commands: yes\n"}, true, false},
		{"commands on over flag", "erb-commands",
			given{flags: []string{"--no-erb-commands"}, project: "erb_commands: yes\n"}, true, false},
		{"another spelling", "erb-commands", given{user: "erb_commands: no\n", project: "ERB-Commands: on\n"}, true,
			false},
		{"negated", "erb-commands", given{user: "erb_commands: no\n", project: "no_erb_commands: off\n"}, true, false},
		{"commands off", "erb-commands", given{user: "erb_commands: yes\n", project: "erb_commands: no\n"}, false,
			false},
		{"commands as they are", "erb-commands", given{project: "erb_commands: yes\n"}, false, true},
		{"commands off, flag on", "erb-commands",
			given{flags: []string{"--erb-commands"}, project: "erb_commands: no\n"}, false, true},
		{"ruby", "erb", given{project: "erb: ruby\n"}, true, "auto"},
		{"ruby over builtin", "erb", given{user: "erb: builtin\n", project: "erb: ruby\n"}, true, "builtin"},
		{"auto over builtin", "erb", given{user: "erb: builtin\n", project: "erb: auto\n"}, true, "builtin"},
		{"builtin over off", "erb", given{env: []string{"GALLEY_ERB=off"}, project: "erb: builtin\n"}, true, "off"},
		{"builtin", "erb", given{project: "erb: builtin\n"}, false, "builtin"},
		{"off under ruby", "erb", given{user: "erb: ruby\n", project: "erb: off\n"}, false, "off"},
		{"ruby as the user has it", "erb", given{user: "erb: ruby\n", project: "erb: ruby\n"}, false, "ruby"},
		{"TLS off", "tls-verify", given{project: "tls_verify: no\n"}, true, true},
		{"TLS off, negated", "tls-verify", given{project: "no_tls_verify: yes\n"}, true, true},
		{"TLS on", "tls-verify", given{user: "tls_verify: no\n", project: "tls_verify: yes\n"}, false, true},
		{"host", "host", given{project: "host: tcp://evil:2375\n"}, true, ""},
		{"host with options of ssh", "host", given{project: "host: ssh://-oProxyCommand=touch%20x/\n"}, true, ""},
		{"host over the user's", "host", given{user: "host: tcp://mine\n", project: "host: tcp://evil\n"}, true,
			"tcp://mine"},
		{"host taken away", "host", given{user: "host: tcp://mine\n", project: "host: ''\n"}, true, "tcp://mine"},
		{"the user's host", "host", given{user: "host: tcp://mine\n", project: "host: tcp://mine\n"}, false,
			"tcp://mine"},
		{"certificates", "tls-cert-path", given{project: "tls_cert_path: ./certs\n"}, true, ""},
		{"engine where none is asked for", "engine", given{project: "engine: podman\n"}, false, "podman"},
		{"engine over the user's", "engine", given{user: "engine: podman\n", project: "engine: docker\n"}, true,
			"podman"},
		{"engine over env's", "engine", given{env: []string{"GALLEY_ENGINE=podman"}, project: "engine: docker\n"}, true,
			"podman"},
		{"any engine", "engine", given{user: "engine: podman\n", project: "engine: ''\n"}, true, "podman"},
		{"engine with a host", "engine", given{flags: []string{"--host=tcp://x"}, project: "engine: docker\n"}, true,
			""},
		{"engine with DOCKER_HOST", "engine", given{env: []string{"DOCKER_HOST=tcp://x"}, project: "engine: podman\n"},
			true, ""},
		{"engine with CONTAINER_HOST", "engine",
			given{env: []string{"CONTAINER_HOST=unix:///x"}, project: "engine: docker\n"}, true, ""},
		{"report outside", "report", given{project: "report: [junit=../x.xml]\n"}, true, []string{}},
		{"report by an absolute path", "report", given{project: "report: [junit=/tmp/x.xml]\n"}, true, []string{}},
		{"one of two outside", "report", given{project: "report: [junit=x.xml, json=/etc/x]\n"}, true, []string{}},
		{"report in .git", "report", given{project: "report: [markdown=sub/.Git/hooks/pre-commit]\n"}, true,
			[]string{}},
		{"report in the state", "report", given{project: "report: [json=.kitchen/galley/a.json]\n"}, true, []string{}},
		{"report inside", "report", given{project: "report: [junit=out/x.xml, json=-]\n"}, false,
			[]string{"junit=out/x.xml", "json=-"}},
		{"the user's report outside", "report",
			given{env: []string{"GALLEY_REPORT=junit=../x"}, project: "report: junit=x\n"}, false,
			[]string{"junit=../x"}},
		{"images", "images", given{project: "images: {docker.io: evil.example}\n"}, true, []string{}},
		{"images over the user's", "images", given{user: "images: {docker.io: mirror.example}\n",
			project: "images: {mirror.example: evil.example}\n"}, true, []string{"docker.io=mirror.example"}},
		{"images taken away", "images", given{user: "images: {docker.io: mirror.example}\n", project: "images: {}\n"},
			true, []string{"docker.io=mirror.example"}},
		{"the user's images", "images", given{env: []string{"GALLEY_IMAGES=docker.io=mirror.example"},
			project: "images: {docker.io: mirror.example}\n"}, false, []string{"docker.io=mirror.example"}},
		{"locked", "locked", given{project: "locked: yes\n"}, false, true},
		{"locked no more", "locked", given{user: "locked: yes\n", project: "locked: no\n"}, true, true},
		{"checkpoints from a registry", "reuse", given{project: "reuse: registry.example.com/team/checkpoints\n"}, false,
			"registry.example.com/team/checkpoints"},
		{"checkpoints to a registry", "reuse-push", given{project: "reuse_push: yes\n"}, true, "off"},
		{"checkpoints to a registry, as the user has it", "reuse-push",
			given{env: []string{"GALLEY_REUSE_PUSH=1"}, project: "reuse_push: on\n"}, false, "on"},
		{"no power", "retry", given{user: "retry: 1\n", project: "retry: 5\n"}, false, 5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := tc.g.load(t)
			require.NoError(t, err)
			for _, e := range l.Entries {
				if e.Name != tc.setting {
					require.Empty(t, e.Refused)
					continue
				}
				require.Equal(t, tc.want, e.Value)
				require.Equal(t, tc.refused, e.Refused != "", e.Refused)
				if tc.refused {
					require.Contains(t, e.Refused, ".galley.yml:1: ")
					require.Equal(t, []string{e.Refused}, l.Notices)
				} else {
					require.Empty(t, l.Notices)
				}
			}
		})
	}
}

// Every setting has been weighed: one that is new must be put into one of these lists.
func TestPowerIsComplete(t *testing.T) {
	harmless := []string{"log-level", "quiet", "verbose", "log-overwrite", "color", "concurrency", "parallel", "fail-fast", "debug",
		"test-base-path",
		"idempotence", "recreate", "reuse", "reuse-max-age", "pull", "require-tests", "report-changes", "retry", "timeout", "wait", "lease", "destroy", "shard", "shard-times"}
	for _, d := range definitions() {
		require.NotEqual(t, d.refuse == nil, !slices.Contains(harmless, d.name), d.name)
	}
}

// A report of a project's file does not leave the project through a link.
func TestReportsThroughLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	dir, outside := t.TempDir(), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "out"), 0o700))
	for link, target := range map[string]string{
		"dir": outside, "file": filepath.Join(outside, "f"), "dangling": filepath.Join(outside, "none"),
		"part.part": filepath.Join(outside, "p"),
		"home":      "out", "loop": "loop",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, link)))
	}
	require.NoError(t, os.WriteFile(filepath.Join(outside, "f"), nil, 0o600))
	p := project{dir: dir}
	for file, want := range map[string]bool{
		"dir/x": false, "dir/new/x": false, "file": false, "dangling": false, "part": false, "loop": false,
		"loop/x": false,
		"home/x": true, "out/x": true, "new/deep/x": true, "x": true, filepath.Join(dir, "x"): true,
	} {
		require.Equal(t, want, p.refuseReports([]string{"junit=" + file}, nil) == "", file)
	}
}

// A file of the user that cannot be read is a notice and does not end the command; the project's own is an error.
func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	for _, user := range []string{dir, os.DevNull + "/.config/galley/config.yml", os.DevNull} {
		l, err := Load(Options{Dir: t.TempDir(), UserFile: user})
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			require.Len(t, l.Notices, 1, user)
			require.Contains(t, l.Notices[0], user)
		}
	}
	l, err := Load(Options{Dir: dir, UserFile: filepath.Join(dir, "none", "config.yml")})
	require.NoError(t, err)
	require.Empty(t, l.Notices)
	require.NoError(t, os.Mkdir(filepath.Join(dir, projectFile), 0o700))
	_, err = Load(Options{Dir: dir})
	require.ErrorContains(t, err, "not a regular file")
}

// A variable that is nearly a setting's is a notice; those of other things are not.
func TestNearlyAVariable(t *testing.T) {
	l, err := given{env: []string{"GALLEY_TLSVERIFY=no", "GALLEY_INSTANCE=a", "GALLEY_TEST_ENGINES=none",
		"galley_host=x"}}.load(t)
	require.NoError(t, err)
	require.Len(t, l.Notices, 1)
	require.Equal(t, "GALLEY_TLSVERIFY is not a setting: did you mean GALLEY_TLS_VERIFY?", l.Notices[0])
}
