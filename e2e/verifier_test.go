//go:build linux

package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/e2e/testbed"
)

// onOneOfEach runs a test on one Docker and one rootless Podman: the tools in the
// runner are the same whatever engine it is on.
func onOneOfEach(t *testing.T, test func(t *testing.T, e testbed.Engine)) {
	t.Helper()
	taken := map[string]bool{}
	for _, e := range testbed.Engines(t) {
		if taken[e.Kind] || e.UserNSRemap || (e.Kind == testbed.Podman && !e.Rootless) {
			continue
		}
		taken[e.Kind] = true
		t.Run(e.Name, func(t *testing.T) { test(t, e) })
	}
}

// report is galley's JSON report, as far as these tests look at it.
type report struct {
	Status    string
	Instances []struct {
		Name, Status, Error string
		Phases              []struct {
			Phase, Status string
			Tests         []testCase
		}
	}
}

type testCase struct {
	Suite, ID, Title, Outcome, Message, File string
	Line                                     int
	FlakyMessage                             string `json:"flaky_message"`
}

// tests are the cases of an instance's last verify.
func (r report) tests(t *testing.T, instance string) []testCase {
	t.Helper()
	for _, i := range r.Instances {
		if i.Name != instance {
			continue
		}
		for n := len(i.Phases) - 1; n >= 0; n-- {
			if i.Phases[n].Phase == "verify" {
				return i.Phases[n].Tests
			}
		}
	}
	t.Fatalf("the report has no verify of %s", instance)
	return nil
}

// failed are the failed cases, in short.
func (r report) failed(t *testing.T, instance string) []testCase {
	var list []testCase
	for _, c := range r.tests(t, instance) {
		if c.Outcome == "failed" {
			list = append(list, c)
		}
	}
	return list
}

func (p *project) report(name string) report {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	require.NoError(p.t, err)
	var r report
	require.NoError(p.t, json.Unmarshal(data, &r))
	return r
}

// testersKitchen has a suite for each test tool. Only goss is named: the others are found by the layout of the files.
const testersKitchen = `
driver: {name: dokken}
provisioner:
  name: shell
  command: echo hello > /greeting
platforms:
  - name: testers
    driver: {image: testers}
  - name: busybox
    driver: {image: busybox}
suites:
  - name: bats
    includes: [testers]
  - name: spec
    includes: [testers]
  - name: infra
    includes: [testers]
  - name: mixed
    includes: [testers]
  - name: goss
    includes: [busybox]
    verifier:
      name: goss
      image: goss
  - name: none
    includes: [busybox]
`

var testersFiles = map[string]string{
	"kitchen.yml": testersKitchen,

	"test/integration/helpers/bats/common.bash": "greeting() { cat /greeting; }\n",
	"test/integration/bats/bats/greeting.bats": `load common
@test "it greets" {
  [ "$(greeting)" = "hello" ]
}
@test "it can wait" { skip "no time"; }
`,
	"test/integration/spec/serverspec/spec_helper.rb": "require 'serverspec'\nset :backend, :exec\n",
	"test/integration/spec/serverspec/greeting_spec.rb": `require 'spec_helper'
describe file('/greeting') do
  it { should be_file }
  its(:content) { should match(/hello/) }
end
`,
	"test/integration/infra/testinfra/test_greeting.py": `def test_greeting(host):
    assert host.file("/greeting").content_string == "hello\n"
`,
	"test/integration/mixed/bats/a.bats":              "@test \"in bats\" { true; }\n",
	"test/integration/mixed/serverspec/a_spec.rb":     "describe('in rspec') { it('runs') { } }\n",
	"test/integration/mixed/bash/well_test.sh":        "test -s /greeting && echo printed by a script\n",
	"test/integration/mixed/data_bags/ignored/x.json": "{}\n",
	"test/integration/goss/goss/goss.yaml": `file:
  /greeting:
    exists: true
    contents: ["{{.Vars.word}}"]
`,
	"test/integration/goss/goss/vars.yaml": "word: hello\n",
}

// Real test tools run in the runner, and each of their tests is in the report.
func TestTestTools(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox", "testers", "goss")
		p := newProject(t, e, testersFiles)
		r := p.ok("verify", "-c", "3", "--report", "json=ok.json")
		require.Contains(t, r.String(), "no tests were found in test/integration/none")
		ok := p.report("ok.json")
		require.Equal(t, []testCase{
			{Suite: "greeting.bats", Title: "it greets", Outcome: "passed",
				File: "test/integration/bats/bats/greeting.bats", Line: 2},
			{Suite: "greeting.bats", Title: "it can wait", Outcome: "skipped", Message: "no time",
				File: "test/integration/bats/bats/greeting.bats", Line: 5},
		}, ok.tests(t, "bats-testers"))
		require.Equal(t, []testCase{
			{Suite: "greeting_spec.rb", Title: `File "/greeting" is expected to be file`, Outcome: "passed",
				File: "test/integration/spec/serverspec/greeting_spec.rb", Line: 3},
			{Suite: "greeting_spec.rb", Title: `File "/greeting" content is expected to match /hello/`,
				Outcome: "passed", File: "test/integration/spec/serverspec/greeting_spec.rb", Line: 4},
		}, ok.tests(t, "spec-testers"))
		require.Equal(t, []testCase{
			{Suite: "test_greeting.py", Title: "test_greeting[local]", Outcome: "passed",
				File: "test/integration/infra/testinfra/test_greeting.py", Line: 1},
		}, ok.tests(t, "infra-testers"))
		require.Equal(t, []testCase{
			{Suite: "a.bats", Title: "in bats", Outcome: "passed", File: "test/integration/mixed/bats/a.bats", Line: 1},
			{Title: "well_test.sh", Outcome: "passed", File: "test/integration/mixed/bash/well_test.sh"},
			{Suite: "a_spec.rb", Title: "in rspec runs", Outcome: "passed",
				File: "test/integration/mixed/serverspec/a_spec.rb", Line: 1},
		}, ok.tests(t, "mixed-testers"))
		require.Equal(t, []testCase{
			{Suite: "File", ID: "/greeting", Title: "File: /greeting: exists", Outcome: "passed",
				File: "test/integration/goss/goss/goss.yaml"},
			{Suite: "File", ID: "/greeting", Title: "File: /greeting: contents", Outcome: "passed",
				File: "test/integration/goss/goss/goss.yaml"},
		}, ok.tests(t, "goss-busybox"))
		require.Empty(t, ok.tests(t, "none-busybox"))

		// The tests change: what is gone is not run, what fails is told.
		require.NoError(t, os.Remove(filepath.Join(p.dir, "test/integration/mixed/bash/well_test.sh")))
		p.write("test/integration/bats/bats/greeting.bats",
			"load common\n@test \"it shouts\" {\n  echo trying\n  [ \"$(greeting)\" = \"HELLO\" ]\n}\n")
		p.write("test/integration/spec/serverspec/greeting_spec.rb",
			"require 'spec_helper'\ndescribe file('/greeting') do\n  it { should be_mode 777 }\nend\n")
		p.write("test/integration/infra/testinfra/test_greeting.py",
			"def test_greeting(host):\n    assert not host.file('/greeting').exists\n")
		p.write("test/integration/mixed/bats/a.bats", "@test \"in bats\" { false; }\n")
		p.write("test/integration/goss/goss/vars.yaml", "word: bye\n")
		r = p.galley("verify", "-c", "3", "--require-tests", "--report", "json=bad.json")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "--require-tests")
		bad := p.report("bad.json")
		for instance, want := range map[string]testCase{
			"bats-testers": {Title: "it shouts", File: "test/integration/bats/bats/greeting.bats", Line: 4,
				Message: "trying"},
			"spec-testers": {Title: `File "/greeting" is expected to be mode 777`,
				File: "test/integration/spec/serverspec/greeting_spec.rb", Line: 3, Message: "to be truthy, got false"},
			"infra-testers": {Title: "test_greeting[local]", File: "test/integration/infra/testinfra/test_greeting.py",
				Line: 1, Message: "AssertionError"},
			"mixed-testers": {Title: "in bats", File: "test/integration/mixed/bats/a.bats", Line: 1, Message: "failed"},
			"goss-busybox": {Title: "File: /greeting: contents", File: "test/integration/goss/goss/goss.yaml",
				Message: "bye"},
		} {
			failed := bad.failed(t, instance)
			require.Len(t, failed, 1, instance)
			require.Contains(t, failed[0].Message, want.Message)
			require.Equal(t, want.Title, failed[0].Title)
			require.Equal(t, want.File, failed[0].File)
			require.Equal(t, want.Line, failed[0].Line)
		}
		require.Equal(t, []testCase{
			{Suite: "a_spec.rb", Title: "in rspec runs", Outcome: "passed",
				File: "test/integration/mixed/serverspec/a_spec.rb", Line: 1},
		}, bad.tests(t, "mixed-testers")[1:], "the removed script is not run again, and rspec runs after bats failed")
		require.Contains(t, r.String(), "bats: 1 of 1 test failed")
	})
}

// inspecKitchen runs a stand-in for InSpec in the runner and on this machine.
const inspecKitchen = `
driver: {name: dokken}
provisioner:
  name: shell
  command: touch /made
verifier:
  name: inspec
  inspec_tests:
    - path: test/more
  controls: [file-1, file-2]
  inputs: {words: [a, b]}
  waiver_files: [waivers.yml]
  reporter:
    - cli
    - junit2:reports/%{suite}.xml
platforms:
  - name: busybox
    driver: {image: busybox}
suites:
  - name: inside
    driver:
      binds: ["./bin:/opt/inspec/bin"]
    verifier: {location: runner}
  - name: outside
    verifier: {location: host}
  - name: nowhere
    verifier: {location: runner}
`

func TestInspec(t *testing.T) {
	standIn, err := os.ReadFile("testdata/bin/inspec")
	require.NoError(t, err)
	onOneOfEach(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{
			"kitchen.yml":            inspecKitchen,
			"bin/inspec":             string(standIn),
			"waivers.yml":            "file-2:\n  justification: known\n",
			"test/more/more_test.rb": "describe file('/made')\ndescribe file('/waived')\ndescribe file('/not-asked-for')\n",
			"test/integration/inside/default_test.rb":    "describe file('/etc/passwd')\n",
			"test/integration/outside/x/default_test.rb": "describe file('/etc/passwd')\n",
		})
		p.env = append(p.env, "PATH="+filepath.Join(p.dir, "bin")+":"+os.Getenv("PATH"))
		r := p.ok("verify", "inside", "outside", "-c", "--report", "json=ok.json")
		require.Contains(t, r.String(), "File /made is expected to exist")
		ok := p.report("ok.json")
		for suite, file := range map[string]string{"inside": "default_test.rb", "outside": "x/default_test.rb"} {
			require.Equal(t, []testCase{
				{Suite: "tests from test/integration/" + suite, ID: "file-1",
					Title: "File /etc/passwd is expected to exist", Outcome: "passed",
					File: "test/integration/" + suite + "/" + file, Line: 1},
				{Suite: "tests from test/more", ID: "file-1", Title: "File /made is expected to exist",
					Outcome: "passed", File: "test/more/more_test.rb", Line: 1},
				{Suite: "tests from test/more", ID: "file-2", Title: "File /waived is expected to exist",
					Outcome: "skipped", Message: "Skipped control due to waiver condition: known",
					File: "test/more/more_test.rb", Line: 2},
			}, ok.tests(t, suite+"-busybox"))
			require.FileExists(t, filepath.Join(p.dir, "reports", suite+".xml"))
		}

		p.ok("exec", "-c", "rm /made", "inside", "outside")
		r = p.galley("verify", "inside", "outside", "-c", "--report", "json=bad.json")
		require.Equal(t, 20, r.code, r.String())
		bad := p.report("bad.json")
		for _, instance := range []string{"inside-busybox", "outside-busybox"} {
			failed := bad.failed(t, instance)
			require.Len(t, failed, 1)
			require.Equal(t, "expected File /made to exist", failed[0].Message)
		}

		r = p.galley("verify", "nowhere")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "inspec was not found: looked in inspec, cinc-auditor, /opt/*/bin/inspec")
		require.Contains(t, r.String(), "verifier.image")
	})
}

// A test that passes at the second try is reported as flaky, with what both tries
// printed. Reports are named in the settings, and GitHub is told without being asked.
func TestRetryAndReports(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": strings.Replace(shellKitchen("true",
				"test -e /again || { touch /again; echo the first try; exit 1; }; echo the second try"),
				"name: shell\n  command: 'test", "name: shell\n  remote_exec: true\n  command: 'test", 1),
			".galley.yml": "retry: 1\nreport: [json=out/run.json, junit=out/run.xml, html=out/run.html, ndjson=out/run.ndjson]\n",
		})
		p.env = append(p.env, "GITHUB_ACTIONS=true", "GITHUB_STEP_SUMMARY="+filepath.Join(p.dir, "summary.md"))
		r := p.ok("verify")
		require.Contains(t, r.stderr, "passed only when done again (flaky): default-busybox")
		require.Contains(t, r.stdout, "::warning title=default-busybox::verify failed; trying again (1 of 1)")
		run := p.report("out/run.json")
		require.Equal(t, "passed", run.Status)
		flaky := run.tests(t, "default-busybox")
		require.Len(t, flaky, 1)
		require.Equal(t, "passed", flaky[0].Outcome)
		require.Contains(t, flaky[0].FlakyMessage, "the first try")
		for file, words := range map[string][]string{
			"out/run.xml":    {"<flakyFailure", "the first try", "the second try"},
			"out/run.html":   {"Passed only when done again", "the first try", "the second try"},
			"out/run.ndjson": {`"run_finished"`},
			"summary.md":     {"flaky", "the first try", "the second try"},
		} {
			text, err := os.ReadFile(filepath.Join(p.dir, file))
			require.NoError(t, err)
			for _, w := range words {
				require.Contains(t, string(text), w, file)
			}
		}
		// The tries are not for what no second try can mend.
		p.write("kitchen.yml", strings.Replace(shellKitchen("true", "true"),
			"  name: shell\n  command: 'true'\nplatforms", "  name: inspec\n  inspec_tests: [nowhere]\nplatforms", 1))
		r = p.galley("verify")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "there is no nowhere in")
		require.NotContains(t, r.String(), "trying again")
	})
}

// A run that is killed leaves a recording, of which a report of what there was can be made.
func TestReportOfAKilledRun(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": `
driver: {name: dokken}
provisioner: {name: shell, command: 'true'}
verifier: {name: shell, remote_exec: true}
platforms:
  - name: busybox
    driver: {image: busybox}
suites:
  - name: good
    verifier: {command: echo well}
  - name: stuck
    verifier: {command: echo started; exec sleep 600}
  - name: waiting
`})
		cmd := p.command(t.Context(), "verify", "-c", "1", "--report", "ndjson=run.ndjson")
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "started") {
				require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
			}
		}
		require.Error(t, cmd.Wait())
		p.ok("report", "run.ndjson", "--json", "run.json", "--html", "run.html", "--junit", "run.xml")
		run := p.report("run.json")
		require.Equal(t, "unfinished", run.Status)
		var statuses []string
		for _, i := range run.Instances {
			statuses = append(statuses, i.Name+" "+i.Status)
		}
		require.Equal(t, []string{"good-busybox passed", "stuck-busybox unfinished", "waiting-busybox not started"},
			statuses)
		require.Equal(t, []testCase{{Title: "echo well", Outcome: "passed"}}, run.tests(t, "good-busybox"))
		stuck := run.Instances[1].Phases
		require.Equal(t, "verify", stuck[len(stuck)-1].Phase)
		require.Equal(t, "unfinished", stuck[len(stuck)-1].Status)
		page, err := os.ReadFile(filepath.Join(p.dir, "run.html"))
		require.NoError(t, err)
		require.Contains(t, string(page), "Cut off: 1 of 3 instances passed")
		require.Contains(t, string(page), "started")

		// Torn in the middle of its last line, it is reported as far as it is whole.
		whole, err := os.ReadFile(filepath.Join(p.dir, "run.ndjson"))
		require.NoError(t, err)
		p.write("torn.ndjson", string(whole[:len(whole)-5]))
		r := p.ok("report", "torn.ndjson", "--json", "torn.json")
		require.Contains(t, r.stderr, "torn.ndjson is cut off in its last line")
		require.Equal(t, "unfinished", p.report("torn.json").Status)
	})
}
