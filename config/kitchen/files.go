package kitchen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// locator finds the configuration files of a project.
type locator struct {
	dir   string // the project directory, absolute
	home  string // may be empty
	env   func(string) (string, bool)
	diags *Diagnostics
}

// locate returns the global, the project and the local file, in this order. A file that need not exist may be absent.
func (l locator) locate() []File {
	var out []File
	if path, ok := l.global(); ok {
		out = append(out, l.file(RoleGlobal, path))
	}
	project := l.project()
	if !exists(project) {
		l.diags.Add(Diagnostic{Severity: SeverityError, Pos: yaml11.Pos{File: l.name(project)},
			Msg:  "the project has no configuration: " + project + " does not exist",
			Hint: "go to the project's directory, set KITCHEN_YAML, or run `galley init`"})
	}
	return append(out, l.file(RoleProject, project), l.file(RoleLocal, l.local(project)))
}

// setting is the value of KITCHEN_<what>_YAML, or of the same with _YML, as an
// absolute path. An empty value counts as none.
func (l locator) setting(what string) (path string, ok bool) {
	for _, suffix := range []string{"YAML", "YML"} {
		name := "KITCHEN_" + what + suffix
		if v, _ := l.env(name); v != "" {
			path = l.expand(v)
			if !exists(path) && what != "" {
				l.diags.Add(Diagnostic{Severity: SeverityWarning, Pos: yaml11.Pos{File: l.name(path)},
					Msg: fmt.Sprintf("%s names %s, which does not exist", name, path), Hint: "unset " + name + ", or correct it"})
			}
			return path, true
		}
	}
	return "", false
}

// expand makes a path absolute: ~ is the home directory, others start at the project.
func (l locator) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && l.home != "" && (rest == "" || os.IsPathSeparator(rest[0])) {
		return filepath.Join(l.home, rest)
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(l.dir, path)
}

func (l locator) global() (string, bool) {
	if path, ok := l.setting("GLOBAL_"); ok {
		return path, true
	}
	if l.home == "" {
		return "", false
	}
	return filepath.Join(l.home, ".kitchen", "config.yml"), true
}

func (l locator) project() string {
	if path, ok := l.setting(""); ok {
		return path
	}
	plain, dotted := filepath.Join(l.dir, "kitchen.yml"), filepath.Join(l.dir, ".kitchen.yml")
	if !exists(dotted) {
		return plain
	}
	if exists(plain) {
		l.failBoth(plain, dotted, plain)
		return plain
	}
	return dotted
}

// local is the project's file name with .local before the extension, dotted or not.
func (l locator) local(project string) string {
	if path, ok := l.setting("LOCAL_"); ok {
		return path
	}
	dir, base := filepath.Split(project)
	ext := rubyExt(base)
	own := strings.TrimSuffix(base, ext) + ".local" + ext
	plain := filepath.Join(dir, strings.TrimPrefix(own, "."))
	dotted := filepath.Join(dir, "."+strings.TrimPrefix(own, "."))
	if !exists(dotted) {
		return plain
	}
	if exists(plain) {
		l.failBoth(plain, dotted, filepath.Join(dir, own))
	}
	return dotted
}

func (l locator) failBoth(plain, dotted, keep string) {
	l.diags.Add(Diagnostic{Severity: SeverityError, Pos: yaml11.Pos{File: l.name(plain)},
		Msg: fmt.Sprintf("both %s and %s exist in %s, and only one of them can count", filepath.Base(plain),
			filepath.Base(dotted), filepath.Dir(plain)),
		Hint: "keep " + filepath.Base(keep) + " and remove or merge the other"})
}

// dokkenOverlay is kitchen.dokken.yml or .kitchen.dokken.yml beside the project file, or "".
func (l locator) dokkenOverlay(project string) string {
	for _, name := range []string{"kitchen.dokken.yml", ".kitchen.dokken.yml"} {
		if path := filepath.Join(filepath.Dir(project), name); path != project && exists(path) {
			return path
		}
	}
	return ""
}

// file reads a file. One that is not there, or whose directory may not be looked into, is absent.
func (l locator) file(role Role, path string) File {
	f := File{Role: role, Path: path, Name: l.name(path)}
	if !exists(path) {
		return f
	}
	src, err := os.ReadFile(path)
	if err != nil {
		l.diags.Add(Diagnostic{Severity: SeverityError, Pos: yaml11.Pos{File: f.Name},
			Msg: "the file cannot be read: " + err.Error(), Hint: "check that it is a file which you may read"})
		return f
	}
	f.Present, f.Source = true, src
	return f
}

// name is how positions call a file.
func (l locator) name(path string) string {
	if rel, err := filepath.Rel(l.dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// rubyExt is Ruby's File.extname: the name of a dot file is not an extension.
func rubyExt(base string) string {
	trimmed := strings.TrimLeft(base, ".")
	if i := strings.LastIndexByte(trimmed, '.'); i > 0 {
		return trimmed[i:]
	}
	return ""
}
