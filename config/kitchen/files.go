package kitchen

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/galley-kitchen/galley/config/yaml11"
)

// locate returns the global, the project and the local file, in this order. A file that need not exist may be absent.
func (l *loader) locate() []File {
	var out []File
	global := l.setting("GLOBAL_")
	if global == "" && l.options.Home != "" {
		global = filepath.Join(l.options.Home, ".kitchen", "config.yml")
	}
	if global != "" {
		out = append(out, l.file(RoleGlobal, global))
	}
	project := l.project()
	if !exists(project) {
		l.diags.ErrorAt(yaml11.Pos{File: l.name(project)}, "", "the project has no configuration: "+project+" does not exist",
			"go to the project's directory, set KITCHEN_YAML, or run `galley init`")
	}
	return append(out, l.file(RoleProject, project), l.file(RoleLocal, l.local(project)))
}

// setting is the value of KITCHEN_<what>_YAML, or of the same with _YML, as an absolute path; "" when both are empty.
func (l *loader) setting(what string) string {
	for _, suffix := range []string{"YAML", "YML"} {
		name := "KITCHEN_" + what + suffix
		v, _ := l.options.Env(name)
		if v == "" {
			continue
		}
		path := l.expand(v)
		if !exists(path) && what != "" {
			l.diags.WarnAt(yaml11.Pos{File: l.name(path)}, "", fmt.Sprintf("%s names %s, which does not exist", name, path),
				"unset "+name+", or correct it")
		}
		return path
	}
	return ""
}

// expand makes a path absolute: ~ is the home directory, others start at the project.
func (l *loader) expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok &&
		l.options.Home != "" && (rest == "" || os.IsPathSeparator(rest[0])) {
		return filepath.Join(l.options.Home, rest)
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(l.config.Root, path)
}

func (l *loader) project() string {
	if path := l.setting(""); path != "" {
		return path
	}
	plain := filepath.Join(l.config.Root, "kitchen.yml")
	return l.oneOf(plain, filepath.Join(l.config.Root, ".kitchen.yml"), plain)
}

// local is the project's file name with .local before the extension, dotted or not.
func (l *loader) local(project string) string {
	if path := l.setting("LOCAL_"); path != "" {
		return path
	}
	dir, base := filepath.Split(project)
	ext := filepath.Ext(strings.TrimLeft(base, ".")) // the name of a dot file is not an extension
	own := strings.TrimSuffix(base, ext) + ".local" + ext
	plain := strings.TrimPrefix(own, ".")
	return l.oneOf(filepath.Join(dir, plain), filepath.Join(dir, "."+plain), own)
}

// oneOf is the one of two files that exists, plain without any. When both do, the error advises to keep one.
func (l *loader) oneOf(plain, dotted, keep string) string {
	switch {
	case !exists(dotted):
		return plain
	case !exists(plain):
		return dotted
	}
	l.diags.ErrorAt(yaml11.Pos{File: l.name(plain)}, "",
		fmt.Sprintf("both %s and %s exist in %s, and only one of them can count", filepath.Base(plain), filepath.Base(dotted),
			filepath.Dir(plain)),
		"keep "+filepath.Base(keep)+" and remove or merge the other")
	return plain
}

// dokkenOverlay is kitchen.dokken.yml or .kitchen.dokken.yml beside the project file, or "".
func (l *loader) dokkenOverlay(project string) string {
	for _, name := range []string{"kitchen.dokken.yml", ".kitchen.dokken.yml"} {
		if path := filepath.Join(filepath.Dir(project), name); path != project && exists(path) {
			return path
		}
	}
	return ""
}

// file reads a file. One that is not there, or whose directory may not be looked into, is absent.
func (l *loader) file(role Role, path string) File {
	f := File{Role: role, Path: path, Name: l.name(path)}
	if !exists(path) {
		return f
	}
	src, err := os.ReadFile(path)
	if err != nil {
		l.diags.ErrorAt(yaml11.Pos{File: f.Name}, "", "the file cannot be read: "+err.Error(),
			"check that it is a file which you may read")
		return f
	}
	f.Present, f.Source = true, src
	return f
}

// name is how positions call a file.
func (l *loader) name(path string) string {
	if rel, err := filepath.Rel(l.config.Root, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
