package verifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// inspecDir is the directory of InSpec's tests in busser's layout, and that of
// all that belongs to InSpec in the sandbox.
const inspecDir = "inspec"

// reportsDir is where InSpec in the runner writes the reports that kitchen.yml asks
// for, in the sandbox.
const reportsDir = "reports"

// The exit codes of InSpec that are no failure of tests.
const (
	inspecSkips    = 101 // nothing failed, and something was skipped
	inspecFailures = 100
)

// inspec runs InSpec or Cinc Auditor: in the runner, with the binary that the tool
// volume (Chef's, say) or the image has, or else on this machine through the
// engine's API.
type inspec struct {
	project  Project
	config   config.Verifier
	suite    string
	platform string
	targets  []inspecTarget
	// base is the directory of this machine that the carried files keep their
	// places relative to, since profiles depend on each other by relative paths.
	base string
	// far is what the profiles need beyond files of this machine.
	far farProfiles
}

func newInspec(p Project, i config.Instance, targets []inspecTarget) *inspec {
	return &inspec{project: p, config: i.Verifier, suite: i.Suite, platform: i.Platform, targets: targets}
}

// findInspec collects the profiles of an instance: the suite's own directory, as
// kitchen-inspec finds it, and those that kitchen.yml names.
func findInspec(p Project, i config.Instance) (parts []part, looked []string, err error) {
	dir := inspecSuiteDir(p, i.Suite)
	looked = []string{p.shown(dir)}
	var targets []inspecTarget
	if isDir(dir) {
		targets = append(targets, inspecTarget{path: dir})
	}
	for _, t := range i.Verifier.Inspec.Tests {
		target, err := p.inspecTarget(t)
		if err != nil {
			return nil, looked, err
		}
		if !slices.Contains(targets, target) {
			targets = append(targets, target)
		}
	}
	if len(targets) == 0 {
		return nil, looked, nil
	}
	return []part{newInspec(p, i, targets)}, looked, nil
}

// inspecSuiteDir is where the suite's own tests are: test/recipes takes the place
// of test/integration where it exists, and a directory for another tool beside
// them means that InSpec's are in one of their own.
func inspecSuiteDir(p Project, suite string) string {
	base := p.TestBase
	if recipes := filepath.Join(p.Root, "test", "recipes"); isDir(recipes) {
		base = recipes
	}
	dir := filepath.Join(base, suite)
	for _, other := range []string{inspecDir, "serverspec", "bats", "pester", "rspec", "cucumber", "minitest", "bash", "goss", "testinfra"} {
		if isDir(filepath.Join(dir, other)) {
			return filepath.Join(dir, inspecDir)
		}
	}
	return dir
}

// verify runs InSpec where it is.
func (n *inspec) verify(ctx context.Context, s session) ([]result.TestCase, error) {
	where := n.config.Inspec.Location
	if where == config.InspecOnHost {
		return n.onHost(ctx, s, nil)
	}
	if where != config.InspecInRunner {
		better, err := n.betterOnHost(ctx, s)
		if err != nil {
			return nil, err
		}
		if better {
			return n.onHost(ctx, s, nil)
		}
	}
	cases, err := n.inRunner(ctx, s)
	var missing *ToolMissingError
	if where != config.InspecInRunner && errors.As(err, &missing) {
		return n.onHost(ctx, s, missing.Places)
	}
	return cases, err
}

// betterOnHost tells whether this machine's InSpec can fetch profiles that the
// runner's cannot: a login to Chef Automate is known here only, and few runners
// have git.
func (n *inspec) betterOnHost(ctx context.Context, s session) (bool, error) {
	if !n.far.git && !n.far.login || !hostReaches(s.target) {
		return false, nil
	}
	if _, err := n.hostBinary(nil); err != nil {
		return false, nil //nolint:nilerr // then the runner's has to try
	}
	if n.far.login {
		return true, nil
	}
	code, err := s.runner.Exec(ctx, runner.Command{Argv: runner.Shell("command -v git"), Stdout: io.Discard, Stderr: s.out.Stderr})
	return code != 0, err
}

// binaries are the names of the command, the one asked for first.
func (n *inspec) binaries() []string {
	if n.config.Kind == config.VerifierCincAuditor {
		return []string{"cinc-auditor", "inspec"}
	}
	return []string{"inspec", "cinc-auditor"}
}

// env is the environment of InSpec alone; licences go this way since a command
// line can be seen by others.
func (n *inspec) env() map[string]string {
	c := n.config.Inspec
	env := map[string]string{}
	for name, value := range map[string]string{
		"CHEF_LICENSE": c.License, "CHEF_LICENSE_KEY": c.LicenseKey, "CHEF_LICENSE_SERVER": c.LicenseServer,
	} {
		if value == "" {
			value = n.project.getenv(name)
		}
		if value != "" {
			env[name] = value
		}
	}
	return env
}

// files are the profiles, and what galley writes for InSpec.
func (n *inspec) files() ([]sandbox.File, error) {
	carried, err := n.carried()
	if err != nil {
		return nil, err
	}
	dirs := []string{n.project.Root}
	for _, c := range carried {
		dirs = append(dirs, filepath.Dir(c))
	}
	if n.base, err = commonDir(dirs); err != nil {
		return nil, fmt.Errorf("inspec_tests: %w", err)
	}
	var list []sandbox.File
	for _, c := range carried {
		rel, err := filepath.Rel(n.base, c)
		if err != nil {
			return nil, fmt.Errorf("inspec_tests: %w", err)
		}
		to := path.Join(inspecDir, "src", filepath.ToSlash(rel))
		if !isDir(c) {
			list = append(list, sandbox.File{Path: to, Source: c})
			continue
		}
		tree, err := sandbox.Tree(c, to, func(rel string, dir bool) bool { return !dir && locksThisMachine(filepath.Join(c, rel)) })
		if err != nil {
			return nil, fmt.Errorf("read the tests: %w", err)
		}
		list = append(list, tree...)
	}
	written, err := n.written()
	return append(list, written...), err
}

// carried are the files and directories of this machine that InSpec reads. One
// that lies in another one is left out.
func (n *inspec) carried() ([]string, error) {
	var all []string
	n.far = farProfiles{}
	for _, t := range n.targets {
		if t.path == "" {
			n.far.add(t)
			continue
		}
		profiles, err := n.far.withDependencies(t.path)
		if err != nil {
			return nil, err
		}
		all = append(all, profiles...)
	}
	c := n.config.Inspec
	for key, files := range map[string][]string{"input_files": c.InputFiles, "waiver_files": c.WaiverFiles, "profiles_path": {c.ProfilesPath}} {
		for _, f := range files {
			if f == "" {
				continue
			}
			if _, err := os.Stat(f); err != nil {
				return nil, fmt.Errorf("verifier.%s: %w", key, err)
			}
			all = append(all, f)
		}
	}
	slices.Sort(all)
	var list []string
	for _, p := range slices.Compact(all) {
		if !slices.ContainsFunc(list, func(have string) bool { return within(have, p) }) {
			list = append(list, p)
		}
	}
	return list, nil
}

// site is where InSpec sees things: in the runner or on this machine.
type site struct {
	// carried is where a file of this machine is, written where galley's are.
	carried, written func(string) string
}

// inRunner runs the runner's own InSpec. Errors: *ToolMissingError.
func (n *inspec) inRunner(ctx context.Context, s session) ([]result.TestCase, error) {
	home := path.Join(s.box.Remote, inspecDir)
	at := site{
		carried: func(p string) string {
			rel, err := filepath.Rel(n.base, p)
			if err != nil { // files put it there by the same path
				return p
			}
			return path.Join(home, "src", filepath.ToSlash(rel))
		},
		written: func(p string) string { return path.Join(home, p) },
	}
	reports, own := n.reporters()
	local := slices.Clone(reports)
	for i, r := range reports {
		if r.file != "" {
			reports[i].file = path.Join(s.box.Remote, reportsDir, fmt.Sprintf("%d-%s", i, filepath.Base(r.file)))
		}
	}
	command := `"$tool" ` + runner.QuoteAll(n.arguments(at, reports)) + ` json:"$results"`
	if slices.ContainsFunc(reports, func(r inspecReporter) bool { return r.file != "" }) {
		command = "mkdir -p " + runner.Quote(path.Join(s.box.Remote, reportsDir)) + "\n" + command
	}
	env := runnerEnv(n.project, n.config)
	maps.Copy(env, n.env())
	done, err := s.runTool(ctx, toolRun{config: n.config, env: env, binaries: n.binaries(), dir: s.box.Remote,
		command: command, source: resultsInFile})
	if err != nil {
		return nil, err
	}
	if done.missing {
		return nil, &ToolMissingError{Tool: n.binaries()[0], Places: done.places, Remedy: inspecRemedy}
	}
	var errs []error
	if len(done.results) > 0 { // InSpec that fails early writes no reports at all
		for i, r := range reports {
			if r.file != "" {
				errs = append(errs, fetchReport(ctx, s.runner, r.file, local[i].file))
			}
		}
		errs = append(errs, own.deliver(done.results, s.out.Stdout))
	}
	cases, err := n.settle(done.code, done.results, done.said, s, func(p string) string {
		rel := trimDir(p, path.Join(home, "src"))
		if rel == p {
			return p
		}
		return filepath.Join(n.base, filepath.FromSlash(rel))
	})
	return cases, errors.Join(append(errs, err)...)
}

// fetchReport brings a report out of the runner to where kitchen.yml wants it.
func fetchReport(ctx context.Context, r runner.Runner, from, to string) error {
	if err := makeParent(to); err != nil {
		return err
	}
	if err := r.Download(ctx, from, to); err != nil {
		return fmt.Errorf("verifier.reporter: fetch %s: %w", filepath.Base(to), err)
	}
	return nil
}

// settle reads the results. source turns the path of a test, as InSpec saw it,
// into one of this machine.
func (n *inspec) settle(code int, report []byte, said string, s session, source func(string) string) ([]result.TestCase, error) {
	cases, unread := result.ParseInSpec(report)
	const anonymous = "tests from "
	for i := range cases {
		c := &cases[i]
		if c.File != "" {
			c.File = n.project.shown(source(c.File))
		}
		if from, ok := strings.CutPrefix(c.Suite, anonymous); ok {
			c.Suite = anonymous + n.project.shown(source(from))
		}
	}
	if code == inspecSkips {
		code = 0
	}
	return settle(verdict{tool: n.binaries()[0], code: code, hint: inspecHint(code), unread: unread, said: said}, cases, s.out.Stderr)
}

// inspecHint explains InSpec's exit codes.
func inspecHint(code int) string {
	switch code {
	case 1:
		return "it was called wrongly, or a profile cannot be loaded"
	case 2:
		return "a plugin of its cannot be loaded"
	case 3:
		return "it uses something that it no longer has"
	case 5:
		return "a profile's signature is bad, or the key to check it is not there"
	case 6:
		return "a profile is not signed, and it wants them signed"
	case inspecFailures:
		return "tests failed"
	case 102:
		return "a profile cannot be loaded"
	case 172:
		return "its licence is not accepted; set verifier.chef_license"
	case 174:
		return "it has no valid licence key; set verifier.chef_license_key, or use cinc_auditor"
	default:
		return ""
	}
}

const inspecRemedy = "Use a Chef or Cinc image that brings it, put InSpec or Cinc Auditor into driver.image, name an image that has it in a volume as verifier.image, or install it on this machine"
