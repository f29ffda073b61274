package machine_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/config/keys"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/lifecycle/changes"
	"github.com/galley-kitchen/galley/lifecycle/machine"
)

// answers is a machine that answers the script.
type answers func(mark string) string

func (a answers) Exec(_ context.Context, _ string, e backend.ExecSpec) (int, error) {
	_, err := e.Stdout.Write([]byte(a(e.Command[len(e.Command)-1])))
	return 0, err
}

func collect(t *testing.T, sections map[string]string) machine.Facts {
	t.Helper()
	f, err := machine.Collect(t.Context(), answers(func(mark string) string {
		var b strings.Builder
		for name, body := range sections {
			b.WriteString("\n" + mark + " " + name + "\n" + body)
		}
		return b.String()
	}), "id")
	require.NoError(t, err)
	return f
}

func TestCollect(t *testing.T) {
	f := collect(t, map[string]string{
		"passwd":  "root:x:0:0:root:/root:/bin/sh\nbroken\n",
		"group":   "adm:x:4:b,a\nroot:x:0:\n",
		"dpkg":    "nginx 1.22-1\n",
		"apk":     "P:musl\nV:1.2\nA:x86_64\n\nP:zlib\nV:1.3\n",
		"units":   "nginx.service loaded active running x\n",
		"enabled": "nginx.service enabled\ncron.service enabled enabled\n",
		"tcp": "  sl  local_address rem_address   st\n" +
			"   0: 00000000:0050 00000000:0000 0A 0\n   1: 0100007F:1F90 00000000:0000 0A 0\n" +
			"   2: 00000000000000000000000001000000:0051 0:0 0A\n   3: 0100007F:1F91 00000000:0000 01 0\n",
		"mounts":  "tmpfs /srv/with\\040blank tmpfs rw,size=1k 0 0\n/dev/sda1 /data ext4 ro,noatime 0 0\n",
		"environ": "A=1\x00B=two\nlines\x00",
		"sysctl":  "/proc/sys/net/ipv4/ip_forward:1\n/proc/sys/kernel/sem:32000\t1024\n",
		"limits":  "Limit                     Soft Limit           Hard Limit\nMax open files            1024                 4096  files\n",
		"own":     "web\n02:42:ac\n",
		"fib":     "  |-- 127.0.0.1\n   /32 host LOCAL\n  |-- 172.17.0.2\n     /32 host LOCAL\n",
		"unknown": "x",
	})
	require.Equal(t, map[machine.Kind]map[string]string{
		machine.User:    {"root": "uid 0, gid 0, home /root, shell /bin/sh"},
		machine.Group:   {"adm": "gid 4, members a b", "root": "gid 0"},
		machine.Package: {"nginx": "1.22-1", "musl": "1.2", "zlib": "1.3"},
		machine.Port:    {"tcp *:80": "open", "tcp 127.0.0.1:8080": "open", "tcp [::1]:81": "open"},
		machine.Mount:   {"/srv/with blank": "tmpfs, writable", "/data": "files, read-only"},
		machine.Env:     {"A": "1", "B": "two\nlines"},
		machine.Sysctl:  {"net.ipv4.ip_forward": "1", "kernel.sem": "32000 1024"},
		machine.Limit:   {"open files": "1024"},
	}, withoutServices(f))
	require.Contains(t, f.Values[machine.Service]["nginx"], "running")
	require.Equal(t, "enabled", f.Values[machine.Service]["cron"])
	require.ElementsMatch(t, []string{"web", "02:42:ac", "172.17.0.2"}, f.Own)
}

// withoutServices are the facts whose form does not depend on the order of sections.
func withoutServices(f machine.Facts) map[machine.Kind]map[string]string {
	out := map[machine.Kind]map[string]string{}
	for k, v := range f.Values {
		if k != machine.Service {
			out[k] = v
		}
	}
	return out
}

// TestScript runs the script with this machine's shell.
func TestScript(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh")
	}
	t.Setenv("ODD", "a\nb")
	out, err := exec.Command("sh", "-c", script(t), "sh", "MARK").Output()
	require.NoError(t, err)
	require.Contains(t, string(out), "\nMARK environ\n")
	require.Contains(t, string(out), "\x00ODD=a\nb\x00")
	require.Contains(t, string(out), "\nMARK limits\n")
}

func script(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("facts.sh")
	require.NoError(t, err)
	return string(data)
}

func facts(kind machine.Kind, pairs ...string) machine.Facts {
	f := machine.Facts{Values: map[machine.Kind]map[string]string{kind: {}}}
	for n := 0; n < len(pairs); n += 2 {
		f.Values[kind][pairs[n]] = pairs[n+1]
	}
	return f
}

// lines is what people read of differences.
func lines(list []machine.Difference) (out []string) {
	for _, d := range list {
		line := string(d.Kind) + " " + d.Name + ": " + d.Text("old", "new")
		if d.Noise != "" {
			line += " NOISE " + d.Noise
		}
		out = append(out, line)
	}
	return out
}

func TestValues(t *testing.T) {
	for name, c := range map[string]struct {
		a, b, baseA, baseB machine.Facts
		ignore             []config.Ignored
		want               []string
	}{
		"alike": {a: facts(machine.Env, "A", "1"), b: facts(machine.Env, "A", "1")},
		"versions": {a: facts(machine.Package, "nginx", "1", "x", "1"), b: facts(machine.Package, "nginx", "2"),
			want: []string{"package nginx: 1 on old, 2 on new", "package x: only on old: 1"}},
		"as the images have it": {a: facts(machine.Package, "libc", "1"), b: facts(machine.Package, "libc", "2"),
			baseA: facts(machine.Package, "libc", "1"), baseB: facts(machine.Package, "libc", "2")},
		"one was changed": {a: facts(machine.Sysctl, "x", "1"), b: facts(machine.Sysctl, "x", "0"),
			baseA: facts(machine.Sysctl, "x", "0"), baseB: facts(machine.Sysctl, "x", "0"),
			want: []string{"sysctl x: 1 on old, 0 on new"}},
		"no package manager": {a: facts(machine.Package, "x", "1"), b: facts(machine.Env)},
		"port": {a: facts(machine.Port), b: facts(machine.Port, "tcp *:80", "open"),
			want: []string{"port tcp *:80: only on new"}},
		"empty": {a: facts(machine.Env, "A", ""), b: facts(machine.Env), want: []string{"env A: only on old: empty"}},
		"noise": {a: facts(machine.Env, "HOSTNAME", "x"), b: facts(machine.Env, "HOSTNAME", "y"),
			want: []string{"env HOSTNAME: x on old, y on new NOISE what engines and galley set"}},
		"ignored": {a: facts(machine.Env, "APP_X", "x"), b: facts(machine.Env, "APP_X", "y"),
			ignore: []config.Ignored{{Kind: "env", Pattern: "APP_*"}},
			want:   []string{"env APP_X: x on old, y on new NOISE ignored by kitchen.yml"}},
		"the moment": {a: facts(machine.Env, "AT", "2026-11-29 10:00:00"), b: facts(machine.Env, "AT", "2026-11-29 10:00:07"),
			want: []string{"env AT: 2026-11-29 10:00:00 on old, 2026-11-29 10:00:07 on new NOISE " +
				"times, IDs, host names and addresses in texts"}},
	} {
		got := machine.Values(machine.Machine{Facts: c.a, Base: c.baseA, Ignored: c.ignore},
			machine.Machine{Facts: c.b, Base: c.baseB})
		require.Equal(t, c.want, lines(got), name)
	}
}

func TestFiles(t *testing.T) {
	entry := func(e changes.Entry) *changes.Entry { return &e }
	file := func(size, mode int64) *changes.Entry {
		return entry(changes.Entry{Type: changes.File, Size: size, Mode: mode})
	}
	dir := entry(changes.Entry{Type: changes.Directory, Mode: 0o755})
	ofA := map[string]*changes.Entry{"/a": file(1, 0o644), "/content": file(3, 0o644), "/mode": file(1, 0o644), "/dir": dir,
		"/dir/x": file(1, 0o644), "/dir/x/y": file(1, 0o644), "/type": dir, "/who": file(9, 0o644), "/same": file(1, 0o644),
		"/link": entry(changes.Entry{Type: changes.Link, Target: "x"})}
	ofB := map[string]*changes.Entry{"/content": file(4, 0o644), "/mode": file(1, 0o600), "/type": file(1, 0o644),
		"/who": file(10, 0o644), "/same": file(1, 0o644), "/link": entry(changes.Entry{Type: changes.Link, Target: "y"})}
	ofA["/owner"], ofB["/owner"] = file(1, 0o644), entry(changes.Entry{Type: changes.File, Size: 1, Mode: 0o644, UID: 5})
	var a, b machine.Machine
	var paths []string
	for p := range ofA {
		a.Changed = append(a.Changed, changes.Change{Path: p})
	}
	a.Changed = append(a.Changed, changes.Change{Path: "/var/log/x", Noise: "logs"}, changes.Change{Path: "/etc/passwd"},
		changes.Change{Path: "/gone"})
	a.Own, b.Own = []string{"host-one"}, []string{"host-of-b"}
	paths, left := machine.Paths(a, b, false)
	require.Equal(t, map[string]int{"logs": 1, "files of users and groups": 1}, left)
	require.True(t, slices.IsSorted(paths))
	for p, texts := range map[string][2]string{"/content": {"same\nold  x", "same\nnew"},
		"/who": {"I am host-one", "I am host-of-b"}} {
		ofA[p].Text, ofB[p].Text = []byte(texts[0]), []byte(texts[1])
	}
	a.Entries, b.Entries = ofA, ofB
	got := machine.Files(a, b, paths)
	require.Equal(t, []string{
		"file /a: only on old: file 0644 0:0",
		`file /content: line 2: "old x" on old, "new" on new`,
		"file /dir: only on old: directory 0755 0:0",
		"file /link: target: x on old, y on new",
		"file /mode: mode: 0644 on old, 0600 on new",
		"file /owner: owner: 0:0 on old, 5:0 on new",
		"file /type: type: directory on old, file on new",
		"file /who: content: its own names, addresses or times on old, others on new NOISE " +
			"times, IDs, host names and addresses in texts",
	}, lines(got))
	r := machine.NewReport(got, left, nil, false)
	require.Equal(t, 7, r.Real())
	require.Len(t, r.Differences, 7)
	require.Equal(t, 3, len(r.Noise))
}

// TestAsTheImage: what one machine has not changed is as the image has it.
func TestAsTheImage(t *testing.T) {
	was := &changes.Entry{Type: changes.File, Mode: 0o644}
	a := machine.Machine{Changed: []changes.Change{{Path: "/new"}, {Path: "/mode", Old: was}},
		Entries: map[string]*changes.Entry{"/new": was, "/mode": {Type: changes.File, Mode: 0o600}}}
	require.Equal(t, []string{"file /mode: mode: 0600 on old, 0644 on new", "file /new: only on old: file 0644 0:0"},
		lines(machine.Files(a, machine.Machine{}, []string{"/mode", "/new"})))
}

func TestLines(t *testing.T) {
	r := machine.Report{Differences: []machine.Difference{
		{Kind: machine.File, Name: "/etc/app.conf", What: "line 3", A: `"pw hunter2"`, B: "nothing"},
		{Kind: machine.Port, Name: "tcp *:80", B: "open"},
		{Kind: machine.Env, Name: "A\nB", A: "x", Noise: "why"},
	}, Noise: map[string]int{"logs": 2, "caches": 5}, NotCompared: []string{"/data: something is mounted there"}}
	r = mask.Texts(r, func(s string) string { return strings.ReplaceAll(s, "hunter2", "********") })
	require.Equal(t, `old and new differ in 2 things
  file     /etc/app.conf  line 3: "pw ********" on old, nothing on new
  port     tcp *:80       only on new
  env      A\nB            only on old: x  (noise: why)
7 more by known noise: caches, logs; galley compare --show-noise compares and shows them
not compared: /data: something is mounted there`, strings.Join(r.Lines("old", "new"), "\n"))
	require.Equal(t, []string{"old and new do not differ"}, machine.Report{}.Lines("old", "new"))
}

// TestKinds: kitchen.yml knows all kinds.
func TestKinds(t *testing.T) {
	for _, r := range machine.Rules() {
		require.Contains(t, keys.ComparedKinds(), string(r.Kind))
		require.NotEmpty(t, r.Reason)
	}
}

// TestNoiseIsDocumented: each rule is a row of the documentation.
func TestNoiseIsDocumented(t *testing.T) {
	data, err := os.ReadFile("../../docs/commands.md")
	require.NoError(t, err)
	for _, r := range machine.Rules() {
		row := fmt.Sprintf("| %s | `%s` | %s |", r.Kind, strings.Join(r.Patterns, "` `"), r.Reason)
		if !strings.Contains(string(data), row) {
			t.Error("missing:", row)
		}
	}
}
