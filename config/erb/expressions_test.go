package erb

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew, asking ruby")

// oracle evaluates each expression in a ruby of its own binding and writes what
// it gives, or the exception it raises, as JSON.
const oracle = `
require "json"; require "yaml"; require "set"; require "pathname"; require "date"; require "time"; require "ostruct"
require "shellwords"; require "securerandom"; require "base64"; require "digest"; require "uri"; require "cgi"
list = JSON.parse(STDIN.read)
STDOUT.sync = true
out = STDOUT.dup
STDOUT.reopen(File::NULL)
STDERR.reopen(File::NULL)
results = list.map do |code|
  r, w = IO.pipe
  pid = fork do
    r.close
    text = begin
      TOPLEVEL_BINDING.dup.eval(code).inspect
    rescue SystemExit, ScriptError, StandardError, SystemStackError => e
      "!" + e.class.name + (e.is_a?(SyntaxError) ? "" : ": " + e.message)
    end
    w.write(text)
    w.close
    exit!(0)
  end
  w.close
  text = r.read.force_encoding("UTF-8")
  Process.wait(pid)
  text.gsub(/0x\h{16}/, "0xADDRESS").gsub(/ADDRESS \(eval\):\d+/, "ADDRESS")
end
out.write(JSON.generate(results))
`

// askRuby returns what ruby makes of the expressions.
func askRuby(t *testing.T, exprs []string) []string {
	t.Helper()
	in, err := json.Marshal(exprs)
	require.NoError(t, err)
	cmd := exec.Command("ruby", "--disable=did_you_mean,error_highlight", "-EUTF-8", "-e", oracle)
	cmd.Env = testEnv()
	cmd.Dir = "testdata/project"
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	require.NoError(t, err)
	var results []string
	require.NoError(t, json.Unmarshal(out, &results))
	require.Len(t, results, len(exprs))
	return results
}

func testEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=/home/tester", "USER=tester", "TZ=UTC", "LANG=C.UTF-8"}
}

func testOptions(t *testing.T) Options {
	t.Helper()
	dir, err := filepath.Abs("testdata/project")
	require.NoError(t, err)
	return Options{Dir: dir, Env: testEnv(), Mode: Builtin, Commands: RunCommand}
}

// readExpressions reads a list of expressions: one a line, or several lines
// between lines of ---.
func readExpressions(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	var exprs []string
	var block []string
	in := false
	for _, line := range strings.Split(string(b), "\n") {
		switch {
		case line == "---" && in:
			exprs = append(exprs, strings.Join(block, "\n"))
			block, in = nil, false
		case line == "---":
			in = true
		case in:
			block = append(block, line)
		case line == "" || strings.HasPrefix(line, "# "):
		default:
			exprs = append(exprs, line)
		}
	}
	return exprs
}

// evaluate gives what the oracle gives, by this package.
func evaluate(t *testing.T, expr string) string {
	t.Helper()
	vm := newVM(testOptions(t))
	src := &source{name: "(eval)", gen: header + expr}
	prog, err := parse(src.gen)
	if err != nil {
		if se, ok := err.(*syntaxError); ok && se.unsupported {
			return "?" + se.construct
		}
		return "!SyntaxError"
	}
	out, rerr := vm.evaluate(context.Background(), src, prog)
	switch {
	case rerr == nil:
		return out
	case rerr.Unsupported:
		return "?" + rerr.Msg
	}
	return "!" + rerr.Class + ": " + rerr.Msg
}

// evaluate runs a program and inspects its value.
func (vm *vm) evaluate(ctx context.Context, src *source, prog node) (text string, err *Error) {
	vm.ctx, vm.src = ctx, src
	signal := vm.caught(func() {
		f := &frame{self: vm.main, vars: &scope{}, act: &activation{self: vm.main}, lex: vm.lex, src: src}
		text = vm.inspect(vm.eval(f, prog))
	})
	if signal != nil {
		return "", vm.failure(signal, src)
	}
	return text, nil
}

// address is what Ruby prints of an object that has no better text.
var address = regexp.MustCompile(`0x[0-9a-f]{16}`)

// accepted are the expressions whose value differs from Ruby's, and why.
var accepted = map[string]string{
	`[1, 2, 3].pack("C*")`:                                "strings carry no encoding: bytes print as characters",
	`JSON.parse('nope')`:                                  "the number in the message is that of a source line of the json gem",
	`JSON.parse('{"a":')`:                                 "as above",
	`JSON.generate(Float::NAN)`:                           "as above",
	`require_relative "x"`:                                "Ruby's eval has no file to start at",
	`require "nope_gem"`:                                  "outside the subset: a ruby may have the gem",
	`ObjectSpace.class`:                                   "outside the subset",
	`ObjectSpace`:                                         "outside the subset",
	`Random.new(42).class rescue "x"`:                     "outside the subset",
	`"%a" % 1 rescue "err"`:                               "outside the subset",
	`"abc".crypt("ab") rescue "x"`:                        "outside the subset",
	`String.instance_method(:upcase).class`:               "an unbound method is a Method here",
	`Comparable.instance_method(:clamp).class rescue "x"`: "as above",
	`[3, nil].max`:                                        "the order in which a failing comparison names its sides",
	`[1, 2, 3].each_slice(0)`:                             "the size is checked when the block runs",
	`{a: 1}.map(&->(k, v) { [k, v] }) rescue "arity"`:     "lambdas take no pair apart",
	`%w(a b).each_with_index.map(&->((x, i)) { x * (i + 1) }) rescue "err"`: "two values yielded count as one pair",
}

// TestExpressions compares the values of many expressions with those that Ruby
// 3.1 gave. Run with -update to ask a ruby again.
func TestExpressions(t *testing.T) {
	lists, err := filepath.Glob("testdata/expressions/*.rb")
	require.NoError(t, err)
	require.NotEmpty(t, lists)
	for _, name := range lists {
		t.Run(filepath.Base(name), func(t *testing.T) {
			exprs := readExpressions(t, name)
			golden := strings.TrimSuffix(name, ".rb") + ".golden.json"
			if *update {
				b, err := json.MarshalIndent(askRuby(t, exprs), "", " ")
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(golden, append(b, '\n'), 0o644))
			}
			b, err := os.ReadFile(golden)
			require.NoError(t, err)
			var want []string
			require.NoError(t, json.Unmarshal(b, &want))
			require.Len(t, want, len(exprs), "run with -update")
			for i, e := range exprs {
				got := address.ReplaceAllString(evaluate(t, e), "0xADDRESS")
				if reason, ok := accepted[e]; ok {
					require.NotEqual(t, want[i], got, "%s differs no more: %s", e, reason)
					continue
				}
				if got != want[i] {
					t.Errorf("%s\n ruby:   %s\n galley: %s", e, want[i], got)
				}
			}
		})
	}
}
