package erb

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// templateCase is one template with what Ruby makes of it: the text, or the class of the exception.
type templateCase struct {
	Name, Text, Error string
	tmpl              string
}

// readTemplates reads the list of templates, each behind a line "=== name".
func readTemplates(t *testing.T) []templateCase {
	t.Helper()
	b, err := os.ReadFile("testdata/templates/templates.txt")
	require.NoError(t, err)
	var cases []templateCase
	for _, part := range strings.Split("\n"+string(b), "\n=== ")[1:] {
		name, tmpl, _ := strings.Cut(part, "\n")
		if name == "windows line ends" {
			tmpl = strings.ReplaceAll(tmpl, "\n", "\r\n")
		}
		cases = append(cases, templateCase{Name: name, tmpl: tmpl})
	}
	return cases
}

// evaluateTemplate is what the evaluator makes of a template.
func evaluateTemplate(t *testing.T, tmpl string) templateCase {
	t.Helper()
	out, err := newEvaluator(testOptions(t)).Render(context.Background(), "kitchen.yml", []byte(tmpl))
	var e *Error
	if errors.As(err, &e) {
		if e.Unsupported {
			return templateCase{Error: "outside: " + e.Construct}
		}
		return templateCase{Error: e.Class}
	}
	return templateCase{Text: string(out)}
}

// templateOracle renders a template and writes its text, or the exception, as JSON.
const templateOracle = `
require "erb"; require "json"; require "yaml"; require "pathname"; require "date"; require "time"
out = STDOUT.dup
STDOUT.reopen(File::NULL)
STDERR.reopen(File::NULL)
answer = begin
  template = ERB.new(STDIN.read)
  template.filename = "kitchen.yml"
  { Text: [template.result].pack("m0") }
rescue SystemExit, ScriptError, StandardError => e
  { Error: e.class.name }
end
out.write(JSON.generate(answer))
`

// askRubyTemplate returns what ruby makes of a template.
func askRubyTemplate(t *testing.T, c templateCase) templateCase {
	t.Helper()
	cmd := exec.Command("ruby", "-EUTF-8", "-e", templateOracle)
	cmd.Env, cmd.Dir, cmd.Stdin = testEnv(), "testdata/project", strings.NewReader(c.tmpl)
	out, err := cmd.Output()
	require.NoError(t, err)
	var answer struct {
		Text  []byte
		Error string
	}
	require.NoError(t, json.Unmarshal(out, &answer), c.Name)
	return templateCase{Name: c.Name, Text: string(answer.Text), Error: answer.Error}
}

// TestTemplates compares whole templates with what Ruby 3.1 made of them. Run with -update to ask a ruby again.
func TestTemplates(t *testing.T) {
	const golden = "testdata/templates/templates.golden.json"
	cases := readTemplates(t)
	if *update {
		var want []templateCase
		for _, c := range cases {
			want = append(want, askRubyTemplate(t, c))
		}
		b, err := json.MarshalIndent(want, "", " ")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(golden, append(b, '\n'), 0o644))
	}
	b, err := os.ReadFile(golden)
	require.NoError(t, err)
	var want []templateCase
	require.NoError(t, json.Unmarshal(b, &want))
	require.Len(t, want, len(cases), "run with -update")
	for i, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			got := evaluateTemplate(t, c.tmpl)
			if got.Error == want[i].Error || got.Error != "" && want[i].Error != "" &&
				!strings.HasPrefix(got.Error, "outside: ") {
				got.Error = want[i].Error // which error a broken template gives matters less than that it gives one
			}
			if strings.HasPrefix(got.Error, "outside: ") {
				return // it is left to a ruby, whose answer is the one that is wanted
			}
			got.Name = c.Name
			require.Equal(t, want[i], got)
		})
	}
}
