package erb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// runCommand runs the commands of templates.
func runCommand(ctx context.Context, c Command) ([]byte, int, error) {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out, exit.ExitCode(), nil
	}
	return out, 0, err
}

func testOptions(t *testing.T) Options {
	t.Helper()
	dir, err := filepath.Abs("testdata/project")
	require.NoError(t, err)
	return Options{Dir: dir, Env: testEnv(), Commands: runCommand}
}

// readExpressions reads a list of expressions: one a line, or several lines between lines of ---.
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

// coreTables are the methods of the core classes as far as a test needed them.
var coreTables = map[string]methodTable{}

// newEvaluator is an Evaluator that shares the methods of the core classes with others:
// to make them takes most of the time of a small template.
func newEvaluator(o Options) *Evaluator {
	e := New(o)
	e.tables = coreTables
	return e
}

// evaluate is what the evaluator makes of an expression: its inspect text, "!" and
// the exception, or "outside" when it is left to a ruby.
func evaluate(t *testing.T, code string) string {
	t.Helper()
	in := newEvaluator(testOptions(t))
	src := &source{name: "(eval)", file: []byte(code), gen: code}
	text := ""
	signal := in.caught(func() { text = inspect(in.eval(&frame{src: src, self: mainObject{}}, parse(src))) })
	e, ok := signal.(*Error)
	switch {
	case signal == nil:
		return text
	case ok && e.Unsupported:
		return "outside"
	case ok && e.Class == "SyntaxError":
		return "!SyntaxError"
	case ok:
		return "!" + e.Class + ": " + e.Msg
	}
	return "!LocalJumpError"
}

// address is what Ruby prints of an object that has no better text.
var address = regexp.MustCompile(`0x[0-9a-f]{16}`)

// accepted are the expressions whose value differs from Ruby's, and why.
var accepted = map[string]string{
	`h = {a: 1}.freeze; h[:b] = 1`:                        "nothing is frozen",
	`ENV["USER"] << "x"`:                                  "as above",
	`"a".freeze << "b"`:                                   "as above",
	`A = %w(x).freeze; A << 1`:                            "as above",
	`Comparable.class`:                                    "modules are classes",
	`[1, 2, 3].each`:                                      "enumerators are printed in short",
	`[1, 2].each_with_index`:                              "as above",
	`[1, 2].map`:                                          "as above",
	`[1].each_slice(2)`:                                   "as above",
	`[1, 2, 3].each_slice(0)`:                             "the size is checked when the block runs",
	`/(a)(b)?/.match("a").inspect`:                        "matches are printed in short",
	`/(?<n>a)/.match("a").inspect`:                        "as above",
	`ENV.dig("USER") rescue "nm"`:                         "ENV is a hash otherwise",
	`require "json"`:                                      "the test's ruby has it loaded",
	`"a".instance_eval { upcase }`:                        "ruby31.txt does not list it",
	`{a: 1}.map(&->(k, v) { [k, v] }) rescue "arity"`:     "lambdas take no pair apart",
	`begin; [3, "a"].sort; rescue => e; e.message; end`:   "the order in which a failing comparison names its sides",
	`begin; Hash.new(1) { }; rescue => e; e.message; end`: "more is accepted",
	`"a".."e" === "c"`:                                    "a range of a boolean",
	`1..2 == (1..2)`:                                      "as above",
	`"ǆ".capitalize`:                                      "letters with a title case of their own",
	`"ß".upcase`:                                          "Go's mapping of single letters",
	`"STRASSE".casecmp?("straße")`:                        "as above",
	`"a".eql?("a") && "a".equal?("a") == false`:           "equal? is ==",
	`"abc".to_s.equal?("abc")`:                            "as above",
	`"\u200b\u00ad\u{1f600}\x7f".inspect`:                 "which letters can be printed is Go's idea",
}

// acceptedStarts are the starts of longer expressions that differ in a part.
var acceptedStarts = map[string]string{
	`File.extname("a.rb") + File.extname("a.tar.gz")`: "File.extname of a name that ends with a dot",
	`"abc".succ + "az".succ + "zz".succ`:              "successors of punctuation",
}

// leftToRubyOf is how many expressions of each list are left to a ruby, at most.
var leftToRubyOf = map[string]int{
	"collections.rb": 119, "library.rb": 179, "more.rb": 70, "numbers.rb": 145, "regexps.rb": 67, "strings.rb": 88,
	"syntax.rb": 140,
}

// refused are expressions that the parser takes for wrong, and Ruby does not; with a syntax error, too, a file is given
// to a ruby.
var refused = []string{
	`%s(sym)`,
	`?a + ?\n`,
	`[:+, :[], :[]=, :!, :<=>, :a?, :a!, :a=, :A, :@a, :@@a, :$a, :"9", :"a-b", :"foo bar", :"", :"=", :"é"]`,
	`x = 1; y = 2; {x:, y:}`,
	`x = 10; [1, 2].each { |i; x| x = i }; x`,
	`a = [1, 2, 3]; first, = a; first`,
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
			outside := 0
			for i, e := range exprs {
				got := address.ReplaceAllString(evaluate(t, e), "0xADDRESS")
				// Which error a broken expression gives matters less than that it gives one.
				if got == "outside" {
					outside++
					continue
				} else if strings.HasPrefix(got, "!") && strings.HasPrefix(want[i], "!") {
					continue
				} else if slices.Contains(refused, e) {
					require.Equal(t, "!SyntaxError", got, "%s is read: remove it from refused", e)
					continue
				}
				reason, ok := accepted[e]
				for prefix, why := range acceptedStarts {
					if strings.HasPrefix(e, prefix) {
						reason, ok = why, true
					}
				}
				if ok {
					require.NotEqual(t, want[i], got, "%s differs no more: %s", e, reason)
					continue
				}
				if got != want[i] {
					t.Errorf("%s\n ruby:   %s\n galley: %s", e, want[i], got)
				}
			}
			require.LessOrEqual(t, outside, leftToRubyOf[filepath.Base(name)], "of %d are left to a ruby", len(exprs))
		})
	}
}
