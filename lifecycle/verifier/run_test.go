package verifier

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/result"
	"github.com/galley-kitchen/galley/lifecycle/runner"
)

// summary is a verify's cases and error, in short.
func summary(cases []result.TestCase, err error) string {
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&b, "%s %q", c.Outcome, c.Title)
		if c.File != "" {
			fmt.Fprintf(&b, " %s:%d", c.File, c.Line)
		}
		if c.Message != "" {
			fmt.Fprintf(&b, " %q", c.Message)
		}
		b.WriteByte('\n')
	}
	if err != nil {
		fmt.Fprintf(&b, "error: %v\n", err)
	}
	return b.String()
}

const dir = "test/integration/default/"

// The scripts run for real, in a shell; only the tools are stand-ins.
func TestTools(t *testing.T) {
	needShell(t)
	const tap = "#!/bin/sh\ncase $1 in --help) echo --timing; exit ;; esac\necho \"$PWD $*\" >> $STAND/calls\ncat " +
		"$STAND/tap\nexit $(cat $STAND/code)\n"
	for name, c := range map[string]struct {
		instance config.Instance
		files    map[string]string
		want     string
		shown    string
		calls    string
	}{
		"bats passes": {
			instance: instance(config.VerifierBats),
			files: map[string]string{dir + "bats/a.bats": "@test 'one' {\n}\n  @test \"two \\$x\" {\n}\n",
				".tools/bats": tap,
				"code":        "0",
				"tap":         "1..2\nok 1 one in 12ms\nok 2 two $x in 2sec # skip why\n"},
			want: "passed \"one\" test/integration/default/bats/a.bats:1\nskipped \"two $x\" " +
				"test/integration/default/bats/a.bats:3 \"why\"\n",
			shown: "1..2\nok 1 one in 12ms\nok 2 two $x in 2sec # skip why\n",
			calls: "BOX/suites/bats --tap --timing a.bats\n",
		},
		"bats fails": {
			instance: instance(config.VerifierBusser),
			files: map[string]string{dir + "bats/a.bats": "@test 'one' {\n}\n",
				dir + "bats/b.bats": "\n@test 'one' {\n}\n",
				".tools/bats":       tap, "code": "1",
				"tap": "1..2\nok 1 one\nnot ok 2 one\n# (from function `x' in file lib.bash, line 9,\n#  in test file b.bats, " +
					"line 4)\n#   `false' failed\n"},
			want: "passed \"one\" test/integration/default/bats/a.bats:1\n" +
				"failed \"one\" test/integration/default/bats/b.bats:4 \"(from function `x' in file lib.bash, line 9,\\n in " +
				"test file b.bats, line 4)\\n  `false' failed\"\n" +
				"error: bats: 1 of 2 tests failed\n",
		},
		"the tool fails by itself": {
			instance: instance(config.VerifierBats),
			files:    map[string]string{dir + "a.bats": "", ".tools/bats": tap, "code": "3", "tap": "1..1\nok 1 one\n"},
			want: "passed \"one\"\nfailed \"bats ends well\" \"bats exited with code 3\\n1..1\\nok 1 one\"\nerror: bats " +
				"exited with code 3\n",
		},
		"the tool prints something else": {
			instance: instance(config.VerifierBats),
			files:    map[string]string{dir + "a.bats": "", ".tools/bats": tap, "code": "0", "tap": "hello\n"},
			want:     "passed \"bats ends well\"\n",
			shown:    "hello\nThe results of bats cannot be read, so its exit code decides: there are no test results in it\n",
		},
		"the tool has no tests": {
			instance: instance(config.VerifierBats),
			files:    map[string]string{dir + "a.bats": "", ".tools/bats": tap, "code": "0", "tap": "1..0\n"},
			want:     "error: no tests were found in test/integration/default/bats, test/integration/default\n",
		},
		"the tool is missing": {
			instance: instance(config.VerifierGoss),
			files:    map[string]string{dir + "goss/goss.yaml": ""},
			want: "error: goss was not found: looked in goss, /opt/*/bin/goss, /opt/*/embedded/bin/goss, /opt/goss/goss, " +
				"/goss/goss\n" +
				"Put goss into driver.image, for example by driver.intermediate_instructions; or name an image that brings it " +
				"in a volume as verifier.image, or its command as verifier.binary\n",
		},
		"goss is for programs": {
			instance: instance(config.VerifierGoss),
			files: map[string]string{dir + "goss/a.yaml": "", dir + "goss/b.yaml": "", dir + "goss/vars.yaml": "",
				".tools/goss": "#!/bin/sh\necho \"$*\" >> $STAND/calls\n" +
					`printf '%s\n' '{"results":[{"property":"exists","resource-id":"/x","resource-type":"File","successful":'$([ ` +
					`$2 = a.yaml ] && echo true || echo false)',"summary-line":"File: /x: exists:\nno"}]}'; [ $2 = a.yaml ]` + "\n"},
			want: "passed \"File: /x: exists\" test/integration/default/goss/a.yaml:0\nfailed \"File: /x: exists\" " +
				"test/integration/default/goss/b.yaml:0 \"File: /x: exists:\\nno\"\n" +
				"error: goss: 1 of 1 test failed\n",
			shown: "ok    File: /x: exists\n1 tests, 0 failed\nFAIL  File: /x: exists\n      File: /x: exists:\n      no\n1 " +
				"tests, 1 failed\n",
			calls: "--gossfile a.yaml --vars vars.yaml validate --format json --no-color\n--gossfile b.yaml --vars vars.yaml " +
				"validate --format json --no-color\n",
		},
		"goss cannot read its file": {
			instance: instance(config.VerifierGoss),
			files: map[string]string{dir + "goss/goss.yaml": "",
				".tools/goss": "#!/bin/sh\necho 'Error: no such thing'; exit 78\n"},
			want: "failed \"goss ends well\" \"goss exited with code 78: the gossfile cannot be used\\nError: no such " +
				"thing\"\nerror: goss exited with code 78: the gossfile cannot be used\n",
			shown: "Error: no such thing\nThe results of goss cannot be read, so its exit code decides: read goss' JSON: " +
				"there are no test results in it\n",
		},
		"serverspec": {
			instance: instance(config.VerifierServerspec),
			files: map[string]string{dir + "serverspec/a_spec.rb": "",
				".tools/rspec": "#!/bin/sh\necho \"${*}\" | sed \"s,/[^ ]*tmp[^ ]*,RESULTS,\" >> $STAND/calls\necho a file\n" +
					`while [ $# -gt 0 ]; do [ $1 != --out ] || echo '{"examples":[{"full_description":"a ` +
					`file","status":"failed","file_path":"./a_spec.rb","line_number":2,"exception":{"message":"no"}}],"summary":{}}' > $2; shift; done; exit 1` + "\n"},
			want: "failed \"a file\" test/integration/default/serverspec/a_spec.rb:2 \"no\"\nerror: serverspec: 1 of 1 test " +
				"failed\n",
			shown: "a file\n",
			calls: "-I . --format documentation --format json --out RESULTS a_spec.rb\n",
		},
		"serverspec dies": {
			instance: instance(config.VerifierServerspec),
			files: map[string]string{dir + "serverspec/a_spec.rb": "",
				".tools/rspec": "#!/bin/sh\necho boom >&2; exit 7\n"},
			want: "failed \"serverspec ends well\" \"serverspec exited with code 7\\nboom\"\nerror: serverspec exited " +
				"with code 7\n",
			shown: "boom\nThe results of serverspec cannot be read, so its exit code decides: read RSpec's JSON: " +
				"unexpected end of JSON input\n",
		},
		"testinfra has no tests": {
			instance: instance(config.VerifierTestinfra),
			files:    map[string]string{dir + "testinfra/test_a.py": "", ".tools/py.test": "#!/bin/sh\nexit 5\n"},
			want:     "error: no tests were found in test/integration/default/testinfra\n",
		},
		"bash": {
			instance: instance(config.VerifierBusser),
			files: map[string]string{dir + "bash/a_test.sh": "echo in a; true", dir + "bash/b_test.sh": "exit 3", dir +
				"bash/lib.sh": "exit 9"},
			want: "passed \"a_test.sh\" test/integration/default/bash/a_test.sh:0\nfailed \"b_test.sh\" " +
				"test/integration/default/bash/b_test.sh:0 \"it exited with code 3\"\nerror: bash: 1 of 2 tests failed\n",
			shown: "1..2\nin a\nok 1 - a_test.sh\nnot ok 2 - b_test.sh\n# it exited with code 3\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newKitchen(t, c.files)
			require.Equal(t, c.want, b.generic(summary(b.verify(c.instance))))
			if c.shown != "" {
				// The two streams come through pipes of their own, in no common order.
				require.ElementsMatch(t, strings.SplitAfter(c.shown, "\n"),
					strings.SplitAfter(b.generic(b.out.String()), "\n"))
			}
			if c.calls != "" {
				calls, err := os.ReadFile(filepath.Join(b.project.Root, "calls"))
				require.NoError(t, err)
				require.Equal(t, c.calls, b.generic(string(calls)))
			}
		})
	}
}

// sudo and command_prefix go around the whole script, whatever is quoted in it.
func TestSudoAndPrefix(t *testing.T) {
	needShell(t)
	i := instance(config.VerifierBats)
	i.Verifier.Sudo, i.Verifier.SudoCommand, i.Verifier.CommandPrefix = true, "sudo -E", "nice"
	i.Verifier.Env = map[string]string{"COLOUR": "it's green"}
	i.Verifier.Tool.Options = []string{"--filter", "it's"}
	i.Verifier.Tool.Binary = "/opt/my tools/bats"
	b := newKitchen(t, map[string]string{
		dir + "bats/it's a.bats": "",
		".tools/sudo":            "#!/bin/sh\n[ $1 = -E ] && shift && AS=root exec \"$@\"\n",
		".tools/id":              "#!/bin/sh\ncat $STAND/uid\n",
		"uid":                    "1000\n",
		".tools/nice":            "#!/bin/sh\nNICE=1 exec \"$@\"\n",
	})
	b.write("tools with blanks/bats", "#!/bin/sh\n[ $1 = --help ] || echo \"1..1\nok 1 $AS $NICE $COLOUR $*\"\n")
	i.Verifier.Tool.Binary = filepath.Join(b.project.Root, "tools with blanks", "bats")
	require.Equal(t, "passed \"root 1 it's green --tap --filter it's it's a.bats\"\n", summary(b.verify(i)))

	b.write("uid", "0\n") // root needs none, and may have none
	require.Equal(t, "passed \"1 it's green --tap --filter it's it's a.bats\"\n",
		strings.Replace(summary(b.verify(i)), `" 1`, `"1`, 1))
}

// Tests on this machine are the user's own: sudo is for the runner.
func TestShellVerifierAndSudo(t *testing.T) {
	needShell(t)
	i := instance(config.VerifierShell)
	i.Verifier.Sudo, i.Verifier.SudoCommand, i.Verifier.CommandPrefix = true, "sudo -E", "env -u X"
	i.Verifier.Shell = config.ShellVerifier{Command: `sh -c 'echo "as ${AS:-me}"'`}
	b := newKitchen(t, map[string]string{".tools/sudo": "#!/bin/sh\nshift\nAS=root exec \"$@\"\n",
		".tools/id": "#!/bin/sh\necho 1000\n"})
	b.project.Environ = []string{"PATH=" + b.path + ":/usr/bin:/bin"}
	for _, remote := range []bool{false, true} {
		i.Verifier.Shell.Remote = remote
		b.out.Reset()
		cases, err := b.verify(i)
		require.NoError(t, err)
		require.Equal(t, "env -u X "+i.Verifier.Shell.Command, cases[0].Title)
		require.Equal(t, map[bool]string{false: "as me\n", true: "as root\n"}[remote], b.out.String())
	}
}

func TestShellVerifier(t *testing.T) {
	needShell(t)
	i := instance(config.VerifierShell)
	i.Verifier.Shell = config.ShellVerifier{Command: `echo "$KITCHEN_INSTANCE $KITCHEN_CONTAINER_ID $OWN"; pwd; exit 4`,
		Cwd: "sub", Env: map[string]string{"OWN": "own"}}
	b := newKitchen(t, map[string]string{"sub/x": ""})
	cases, err := b.verify(i)
	require.Len(t, cases, 1)
	require.Equal(t, "the verifier's command exited with code 4\ndefault-linux abc own\nPROJECT/sub",
		b.generic(cases[0].Message))
	var failed *FailedError
	require.ErrorAs(t, err, &failed)
	var exit *runner.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 4, exit.Code)

	i.Verifier.Shell = config.ShellVerifier{Command: "test -f x && echo $KITCHEN_SUITE", Remote: true}
	b.write(dir+"x", "")
	b.project.Environ = []string{"CI=yes", "TKENV_A=b", "https_proxy=http://proxy", "SECRET=s"}
	i.Verifier.Shell.Command = "env | sort | grep -E '^(CI|A|https_proxy|HTTPS_PROXY|SECRET|KITCHEN_SUITE|TEST_KITCHEN)='"
	require.Equal(t, "passed \""+i.Verifier.Shell.Command+"\"\n", strings.ReplaceAll(summary(b.verify(i)), `\"`, `"`))
	require.Contains(t, b.out.String(),
		"A=b\nCI=yes\nHTTPS_PROXY=http://proxy\nKITCHEN_SUITE=default\nTEST_KITCHEN=1\nhttps_proxy=http://proxy\n")
	require.Equal(t, []string{"x"}, b.sandboxed())
}

// A time limit and variables hold on this machine and in the runner; what ended with 127 says where.
func TestShellVerifierOnBothSides(t *testing.T) {
	needShell(t)
	for _, remote := range []bool{false, true} {
		i := instance(config.VerifierShell)
		i.Driver.Image = "debian:12"
		i.Verifier.Shell = config.ShellVerifier{Command: "exec sleep 60", Remote: remote,
			Timeout: 20 * time.Millisecond}
		b := newKitchen(t, nil)
		b.project.Environ = []string{"PATH=/usr/bin:/bin"}
		_, err := b.verify(i)
		require.ErrorContains(t, err, "it took longer than 20ms")

		i.Verifier.Shell = config.ShellVerifier{Command: "echo $KITCHEN_RUNNER_CONTAINER $KITCHEN_PLATFORM_IMAGE " +
			"$KITCHEN_USERNAME $OWN", Remote: remote, Env: map[string]string{"OWN": "own"}}
		_, err = b.verify(i)
		require.NoError(t, err)
		require.Equal(t, "abc debian:12 root own\n", b.out.String())

		i.Verifier.Shell = config.ShellVerifier{Command: "nowhere-to-be-found 2> /dev/null", Remote: remote}
		_, err = b.verify(i)
		where := map[bool]string{false: "on this machine", true: "in the runner"}[remote]
		require.ErrorContains(t, err, "the verifier's command exited with code 127: it, its interpreter, or a command in it was not found "+where)
	}
}

// command_prefix and sudo hold for all of a command, not for its first word.
func TestPrefixHoldsForAll(t *testing.T) {
	needShell(t)
	for _, command := range []string{"cd / && who", "true; who", "true\nwho", "if true; then who; fi", "who | cat",
		"(who)", "who # comment"} {
		for _, sudo := range []bool{false, true} {
			for _, remote := range []bool{false, true} {
				i := instance(config.VerifierShell)
				i.Verifier.CommandPrefix, i.Verifier.Sudo, i.Verifier.SudoCommand = "env AS=prefix", sudo, "sudo -E"
				i.Verifier.Shell = config.ShellVerifier{Command: command, Remote: remote}
				b := newKitchen(t, map[string]string{".tools/who": "#!/bin/sh\necho as $AS\n",
					".tools/sudo": "#!/bin/sh\nshift\nAS=\"$AS sudo\" exec \"$@\"\n",
					".tools/id":   "#!/bin/sh\necho 1000\n"})
				b.project.Environ = []string{"PATH=" + b.path + ":/usr/bin:/bin"}
				_, err := b.verify(i)
				require.NoError(t, err, command)
				want := "as prefix\n"
				if sudo && remote {
					want = "as prefix sudo\n"
				}
				require.Equal(t, want, b.out.String(), command)
			}
		}
	}
}

func TestDummy(t *testing.T) {
	i := instance(config.VerifierDummy)
	b := newKitchen(t, nil)
	_, err := b.verify(i)
	var none *NoTestsError
	require.ErrorAs(t, err, &none)
	i.Verifier.Dummy.Fail = true
	_, err = b.verify(i)
	require.False(t, errors.As(err, &none))
	require.ErrorContains(t, err, "kitchen.yml asks")
}

// What TAP tells is told as it comes, but for a failure whose reasons may still follow.
func TestBatsTellsEarly(t *testing.T) {
	needShell(t)
	b := newKitchen(t, map[string]string{dir + "a.bats": "@test 'one' {\n}\n@test 'two' {\n}\n@test 'three' {\n}\n",
		".tools/bats": "#!/bin/sh\nprintf '1..3\\nok 1 one\\nnot ok 2 two\\n# why\\nnot ok 3 three\\n# too\\n'; exit 1\n"})
	cases, err := b.verify(instance(config.VerifierBats))
	require.EqualError(t, err, "bats: 2 of 3 tests failed")
	require.Len(t, cases, 3)
	require.Equal(t, cases[:2], b.early)
	require.Equal(t, "why", b.early[1].Message)
	require.Equal(t, 3, b.early[1].Line)
}

func TestBatsDurations(t *testing.T) {
	for timing, want := range map[string]time.Duration{"12ms": 12 * time.Millisecond, "3sec": 3 * time.Second,
		"2s": 2 * time.Second, "99999999999999999999ms": 0} {
		c := result.TestCase{Title: "a in " + timing}
		refineBats(tests{})(&c)
		require.Equal(t, result.TestCase{Title: "a", Duration: want}, c)
	}
}
