package verifier

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/verifier/inspec"
	"github.com/galley-kitchen/galley/lifecycle/verifier/internal/testrun"
)

// described says what a part runs.
func described(p testrun.Part) string {
	switch p := p.(type) {
	case tests:
		text := p.name + " " + p.dir + ":"
		for _, r := range p.run {
			text += " " + r
		}
		if p.vars != "" {
			text += " with " + p.vars
		}
		return text
	case *inspec.InSpec:
		files, err := p.Files()
		if err != nil {
			return err.Error()
		}
		text := "inspec:"
		for _, f := range files {
			text += " " + strings.TrimPrefix(f.Path, "inspec/src/")
		}
		return text
	default:
		return "?"
	}
}

func TestFind(t *testing.T) {
	const at = "test/integration/default/"
	unset := instance(config.VerifierBusser)
	unset.Verifier.NameSet = false
	named := func(kind config.VerifierKind, tests ...string) config.Instance {
		i := instance(kind)
		i.Verifier.Tool.Tests = tests
		return i
	}
	withVars := named(config.VerifierGoss)
	withVars.Verifier.Tool.Vars = "vars/prod.yaml"
	for name, c := range map[string]struct {
		files    []string
		instance config.Instance
		want     []string
		boxed    []string
	}{
		"nothing":           {nil, unset, nil, nil},
		"empty directories": {[]string{at + "bats/helper.bash", at + "data_bags/bats/x.bats"}, unset, nil, nil},
		"layout": {
			[]string{at + "bats/a.bats", at + "bats/sub/b.bats", at + "bats/helper.bash", at + "serverspec/x_spec.rb",
				at +
					"serverspec/spec_helper.rb",
				at + "data/bats/no.bats", "test/integration/helpers/serverspec/spec_helper.rb",
				"test/integration/helpers/serverspec/shared_spec.rb", "test/integration/other/bats/c.bats"},
			instance(config.VerifierBusser),
			[]string{"bats suites/bats: a.bats sub/b.bats", "serverspec suites/serverspec: x_spec.rb"},
			[]string{"suites/bats/a.bats", "suites/bats/helper.bash", "suites/bats/sub/b.bats",
				"suites/serverspec/shared_spec.rb", "suites/serverspec/spec_helper.rb", "suites/serverspec/x_spec.rb"},
		},
		"all kinds of layout": {
			[]string{at + "testinfra/test_a.py", at + "pytest/b_test.py", at + "goss/goss.yaml", at + "goss/more.yaml",
				at +
					"goss/vars.yaml", at + "rspec/a_spec.rb", at + "bash/all_test.sh", at + "bash/lib.sh",
				at + "inspec/a_test.rb"},
			unset,
			[]string{"bash suites/bash: all_test.sh", "serverspec suites/rspec: a_spec.rb",
				"goss suites/goss: goss.yaml with vars.yaml",
				"testinfra suites/testinfra: test_a.py", "testinfra suites/pytest: b_test.py",
				"inspec: " + at + "inspec/a_test.rb"}, nil,
		},
		"bats by name": {[]string{at + "a.bats", at + "b_test.rb"}, unset,
			[]string{"bats suites/bats: a.bats"}, nil},
		"testinfra by name": {[]string{at + "test_a.py"}, unset,
			[]string{"testinfra suites/testinfra: test_a.py"}, nil},
		"goss by name": {[]string{at + "goss.yaml", at + "other.yaml"}, unset,
			[]string{"goss suites/goss: goss.yaml"}, nil},
		"serverspec by name": {[]string{at + "a_spec.rb"}, unset,
			[]string{"serverspec suites/serverspec: a_spec.rb"}, nil},
		"inspec by name": {[]string{at + "default_test.rb"}, unset,
			[]string{"inspec: " + at + "default_test.rb"}, nil},
		"profile by name": {[]string{at + "inspec.yml", at + "controls/a.rb"}, unset,
			[]string{"inspec: " + at + "controls/a.rb " + at + "inspec.yml"}, nil},
		"by name only where none is set": {[]string{at + "a.bats"}, instance(config.VerifierBusser), nil, nil},

		"bats in its directory": {[]string{at + "bats/a.bats", at + "b.bats"}, named(config.VerifierBats),
			[]string{"bats suites/bats: a.bats"}, nil},
		"bats beside it": {[]string{at + "b.bats"}, named(config.VerifierBats), []string{"bats suites/bats: b.bats"},
			nil},
		"bats, named": {[]string{"test/unit/a.bats", "test/unit/b.bats", "test/unit/lib.bash", "README"},
			named(config.VerifierBats, "test/unit/a.bats"), []string{"bats suites/bats: a.bats"},
			[]string{"suites/bats/a.bats", "suites/bats/b.bats", "suites/bats/lib.bash"}},
		"bats, two directories": {[]string{"test/a/1.bats", "test/b/2.bats"},
			named(config.VerifierBats, "test/a", "test/b/*.bats"), []string{"bats suites/bats: a/1.bats b/2.bats"},
			nil},
		"bats, in the root": {[]string{"a.bats", "secret.txt"}, named(config.VerifierBats, "a.bats"),
			[]string{"bats suites/bats: a.bats"}, []string{"suites/bats/a.bats"}},
		"bats, of the suite": {[]string{at + "deep/er/a.bats"}, named(config.VerifierBats, "**/*.bats"),
			[]string{"bats suites/bats: a.bats"}, nil},
		"bats, another extension": {[]string{"t/check.sh"}, named(config.VerifierBats, "t/check.sh"),
			[]string{"bats suites/bats: check.sh"}, nil},
		"goss, vars": {[]string{at + "goss/a.yaml", at + "goss/b.yaml", "vars/prod.yaml"}, withVars,
			[]string{"goss suites/goss: a.yaml b.yaml with .galley-vars.yaml"},
			[]string{"suites/goss/.galley-vars.yaml", "suites/goss/a.yaml", "suites/goss/b.yaml"}},
		"serverspec, nothing": {[]string{at + "serverspec/readme.md"}, named(config.VerifierServerspec), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newKitchen(t, nil)
			for _, f := range c.files {
				b.write(f, "x\n")
			}
			v, err := New(b.project, c.instance)
			require.NoError(t, err)
			require.NoError(t, v.Prepare(t.Context(), b.box))
			var got []string
			for _, p := range v.(*suite).parts {
				got = append(got, described(p))
			}
			require.Equal(t, c.want, got)
			if c.boxed != nil {
				require.Equal(t, c.boxed, b.sandboxed())
			}
		})
	}
}

func TestFindErrors(t *testing.T) {
	named := instance(config.VerifierBats)
	named.Verifier.Tool.Tests = []string{"nowhere/*.bats"}
	vars := instance(config.VerifierGoss)
	vars.Verifier.Tool.Vars = "nowhere.yaml"
	profile := instance(config.VerifierInspec)
	profile.Verifier.Inspec.Tests = []config.InspecTest{{Path: "nowhere"}}
	empty := instance(config.VerifierInspec)
	empty.Verifier.Inspec.Tests = []config.InspecTest{{}}
	inputs := instance(config.VerifierInspec)
	inputs.Verifier.Inspec = config.InspecVerifier{Tests: []config.InspecTest{{Path: "test"}},
		InputFiles: []string{"/nowhere/inputs.yml"}}
	for name, c := range map[string]struct {
		instance config.Instance
		want     string
	}{
		"foreign": {instance(config.VerifierBusser),
			"test/integration/default/cucumber: galley cannot run cucumber tests\nRun them with the shell verifier"},
		"pattern": {named, "verifier.tests: there is no file nowhere/*.bats in "},
		"vars":    {vars, "verifier.vars: there is no file nowhere.yaml in "},
		"profile": {profile, "inspec_tests: there is no nowhere in "},
		"empty":   {empty, "inspec_tests: an entry names nothing"},
		"inputs":  {inputs, "verifier.input_files: "},
	} {
		t.Run(name, func(t *testing.T) {
			b := newKitchen(t, map[string]string{"test/integration/default/cucumber/a.feature": "",
				"test/integration/default/goss/goss.yaml": ""})
			_, err := b.verify(c.instance)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// What a test directory no longer has is no longer in the sandbox.
func TestStaleTestsGo(t *testing.T) {
	b := newKitchen(t, map[string]string{"test/integration/default/bats/a.bats": ""})
	v, err := New(b.project, instance(config.VerifierBusser))
	require.NoError(t, err)
	old := filepath.Join(b.box.Local, "suites", "bats", "old.bats")
	require.NoError(t, os.MkdirAll(filepath.Dir(old), 0o755))
	require.NoError(t, os.WriteFile(old, nil, 0o644))
	require.NoError(t, v.Prepare(t.Context(), b.box))
	require.Equal(t, []string{"suites/bats/a.bats"}, b.sandboxed())
}

// Tests that reach above their directory find the project there, and nothing of git's or
// galley's; others are carried alone.
func TestTestsThatReachTheProject(t *testing.T) {
	const at = "test/integration/default/bats/"
	files := map[string]string{
		"install.sh": "#!/bin/sh\n", "lib/a/deep.bash": "", ".git/config": "", ".kitchen/x": "",
		"test/integration/other/bats/b.bats": "",
		at + "helper.bash":                   "echo hi\n", at + "data/in": "",
	}
	alone := []string{"suites/bats/a.bats", "suites/bats/data/in", "suites/bats/helper.bash"}
	const up = "suites/bats/project/"
	whole := []string{up + "install.sh", up + "lib/a/deep.bash", up + at + "a.bats", up + at + "data/in", up + at +
		"helper.bash",
		up + "test/integration/other/bats/b.bats"}
	for text, want := range map[string][]string{
		"@test 'x' { run true; }\n":                           alone,
		"@test '1..2' { [ a...b != c ]; }\n":                  alone,
		"run \"$BATS_TEST_DIRNAME/../../../../install.sh\"\n": whole,
		"cd ..\n": whole,
		"ROOT=\"$(dirname \"$(dirname \"$BATS_TEST_DIRNAME\")\")\"\n": whole,
		"load '../../../../lib/a/deep'\n":                             whole,
		"cd $(git rev-parse --show-toplevel)\n":                       whole,
	} {
		files[at+"a.bats"] = text
		b := newKitchen(t, files)
		v, err := New(b.project, instance(config.VerifierBats))
		require.NoError(t, err)
		require.NoError(t, v.Prepare(t.Context(), b.box))
		require.Equal(t, want, b.sandboxed(), text)
	}
}
