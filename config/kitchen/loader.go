package kitchen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/galley-kitchen/galley/config/erb"
	"github.com/galley-kitchen/galley/config/yaml11"
)

// Renderer evaluates the ERB of the files, one after the other: what one file
// defines, a later one sees. *template.Session is one.
type Renderer interface {
	// Render returns the text of a template. filename is the file's absolute path, which templates see as __FILE__.
	Render(ctx context.Context, filename string, src []byte) ([]byte, error)
}

// Options say what Load reads.
type Options struct {
	// Dir is the project directory: the working directory of Test Kitchen.
	Dir string
	// Home is the user's home directory, for the global file and `~`. Without it there is no global file.
	Home string
	// Env looks up environment variables; the KITCHEN_*_YAML ones are read.
	Env func(string) (string, bool)
	// ERB evaluates templates. Nil leaves the text of all files as it is.
	ERB Renderer
}

// Load reads the files of a project, merges them and cuts them into instances, as Test Kitchen 4.1 does. All problems
// are collected: when one of them hinders loading, the error is a *LoadError, and the Config holds what there is.
func Load(ctx context.Context, o Options) (*Config, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("project directory %s: %w", o.Dir, err)
	}
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	diags := &Diagnostics{}
	l := &loader{
		options: o,
		diags:   diags,
		merger:  &merger{diags: diags},
		config:  &Config{Root: dir},
	}
	if err := l.load(ctx); err != nil {
		return nil, err
	}
	l.config.Diagnostics = l.diags.all()
	for i, d := range l.config.Diagnostics {
		l.config.Diagnostics[i] = l.config.Annotate(d)
	}
	if l.failed {
		return l.config, &LoadError{Diagnostics: l.config.Errors()}
	}
	return l.config, nil
}

type loader struct {
	options Options
	diags   *Diagnostics
	merger  *merger
	config  *Config
	failed  bool
}

// load fills the config. It returns an error only when ctx ends.
func (l *loader) load(ctx context.Context) error {
	merged := emptyMap(yaml11.Pos{})
	add := func(files ...File) error {
		for _, f := range files {
			if err := l.read(ctx, &f); err != nil {
				return err
			}
			merged = l.merge(merged, &f)
			l.config.Files = append(l.config.Files, f)
		}
		return nil
	}
	if err := add(l.locate()...); err != nil {
		return err
	}
	if path := l.overlay(merged); path != "" {
		if err := add(l.file(RoleDokken, path)); err != nil {
			return err
		}
	}
	merged = textKeys(merged, l.diags)
	if l.failed = l.diags.HasErrors(); l.failed {
		return nil
	}
	l.config.Merged = merged
	m := newMunger(merged, l.diags)
	if m != nil {
		l.config.Instances = m.instances()
	}
	if l.failed = l.diags.HasErrors(); l.failed {
		l.config.Instances = nil
		return nil
	}
	for _, d := range m.duplicates {
		l.diags.Add(d)
	}
	return nil
}

// read renders and parses a file. Problems go to the diagnostics; an error is returned only when ctx ends.
func (l *loader) read(ctx context.Context, f *File) error {
	f.Rendered = f.Source
	if l.options.ERB != nil && bytes.Contains(f.Source, []byte("<%")) {
		if bytes.Contains(f.Source, []byte(stateDir)) {
			// Test Kitchen has made it, for its log, before it reads the file.
			if err := os.MkdirAll(filepath.Join(l.config.Root, stateDir), 0o755); err != nil {
				l.diags.WarnAt(yaml11.Pos{File: f.Name}, "",
					"the template names "+stateDir+", which cannot be made: "+err.Error(), "")
			}
		}
		rendered, err := l.options.ERB.Render(ctx, f.Path, f.Source)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			l.addRenderError(f, err)
			return nil
		}
		f.Rendered = rendered
	}
	note := ""
	if lines(f.Rendered) != lines(f.Source) {
		note = "line numbers are those of the rendered file; see `galley diagnose --rendered`"
	}
	data, warnings, err := yaml11.Parse(f.Name, f.Rendered)
	l.diags.addYAML(warnings, err, note)
	switch {
	case err != nil:
	case falsy(data):
		f.Data = emptyMap(data.Pos)
	case data.Kind != yaml11.Map:
		l.diags.ErrorAt(data.Pos, "", "the file is "+aKind(data)+", expected a mapping",
			"write keys such as `driver:` at the left margin")
	default:
		f.Data = normalize(data)
	}
	return nil //nolint:nilerr // what is wrong with a file is among the diagnostics
}

// stateDir is the directory of a project's state.
const stateDir = ".kitchen"

func lines(b []byte) int { return bytes.Count(b, []byte("\n")) }

// addRenderError reports why a file's template failed. Its lines are those of the source.
func (l *loader) addRenderError(f *File, err error) {
	d := Diagnostic{Severity: SeverityError, Pos: yaml11.Pos{File: f.Name}, Msg: err.Error()}
	var at *erb.Error
	if errors.As(err, &at) {
		d.Pos.Line, d.Pos.Col = at.Line, at.Col
		bare := *at // the diagnostic has a place and a hint of its own
		bare.File, bare.Hint = "", ""
		d.Msg, d.Hint = bare.Error(), at.Hint
		d.Excerpt = yaml11.Excerpt(f.Source, d.Pos)
	}
	l.diags.Add(d)
}

// merge puts a file's data over what weaker files said.
func (l *loader) merge(weak *yaml11.Value, f *File) *yaml11.Value {
	if f.Data == nil {
		return weak
	}
	return l.merger.rmerge(weak, withoutNullBlocks(weak, f.Data), "")
}

// withoutNullBlocks drops the root's plugin blocks that are null where a weaker file has a mapping: an empty
// `verifier:` overrides nothing. Test Kitchen does so for driver and provisioner alone, and fails for the others.
func withoutNullBlocks(weak, strong *yaml11.Value) *yaml11.Value {
	var drop []string
	for _, key := range []string{"verifier", "transport", "lifecycle", "publish", "compare", "services",
		"networks", "kitchen"} {
		old, v := weak.Map.Get(key), strong.Map.Get(key)
		if old != nil && old.Kind == yaml11.Map && v != nil && v.Kind == yaml11.Null {
			drop = append(drop, key)
		}
	}
	if drop == nil {
		return strong
	}
	return yaml11.NewMap(strong.Map.Without(drop...), strong.Pos)
}

// overlay is the file to lay over a project that is not for containers, or "".
func (l *loader) overlay(merged *yaml11.Value) string {
	driver := rootDriver(merged)
	at := slices.IndexFunc(l.config.Files, func(f File) bool { return f.Role == RoleProject && f.Present })
	if l.setting("LOCAL_") != "" || at < 0 || ContainerDriver(driver) {
		return ""
	}
	project := l.config.Files[at]
	path := l.dokkenOverlay(project.Path)
	if path == "" {
		return ""
	}
	what := "driver " + driver + " is not for containers"
	if driver == "" {
		what = "no driver is named"
	}
	l.config.Notices = append(l.config.Notices,
		fmt.Sprintf("%s: %s, so %s is laid over it", project.Name, what, l.name(path)))
	return path
}

// rootDriver is the name of the root's driver, or "".
func rootDriver(data *yaml11.Value) string {
	if name, _ := PluginName(data.Map.Get("driver")); name != "" {
		return name
	}
	if plugin := data.Map.Get("driver_plugin"); plugin != nil {
		return plugin.Str
	}
	return ""
}

// ContainerDriver reports whether a driver's instances are containers, or nothing at all.
func ContainerDriver(name string) bool {
	switch name {
	case "dokken", "docker", "docker_cli", "podman", "dummy":
		return true
	}
	return false
}
