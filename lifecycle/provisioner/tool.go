package provisioner

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/runner"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// tool runs any command in the runner, with a tool from a volume.
type tool struct {
	project  Project
	instance config.Instance
}

// ownTool is the image that kitchen.yml names in the provisioner's keys, or nil.
func ownTool(t config.ToolProvisioner) *Tool {
	if t.Image == "" && len(t.Instructions) == 0 {
		return nil
	}
	return &Tool{Image: t.Image, Instructions: t.Instructions, BuildContext: t.BuildContext, Volumes: t.Volumes,
		Remedy: "Name the tool's directory in provisioner.volume."}
}

// Tool is the image that kitchen.yml names.
func (t *tool) Tool() *Tool { return ownTool(t.instance.Provisioner.Tool) }

// Prepare carries the files and writes the script.
func (t *tool) Prepare(_ context.Context, box sandbox.Dir) error {
	k := t.instance.Provisioner.Tool
	if t.instance.Provisioner.Shell.Command == "" {
		return fmt.Errorf("the tool provisioner of %s has nothing to run\nSet provisioner.command, for example: command: \"/opt/tool/bin/tool {{.Root}}/files\"", t.instance.Name)
	}
	command, err := t.command(box)
	if err != nil {
		return err
	}
	var files []sandbox.File
	for _, from := range slices.Sorted(maps.Keys(k.Files)) {
		more, err := carry(rooted(t.project.Root, from), k.Files[from])
		if err != nil {
			return fmt.Errorf("provisioner.files: %w", err)
		}
		files = append(files, more...)
	}
	run := script{env: commandEnv(t.project, t.instance)}
	run.add("cd %s || exit", runner.Quote(box.Remote))
	run.lines = append(run.lines, prefixed(t.instance.Provisioner, command))
	files = append(files, sandbox.File{Path: runCommand, Data: []byte(run.String()), Mode: 0o755})
	return sandbox.Sync(box.Local, files, nil)
}

// carry lists a file, or the files of a directory, for a place in the sandbox.
func carry(from, to string) ([]sandbox.File, error) {
	st, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	if st.IsDir() {
		return sandbox.Tree(from, to, nil)
	}
	if to == "" || strings.HasSuffix(to, "/") {
		to += filepath.Base(from)
	}
	return []sandbox.File{{Path: to, Source: from}}, nil
}

// command fills in provisioner.command.
func (t *tool) command(box sandbox.Dir) (string, error) {
	text, err := template.New("provisioner.command").Option("missingkey=error").
		Funcs(template.FuncMap{"quote": runner.Quote}).Parse(t.instance.Provisioner.Shell.Command)
	if err != nil {
		return "", fmt.Errorf("provisioner.command: %w", err)
	}
	var b bytes.Buffer
	err = text.Execute(&b, struct{ Root, Instance, Suite, Platform, Binary string }{
		box.Remote, t.instance.Name, t.instance.Suite, t.instance.Platform, t.instance.Provisioner.Tool.Binary,
	})
	if err != nil {
		return "", fmt.Errorf("provisioner.command: %w\nIt may hold {{.Root}}, {{.Instance}}, {{.Suite}}, {{.Platform}} and {{.Binary}}", err)
	}
	return b.String(), nil
}

// Converge runs the command.
func (t *tool) Converge(ctx context.Context, r runner.Runner, box sandbox.Dir, out runner.Output) (Summary, error) {
	p := t.instance.Provisioner
	read, err := newToolOutput(p.Tool)
	if err != nil {
		return unknown(), err
	}
	again := func() job {
		return job{what: "the tool's command", parser: read(), retry: p, ok: func(code int) bool {
			if slices.Contains(p.Tool.ChangedExitCodes, code) {
				return true
			}
			return slices.Contains(p.Tool.SuccessExitCodes, code) || len(p.Tool.SuccessExitCodes) == 0 && code == 0
		}}
	}
	return converge(ctx, again, p.Idempotence || t.project.Idempotence, "thing", r, box, out)
}

// toolOutput reads what kitchen.yml says how to read.
type toolOutput struct {
	keys             config.ToolProvisioner
	changed, summing *regexp.Regexp
	count            int
	changes          []string
	text             string
}

// newToolOutput compiles the patterns; what it returns makes a parser for one run.
func newToolOutput(k config.ToolProvisioner) (func() parser, error) {
	o := toolOutput{keys: k}
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
	return func() parser { c := o; return &c }, nil
}

func (o *toolOutput) line(text string) {
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

func (o *toolOutput) summary(code int) Summary {
	s := Summary{Text: o.text, Changed: o.count, Changes: o.changes, Failed: -1}
	switch {
	case slices.Contains(o.keys.ChangedExitCodes, code):
		s.Changed = max(s.Changed, 1)
	case o.changed == nil && len(o.keys.ChangedExitCodes) == 0:
		s.Changed = -1
	}
	return s
}
