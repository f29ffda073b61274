package shell

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/provisioner/internal/converge"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Tool runs any command in the runner, with a tool from a volume.
type Tool struct{ converge.Base }

// Prepare carries the files and writes the script.
func (t Tool) Prepare(_ context.Context, sb sandbox.Dir) error {
	if t.Provisioner.Shell.Command == "" {
		return fmt.Errorf("the tool provisioner of %s has nothing to run\n"+
			"Set provisioner.command, for example: command: \"/opt/tool/bin/tool {{.Root}}/files\"", t.Name)
	}
	f, files := t.Files(), t.Provisioner.Tool.Files
	for _, from := range slices.Sorted(maps.Keys(files)) {
		f.Carry("files", t.Abs(from), files[from])
	}
	command, err := t.command(sb)
	f.Fail(err)
	var run converge.Script
	run.In(sb.Remote)
	run.Line(command)
	return f.Sync(sb, run, nil)
}

// command fills in provisioner.command.
func (t Tool) command(sb sandbox.Dir) (string, error) {
	text, err := template.New("provisioner.command").Option("missingkey=error").
		Funcs(template.FuncMap{"quote": runner.Quote}).Parse(t.Provisioner.Shell.Command)
	if err != nil {
		return "", fmt.Errorf("provisioner.command: %w", err)
	}
	var b bytes.Buffer
	err = text.Execute(&b, struct{ Root, Instance, Suite, Platform, Binary string }{
		sb.Remote, t.Name, t.Suite, t.Platform, t.Provisioner.Tool.Binary,
	})
	if err != nil {
		return "", fmt.Errorf("provisioner.command: %w\nIt may hold {{.Root}}, {{.Instance}}, {{.Suite}}, {{.Platform}} "+
			"and {{.Binary}}", err)
	}
	return b.String(), nil
}

// Converge runs the command.
func (t Tool) Converge(ctx context.Context, r runner.Run) (converge.Summary, error) {
	k := t.Provisioner.Tool
	newParser, err := newOutput(k)
	if err != nil {
		return converge.Unknown(), err
	}
	ok := slices.Concat(k.ChangedExitCodes, k.SuccessExitCodes)
	if len(k.SuccessExitCodes) == 0 {
		ok = append(ok, 0)
	}
	return t.Run(ctx, converge.Job{What: "the tool's command", Thing: "thing", Parser: newParser, OK: ok}, r)
}

// output reads what kitchen.yml says how to read.
type output struct {
	keys             config.ToolProvisioner
	changed, summing *regexp.Regexp
	count            int
	changes          []string
	text             string
}

// newOutput compiles the patterns; what it returns makes a parser for one run.
func newOutput(k config.ToolProvisioner) (func() converge.Parser, error) {
	o := output{keys: k}
	for _, p := range []struct {
		key, text string
		to        **regexp.Regexp
	}{{"changed_pattern", k.ChangedPattern, &o.changed}, {"summary_pattern", k.SummaryPattern, &o.summing}} {
		if p.text == "" {
			continue
		}
		re, err := regexp.Compile(p.text)
		if err != nil {
			return nil, fmt.Errorf("provisioner.%s: %w", p.key, err)
		}
		*p.to = re
	}
	return func() converge.Parser { c := o; return &c }, nil
}

func (o *output) Line(text string) {
	if o.summing != nil {
		if m := o.summing.FindString(text); m != "" {
			o.text = strings.TrimSpace(m)
		}
	}
	if o.changed == nil {
		return
	}
	m := o.changed.FindStringSubmatch(text)
	if m == nil {
		return
	}
	what := m[min(1, len(m)-1)]
	if n, err := strconv.Atoi(what); err == nil {
		o.count += n
		return
	}
	o.count++
	o.changes = append(o.changes, what)
}

func (o *output) Summary(code int) converge.Summary {
	s := converge.Summary{Text: o.text, Changed: o.count, Changes: o.changes, Failed: -1}
	switch {
	case slices.Contains(o.keys.ChangedExitCodes, code):
		s.Changed = max(s.Changed, 1)
	case o.changed == nil && len(o.keys.ChangedExitCodes) == 0:
		s.Changed = -1
	}
	return s
}
