// Package inspec verifies with InSpec or Cinc Auditor: in the runner, with the binary that the tool volume (Chef's,
// say) or the image has, or else on this machine through the engine's API.
package inspec

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// Dir is the directory of InSpec's tests in busser's layout, and that of all that belongs to InSpec in the sandbox.
const Dir = "inspec"

// reportsDir is where InSpec in the runner writes the reports that kitchen.yml asks for, in the sandbox.
const reportsDir = "reports"

// The exit codes of InSpec that are no failure of tests.
const (
	codeSkips    = 101 // nothing failed, and something was skipped
	codeFailures = 100
)

// InSpec runs the profiles of an instance.
type InSpec struct {
	testrun.Base
	targets []target
	// base is the directory of this machine that the carried files keep their
	// places relative to, since profiles depend on each other by relative paths.
	base string
	// git: some profiles are in Git. login: some are in Chef Automate, for which InSpec must have logged in.
	git, login bool
	// moved are, by the directory of a profile and a path of its inspec.yml, the path by
	// which InSpec finds the profile that is meant.
	moved map[string]map[string]string
}

// New returns the verifier of the tests in a directory of this machine.
func New(b testrun.Base, dir string) *InSpec { return &InSpec{Base: b, targets: []target{{path: dir}}} }

// Find collects the profiles of an instance: the suite's own directory, as kitchen-inspec finds it, and those that
// kitchen.yml names. looked are the places where it looked.
func Find(b testrun.Base) (parts []testrun.Part, looked []string, err error) {
	dir := suiteDir(b)
	looked = []string{b.Shown(dir)}
	var targets []target
	if project.IsDir(dir) {
		targets = append(targets, target{path: dir})
	}
	for _, t := range b.Verifier.Inspec.Tests {
		one, err := targetOf(b.Project, t)
		if err != nil {
			return nil, looked, err
		}
		if !slices.ContainsFunc(targets, func(have target) bool { return reflect.DeepEqual(have, one) }) {
			targets = append(targets, one)
		}
	}
	if len(targets) == 0 {
		return nil, looked, nil
	}
	return []testrun.Part{&InSpec{Base: b, targets: targets}}, looked, nil
}

// suiteDir is where the suite's own tests are: test/recipes takes the place of test/integration where it exists, and a
// directory for another tool beside them means that InSpec's are in one of their own.
func suiteDir(b testrun.Base) string {
	base := b.TestBase
	if recipes := filepath.Join(b.Root, "test", "recipes"); project.IsDir(recipes) {
		base = recipes
	}
	dir := filepath.Join(base, b.Suite)
	for _, other := range []string{Dir, "serverspec", "bats", "pester", "rspec", "cucumber", "minitest", "bash", "goss",
		"testinfra"} {
		if project.IsDir(filepath.Join(dir, other)) {
			return filepath.Join(dir, Dir)
		}
	}
	return dir
}

// Verify runs InSpec where it is.
func (n *InSpec) Verify(ctx context.Context, r runner.Run) ([]result.TestCase, error) {
	where := n.Verifier.Inspec.Location
	if where == config.PlaceHost {
		return n.onHost(ctx, r, nil)
	}
	if where != config.PlaceRunner {
		better, err := n.betterOnHost(ctx, r)
		if err != nil {
			return nil, err
		}
		if better {
			return n.onHost(ctx, r, nil)
		}
	}
	cases, err := n.inRunner(ctx, r)
	var missing *testrun.ToolMissingError
	if where != config.PlaceRunner && errors.As(err, &missing) {
		return n.onHost(ctx, r, missing.Places)
	}
	return cases, err
}

// betterOnHost reports whether this machine's InSpec can fetch profiles that the runner's cannot: a login to Chef
// Automate is known here only, and few runners have git.
func (n *InSpec) betterOnHost(ctx context.Context, r runner.Run) (bool, error) {
	if !n.git && !n.login || !hostReaches(r.Target) {
		return false, nil
	}
	if _, err := n.hostBinary(nil); err != nil {
		return false, nil //nolint:nilerr // then the runner's has to try
	}
	if n.login {
		return true, nil
	}
	code, err := r.Exec(ctx, runner.Command{Argv: runner.Shell("command -v git"), Stdout: io.Discard,
		Stderr: r.Out.Stderr})
	return code != 0, err
}

// binaries are the names of the command, the one asked for first.
func (n *InSpec) binaries() []string {
	if n.Verifier.Kind == config.VerifierCincAuditor {
		return []string{"cinc-auditor", "inspec"}
	}
	return []string{"inspec", "cinc-auditor"}
}

// env is the environment of InSpec alone; licences go this way since a command line can be seen by others.
func (n *InSpec) env() map[string]string {
	c := n.Verifier.Inspec
	env := map[string]string{"CHEF_LICENSE": cmp.Or(c.License, n.Getenv("CHEF_LICENSE")),
		"CHEF_LICENSE_KEY":    cmp.Or(c.LicenseKey, n.Getenv("CHEF_LICENSE_KEY")),
		"CHEF_LICENSE_SERVER": cmp.Or(c.LicenseServer, n.Getenv("CHEF_LICENSE_SERVER"))}
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	return env
}

// Files are the profiles, and what galley writes for InSpec.
func (n *InSpec) Files() ([]sandbox.File, error) {
	carried, err := n.carried()
	if err != nil {
		return nil, err
	}
	dirs := []string{n.Root}
	for _, c := range carried {
		dirs = append(dirs, filepath.Dir(c))
	}
	if n.base, err = testrun.CommonDir(dirs); err != nil {
		return nil, fmt.Errorf("inspec_tests: %w", err)
	}
	var list []sandbox.File
	for _, c := range carried {
		rel, err := filepath.Rel(n.base, c)
		if err != nil {
			return nil, fmt.Errorf("inspec_tests: %w", err)
		}
		to := path.Join(Dir, "src", filepath.ToSlash(rel))
		if !project.IsDir(c) {
			list = append(list, sandbox.File{Path: to, Source: c})
			continue
		}
		tree, err := sandbox.Tree(c, to, func(rel string, dir bool) bool {
			return !dir &&
				locksThisMachine(filepath.Join(c, rel))
		})
		if err != nil {
			return nil, fmt.Errorf("read the tests: %w", err)
		}
		list = append(list, tree...)
	}
	for _, profile := range slices.Sorted(maps.Keys(n.moved)) {
		rel, err := filepath.Rel(n.base, profile)
		if err != nil {
			return nil, fmt.Errorf("inspec_tests: %w", err)
		}
		data, err := n.movedMetadata(profile)
		if err != nil {
			return nil, err
		}
		list = append(list, sandbox.File{Path: path.Join(Dir, "src", filepath.ToSlash(rel), metadataFile), Data: data})
	}
	written, err := n.written()
	return append(list, written...), err
}

// carried are the files and directories of this machine that InSpec reads. One that lies in another one is left out.
func (n *InSpec) carried() ([]string, error) {
	var all []string
	n.git, n.login, n.moved = false, false, map[string]map[string]string{}
	for _, t := range n.targets {
		if t.path == "" {
			n.git = n.git || strings.HasPrefix(t.url, "git@") || strings.HasSuffix(t.url, ".git") || t.depends["git"] != ""
			n.login = n.login || strings.HasPrefix(t.url, complianceScheme+"://")
			continue
		}
		var err error
		if all, err = n.withDependencies(all, t.path); err != nil {
			return nil, err
		}
	}
	c := n.Verifier.Inspec
	for key, files := range map[string][]string{"input_files": c.InputFiles, "waiver_files": c.WaiverFiles,
		"profiles_path": {c.ProfilesPath}} {
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
		if !slices.ContainsFunc(list, func(have string) bool { return project.Within(have, p) }) {
			list = append(list, p)
		}
	}
	return list, nil
}

// paths is where InSpec sees things: in the runner or on this machine.
type paths struct {
	// carried is where a file of this machine is, written where galley's are.
	carried, written func(string) string
	// source turns the path of a test, as InSpec saw it, into one of this machine.
	source func(string) string
}

// copied are the paths of what Files lists, below a directory with slashes.
func (n *InSpec) copied(root string) paths {
	home := path.Join(root, Dir)
	return paths{
		carried: func(p string) string {
			rel, err := filepath.Rel(n.base, p)
			if err != nil { // Files put it there by the same path
				return p
			}
			return path.Join(home, "src", filepath.ToSlash(rel))
		},
		written: func(p string) string { return path.Join(home, p) },
		source: func(p string) string {
			if rel := testrun.TrimDir(p, path.Join(home, "src")); rel != p {
				return filepath.Join(n.base, filepath.FromSlash(rel))
			}
			return p
		},
	}
}

// inRunner runs the runner's own InSpec. Errors: *testrun.ToolMissingError.
func (n *InSpec) inRunner(ctx context.Context, r runner.Run) ([]result.TestCase, error) {
	at := n.copied(r.Sandbox.Remote)
	reports, own := n.reporters()
	local := slices.Clone(reports)
	for i, report := range reports {
		if report.file != "" {
			reports[i].file = path.Join(r.Sandbox.Remote, reportsDir, fmt.Sprintf("%d-%s", i, filepath.Base(report.file)))
		}
	}
	command := `"$tool" ` + runner.QuoteAll(n.arguments(at, reports)) + ` json:"$results"`
	if slices.ContainsFunc(reports, func(report reporter) bool { return report.file != "" }) {
		command = "mkdir -p " + runner.Quote(path.Join(r.Sandbox.Remote, reportsDir)) + "\n" + command
	}
	done, err := testrun.Tool{Base: n.Base, Env: n.env(), Binaries: n.binaries(), Dir: r.Sandbox.Remote,
		Command: command, Source: testrun.ResultsInFile, Remedy: remedy}.Run(ctx, r)
	if err != nil {
		return nil, err
	}
	var errs []error
	if len(done.Results) > 0 { // InSpec that fails early writes no reports at all
		for i, report := range reports {
			if report.file != "" {
				errs = append(errs, fetchReport(ctx, r, report.file, local[i].file))
			}
		}
		errs = append(errs, own.deliver(done.Results, r.Out.Stdout))
	}
	cases, err := n.verdict(done, r, at.source)
	return cases, errors.Join(append(errs, err)...)
}

// fetchReport brings a report out of the runner to where kitchen.yml wants it.
func fetchReport(ctx context.Context, r runner.Run, from, to string) error {
	if err := makeParent(to); err != nil {
		return err
	}
	if err := r.Download(ctx, from, to); err != nil {
		return fmt.Errorf("verifier.reporter: fetch %s: %w", filepath.Base(to), err)
	}
	return nil
}

// verdict reads the results. source turns the path of a test, as InSpec saw it, into one of this machine.
func (n *InSpec) verdict(done testrun.Outcome, r runner.Run, source func(string) string) ([]result.TestCase, error) {
	cases, unread := result.ParseInSpec(done.Results)
	const anonymous = "tests from "
	for i := range cases {
		c := &cases[i]
		if c.File != "" {
			c.File = n.Shown(source(c.File))
		}
		if from, ok := strings.CutPrefix(c.Suite, anonymous); ok {
			c.Suite = anonymous + n.Shown(source(from))
		}
	}
	if done.Code == codeSkips {
		done.Code = 0
	}
	return done.Cases(n.binaries()[0], hints()[done.Code], cases, unread, r.Out.Stderr)
}

// hints explain InSpec's exit codes.
func hints() map[int]string {
	return map[int]string{
		1:            "it was called wrongly, or a profile cannot be loaded",
		2:            "a plugin of its cannot be loaded",
		3:            "it uses something that it no longer has",
		5:            "a profile's signature is bad, or the key to check it is not there",
		6:            "a profile is not signed, and it wants them signed",
		codeFailures: "tests failed",
		102:          "a profile cannot be loaded",
		172:          "its licence is not accepted; set verifier.chef_license",
		174:          "it has no valid licence key; set verifier.chef_license_key, or use cinc_auditor",
	}
}

const remedy = "Use a Chef or Cinc image that brings it, put InSpec or Cinc Auditor into driver.image, name an " +
	"image that has it in a volume as verifier.image, or install it on this machine"
