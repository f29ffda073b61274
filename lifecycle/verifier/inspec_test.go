package verifier

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/golden"
)

// inspecStandIn shows how it was called, and leaves the report in $STAND/report.
const inspecStandIn = `#!/bin/sh
echo "in $PWD"
for word; do echo "  $word"; done
env | grep -E '^(CHEF_|DOCKER_HOST)' | sort
for word; do
  case $word in
    json:*) [ ! -e $STAND/report ] || cp $STAND/report "${word#json:}" ;;
    junit2:*) echo junit > "${word#junit2:}" ;;
  esac
done
exit $(cat $STAND/code 2>/dev/null || echo 0)
`

func inspecInstance(c config.InspecVerifier) config.Instance {
	i := instance(config.VerifierInspec)
	c.BackendCache, c.LoadPlugins = true, true
	i.Verifier.Inspec = c
	return i
}

// What InSpec is called with, and what is in the sandbox for it.
func TestInspecCommandLine(t *testing.T) {
	needShell(t)
	files := map[string]string{
		dir + "default_test.rb": "x",
		"profile/inspec.yml": "name: profile\ndepends:\n  - name: base\n    path: ../base\n  - name: far\n    url: " +
			"https://example.com/far.tar.gz\n",
		"profile/controls/a.rb":    "x",
		"base/inspec.yml":          "name: base\ndepends:\n  - {name: profile, path: ../profile}\n",
		"base/controls/b.rb":       "x",
		"inputs/a.yml":             "a: 1\n",
		"waivers.yml":              "{}\n",
		"vendored/x/inspec.yml":    "name: x\n",
		"unused/controls/never.rb": "x",
	}
	cinc := inspecInstance(config.InspecVerifier{})
	cinc.Verifier.Kind = config.VerifierCincAuditor
	for name, c := range map[string]struct {
		instance config.Instance
		files    map[string]string
	}{
		"default": {inspecInstance(config.InspecVerifier{}), nil},
		"cinc":    {cinc, nil},
		"everything": {inspecInstance(config.InspecVerifier{
			Tests: []config.InspecTest{{Path: "profile"}, {Path: "test/integration/default"}, {Path: "profile"},
				{Path: "https://example.com/a.tar.gz"}, {URL: "https://example.com/b.tar.gz"},
				{Name: "baseline", Git: "https://example.com/g.git", Branch: "main", RelativePath: "sub"},
				{Git: "https://example.com/plain.git"}, {Compliance: "me/cis"}, {Supermarket: "dev-sec/ssh"},
				{Supermarket: "dev-sec/it's", SupermarketURL: "https://market.example.com"},
				{Name: "dev-sec/linux"}, {Name: "base"}},
			Controls: []string{"a-1", "/^b/"}, Inputs: config.Hash{{Key: "port", Value: 80},
				{Key: "users", Value: []any{"it's"}}},
			Reporter: []string{"progress", "junit2:out/%{platform}_%{suite}.xml", "json:out/report.json"},
			License:  "accept-no-persist", LicenseKey: "secret",
			PluginConfig: config.Hash{{Key: "p", Value: config.Hash{{Key: "k", Value: "v"}}}},
		}), nil},
		"files": {inspecInstance(config.InspecVerifier{InputFiles: []string{"inputs/a.yml"},
			WaiverFiles: []string{"waivers.yml"}, ProfilesPath: "vendored", Output: "out.txt"}), nil},
		"recipes take the place": {inspecInstance(config.InspecVerifier{}),
			map[string]string{"test/recipes/default/r_test.rb": "x"}},
		"beside other tools": {inspecInstance(config.InspecVerifier{}),
			map[string]string{dir + "bats/a.bats": "x", dir + "inspec/b_test.rb": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newKitchen(t, files)
			for n, text := range c.files {
				b.write(n, text)
			}
			b.write(".tools/inspec", inspecStandIn)
			b.write(".tools/cinc-auditor", strings.Replace(inspecStandIn, "echo \"in", "echo \"cinc in", 1))
			b.write("report", `{"profiles":[]}`)
			in := &c.instance.Verifier.Inspec
			for _, list := range [][]string{in.InputFiles, in.WaiverFiles} {
				for n := range list {
					list[n] = filepath.Join(b.project.Root, list[n])
				}
			}
			if in.ProfilesPath != "" {
				in.ProfilesPath = filepath.Join(b.project.Root, in.ProfilesPath)
			}
			t.Setenv("PATH", b.path+":"+os.Getenv("PATH"))
			var text strings.Builder
			for _, where := range []config.Place{config.PlaceRunner, config.PlaceHost} {
				in.Location = where
				b.out.Reset()
				b.project.Environ = []string{"PATH=" + b.path + ":/usr/bin:/bin", "STAND=" + b.project.Root,
					"CHEF_LICENSE_SERVER=https://licence.example.com"}
				_, err := b.verify(c.instance)
				var none *NoTestsError
				require.ErrorAs(t, err, &none, b.out.String())
				text.WriteString("== " + string(where) + "\n" + results(b.generic(b.out.String())))
			}
			var fetched []string
			for from, to := range b.downloads {
				fetched = append(fetched, from+" to "+b.generic(to))
			}
			sort.Strings(fetched)
			text.WriteString("== fetched\n" + strings.Join(append(fetched, ""), "\n") + "== sandbox\n")
			for _, f := range b.sandboxed() {
				if strings.HasPrefix(f, "reports/") {
					continue
				}
				text.WriteString(f + "\n")
				if !strings.Contains(f, "/src/") {
					data, err := os.ReadFile(filepath.Join(b.box.Local, f))
					require.NoError(t, err)
					text.WriteString("    " + strings.ReplaceAll(strings.TrimSpace(string(data)), "\n", "\n    ") +
						"\n")
				}
			}
			golden.Equal(t, "testdata/inspec/"+strings.ReplaceAll(name, " ", "-")+".txt", text.String())
			if len(in.Reporter) > 0 {
				copied, err := os.ReadFile(filepath.Join(b.project.Root, "out", "report.json"))
				require.NoError(t, err)
				require.Equal(t, `{"profiles":[]}`, string(copied))
			}
		})
	}
}

// results hides the name of a temporary file.
func results(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "  json:") && !strings.Contains(l, "PRIVATE") {
			lines[i] = "  json:RESULTS"
		}
	}
	return strings.Join(lines, "\n")
}

func TestInspecResults(t *testing.T) {
	needShell(t)
	const report = `{"profiles":[{"name":"tests from SRC/test/integration/default","status":"loaded","controls":[
 {"id":"a","source_location":{"ref":"SRC/test/integration/default/a_test.rb","line":2},"results":[{"status":"OUTCOME","code_desc":"it works","message":"no"}]}]}]}`
	for name, c := range map[string]struct {
		code, outcome, want string
	}{
		"passes": {"0", "passed", "passed \"it works\" test/integration/default/a_test.rb:2\n"},
		"skips":  {"101", "skipped", "skipped \"it works\" test/integration/default/a_test.rb:2\n"},
		"fails": {"100", "failed",
			"failed \"it works\" test/integration/default/a_test.rb:2 \"no\"\nerror: inspec: 1 of 1 test failed\n"},
		"dies": {"3", "", "failed \"inspec ends well\" \"inspec exited with code 3: it uses something that it " +
			"no longer has\\nSAID\"\nerror: inspec exited with code 3: it uses something that it no longer has\n"},
		"cannot load": {"102", "", "failed \"inspec ends well\" \"inspec exited with code 102: a profile cannot be " +
			"loaded\\nSAID\"\nerror: inspec exited with code 102: a profile cannot be loaded\n"},
		"has no licence": {"172", "", "failed \"inspec ends well\" \"inspec exited with code 172: its licence is not " +
			"accepted; set verifier.chef_license\\nSAID\"\nerror: inspec exited with code 172: its licence is not accepted; " +
			"set verifier.chef_license\n"},
	} {
		for _, where := range []config.Place{config.PlaceRunner, config.PlaceHost} {
			t.Run(name+" on "+string(where), func(t *testing.T) {
				b := newKitchen(t, map[string]string{dir + "a_test.rb": "x", ".tools/inspec": inspecStandIn,
					"code": c.code})
				src := filepath.Join(b.box.Remote, "inspec", "src")
				if where == config.PlaceHost {
					src = b.project.Root
				}
				if c.outcome != "" {
					b.write("report", strings.NewReplacer("SRC", src, "OUTCOME", c.outcome).Replace(report))
				}
				t.Setenv("PATH", b.path+":"+os.Getenv("PATH"))
				b.project.Environ = []string{"PATH=" + b.path + ":/usr/bin:/bin", "STAND=" + b.project.Root}
				got := summary(b.verify(inspecInstance(config.InspecVerifier{Location: where})))
				if c.outcome == "" { // the stand-in's output is in the message
					start := strings.Index(got, `\nin `)
					end := strings.Index(got, "\"\nerror:")
					require.Less(t, 0, start, got)
					got = got[:start] + `\nSAID` + got[end:]
				}
				require.Equal(t, c.want, got)
			})
		}
	}
}

// InSpec that fails early has written no reports: that is not told in place of why,
// and no empty file takes the place of an older report.
func TestInspecThatFailsEarlyLeavesReportsAlone(t *testing.T) {
	needShell(t)
	for _, where := range []config.Place{config.PlaceRunner, config.PlaceHost} {
		b := newKitchen(t, map[string]string{dir + "a_test.rb": "x", ".tools/inspec": inspecStandIn, "code": "172"})
		t.Setenv("PATH", b.path+":"+os.Getenv("PATH"))
		b.project.Environ = []string{"PATH=" + b.path + ":/usr/bin:/bin", "STAND=" + b.project.Root}
		_, err := b.verify(inspecInstance(config.InspecVerifier{Location: where,
			Reporter: []string{"cli", "junit2:out/a.xml", "json:out/a.json"}}))
		require.EqualError(t, err, "inspec exited with code 172: its licence is not accepted; set verifier.chef_license")
		require.Empty(t, b.downloads)
		require.NoFileExists(t, filepath.Join(b.project.Root, "out", "a.json"))
	}
}

// A directory that cannot be made for the report keeps no test from running.
func TestInspecReportInTheWay(t *testing.T) {
	needShell(t)
	for _, where := range []config.Place{config.PlaceRunner, config.PlaceHost} {
		for _, reporter := range []string{"json:code/a.json", "html:code/a.html"} {
			b := newKitchen(t, map[string]string{dir + "a_test.rb": "x", ".tools/inspec": inspecStandIn, "code": "0",
				"report": `{"profiles":[{"controls":[{"results":[{"status":"passed","code_desc":"it works"}]}]}]}`})
			t.Setenv("PATH", b.path+":"+os.Getenv("PATH"))
			b.project.Environ = []string{"PATH=" + b.path + ":/usr/bin:/bin", "STAND=" + b.project.Root}
			got := summary(b.verify(inspecInstance(config.InspecVerifier{Location: where,
				Reporter: []string{"junit2:out/a.xml", reporter}})))
			require.Contains(t, got, "passed \"it works\"\nerror: verifier.reporter: mkdir ", "%s %s", where, reporter)
			require.Contains(t, b.out.String(), "a.xml", "the other report is written")
			if where == config.PlaceHost {
				require.NotContains(t, b.out.String(), "a.html", "InSpec does not get what it cannot write")
			}
		}
	}
}

// Without InSpec in the runner, this machine's is used; without either, the error tells where it was looked for.
func TestInspecFallsBackToTheHost(t *testing.T) {
	needShell(t)
	b := newKitchen(t, map[string]string{dir + "a_test.rb": "x",
		"report":            `{"profiles":[{"controls":[{"results":[{"status":"passed","code_desc":"it works"}]}]}]}`,
		"host/cinc-auditor": inspecStandIn})
	t.Setenv("PATH", filepath.Join(b.project.Root, "host"))
	b.project.Environ = []string{"PATH=/usr/bin:/bin", "STAND=" + b.project.Root}
	require.Equal(t, "passed \"it works\"\n", summary(b.verify(inspecInstance(config.InspecVerifier{}))))
	require.Contains(t, b.out.String(), "docker://abc\nDOCKER_HOST=unix:///engine.sock\n")

	t.Setenv("PATH", b.path)
	_, err := b.verify(inspecInstance(config.InspecVerifier{}))
	var missing *ToolMissingError
	require.ErrorAs(t, err, &missing)
	require.Contains(t, err.Error(), "/opt/*/embedded/bin/inspec")
	require.Contains(t, err.Error(), "cinc-auditor on this machine")
}

// This machine's InSpec reads and writes nothing where the runner can write, whatever the runner has put there.
func TestInspecOnTheHostKeepsAwayFromTheRunner(t *testing.T) {
	needShell(t)
	for name, v := range map[string]config.InspecVerifier{
		"plain": {Location: config.PlaceHost},
		"with all": {Location: config.PlaceHost, Inputs: config.Hash{{Key: "a", Value: 1}},
			PluginConfig: config.Hash{{Key: "p", Value: 1}},
			Reporter:     []string{"cli", "json:out/a.json", "junit2:out/a.xml"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newKitchen(t, map[string]string{dir + "a_test.rb": "x", "host/inspec": inspecStandIn,
				"report": `{"profiles":[{"controls":[{"results":[{"status":"passed","code_desc":"it works"}]}]}]}`})
			victim := filepath.Join(t.TempDir(), "victim")
			require.NoError(t, os.WriteFile(victim, []byte("kept"), 0o600))
			require.NoError(t, os.MkdirAll(filepath.Join(b.box.Local, "inspec"), 0o755))
			for _, planted := range []string{"results.json", "inspec/results.json", "inspec/inputs.yml",
				"inspec/config.json", "inspec/planted_test.rb"} {
				require.NoError(t, os.Symlink(victim, filepath.Join(b.box.Local, planted)))
			}
			t.Setenv("PATH", filepath.Join(b.project.Root, "host")+":/usr/bin:/bin")
			b.project.Environ = []string{"PATH=/usr/bin:/bin", "STAND=" + b.project.Root}
			require.Equal(t, "passed \"it works\"\n", summary(b.verify(inspecInstance(v))))
			require.Contains(t, b.out.String(), "docker://abc", "it ran on this machine")
			require.NotContains(t, b.out.String(), b.box.Local, "an argument, or where it ran")
			data, err := os.ReadFile(victim)
			require.NoError(t, err)
			require.Equal(t, "kept", string(data))
		})
	}
}

// Profiles that the runner's InSpec cannot fetch are for this machine's, if it has one.
func TestInspecRunsWhereItCanFetchProfiles(t *testing.T) {
	needShell(t)
	git := config.InspecTest{Git: "https://example.com/p.git"}
	for name, c := range map[string]struct {
		test     config.InspecTest
		location config.Place
		lacks    string
		noHost   bool
		host     bool
	}{
		"git in the runner":        {test: git},
		"no git in the runner":     {test: git, lacks: "git", host: true},
		"an address in Git":        {test: config.InspecTest{Path: "git@example.com:p"}, lacks: "git", host: true},
		"a dependency in Git":      {test: config.InspecTest{Path: "wrapper"}, lacks: "git", host: true},
		"no InSpec here":           {test: git, lacks: "git", noHost: true},
		"the user's choice":        {test: git, lacks: "git", location: config.PlaceRunner},
		"no need of git":           {test: config.InspecTest{URL: "https://example.com/p.tar.gz"}, lacks: "git"},
		"Chef Automate":            {test: config.InspecTest{Compliance: "me/cis"}, host: true},
		"a dependency in Automate": {test: config.InspecTest{Path: "logged"}, host: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newKitchen(t, map[string]string{".tools/inspec": inspecStandIn, "host/inspec": inspecStandIn,
				"report":             `{"profiles":[{"controls":[{"results":[{"status":"passed"}]}]}]}`,
				"wrapper/inspec.yml": "name: w\ndepends: [{name: p, git: 'https://example.com/p.git'}]\n",
				"logged/inspec.yml":  "name: l\ndepends: [{name: p, compliance: me/p}]\n"})
			b.lacks = c.lacks
			t.Setenv("PATH", filepath.Join(b.project.Root, "host"))
			if c.noHost {
				t.Setenv("PATH", "")
			}
			b.project.Environ = []string{"PATH=/usr/bin:/bin", "STAND=" + b.project.Root}
			_, err := b.verify(inspecInstance(config.InspecVerifier{Tests: []config.InspecTest{c.test},
				Location: c.location}))
			require.NoError(t, err, b.out.String())
			require.Equal(t, c.host, strings.Contains(b.out.String(), "docker://abc"), b.out.String())
		})
	}
}

// A lock file that names directories of this machine would keep InSpec in the
// runner from finding the profiles that came along.
func TestInspecLockFiles(t *testing.T) {
	const local = "---\nlockfile_version: 1\ndepends:\n- name: base\n  resolved_source:\n    path: \"/home/me/base\"\n " +
		" version_constraints: []\n"
	b := newKitchen(t, map[string]string{"a/inspec.yml": "name: a\n", "a/inspec.lock": local,
		"b/inspec.lock": strings.Replace(local, "path:", "url:", 1), "b/x_path.rb": "path: x\n"})
	v, err := New(b.project, inspecInstance(config.InspecVerifier{Tests: []config.InspecTest{{Path: "a"},
		{Path: "b"}}}))
	require.NoError(t, err)
	require.NoError(t, v.Prepare(t.Context(), b.box))
	require.Equal(t, []string{"inspec/src/a/inspec.yml", "inspec/src/b/inspec.lock", "inspec/src/b/x_path.rb"},
		b.sandboxed())
}

// A dependency's path is relative to the project, where kitchen-inspec runs, before it is
// to the profile; in the runner and on this machine InSpec gets a path that it finds.
func TestInspecDependsOnTheProject(t *testing.T) {
	needShell(t)
	for _, where := range []config.Place{config.PlaceRunner, config.PlaceHost} {
		b := newKitchen(t, map[string]string{
			"test/profile/inspec.yml": "name: profile\ndepends:\n  - name: shared\n    path: test/shared\n  - name: beside\n " +
				"   path: ../beside\n",
			"test/shared/inspec.yml": "name: shared\n", "test/beside/inspec.yml": "name: beside\n",
			"report": `{"profiles":[{"controls":[{"results":[{"status":"passed","code_desc":"it works"}]}]}]}`,
			// It looks as InSpec does: relative to the profile.
			".tools/inspec": "#!/bin/sh\nfor w; do [ ! -f \"$w/inspec.yml\" ] || cd \"$w\"; case $w in json:*) cp " +
				"\"$STAND/report\" \"${w#json:}\" ;; esac; done\n" +
				"for p in $(sed -n 's/^ *path: //p' inspec.yml); do echo \"$p $(sed -n 's/^name: //p' \"$p/inspec.yml\")\"; done\n",
		})
		t.Setenv("PATH", b.path+":"+os.Getenv("PATH"))
		b.project.Environ = []string{"PATH=" + b.path + ":/usr/bin:/bin", "STAND=" + b.project.Root}
		_, err := b.verify(inspecInstance(config.InspecVerifier{Location: where,
			Tests: []config.InspecTest{{Path: "test/profile"}}}))
		require.NoError(t, err, b.out.String())
		require.Equal(t, "../shared shared\n../beside beside\n", b.out.String(), where)
	}
}
