package converge

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Files collects what a sandbox is to hold. It keeps the first error, which Sync returns: steps that add files need not
// pass theirs on.
type Files struct {
	// List are the files. Of two at one path the later one counts.
	List []sandbox.File
	// Err is the first error.
	Err    error
	notice func(format string, args ...any)
}

// Files returns a collection without files.
func (o Options) Files() *Files { return &Files{notice: o.Notice} }

// Fail notes an error, unless it is nil or there is one already.
func (f *Files) Fail(err error) {
	if f.Err == nil {
		f.Err = err
	}
}

// Add adds files.
func (f *Files) Add(files ...sandbox.File) { f.List = append(f.List, files...) }

// Has reports whether there is a file at a path.
func (f *Files) Has(path string) bool {
	return slices.ContainsFunc(f.List, func(have sandbox.File) bool { return have.Path == path })
}

// Tree adds what sandbox.Tree lists. what says in errors what could not be done.
func (f *Files) Tree(what, from, to string, skip func(rel string, dir bool) bool) {
	files, err := sandbox.Tree(from, to, skip)
	if err != nil {
		f.Fail(fmt.Errorf("%s: %w", what, err))
	}
	f.Add(files...)
}

// Carry adds a file, or the files of a directory, at a place in the sandbox. A place that is empty or ends in a slash
// is a directory. key is that of the provisioner which names the file, for errors. From nowhere, "", nothing is
// carried.
func (f *Files) Carry(key, from, to string) {
	if from == "" {
		return
	}
	switch st, err := os.Stat(from); {
	case err != nil:
		f.Fail(fmt.Errorf("provisioner.%s: %w", key, err))
	case st.IsDir():
		f.CarryTree(key, from, to)
	case to == "" || strings.HasSuffix(to, "/"):
		f.Add(sandbox.File{Path: to + filepath.Base(from), Source: from})
	default:
		f.Add(sandbox.File{Path: to, Source: from})
	}
}

// CarryTree adds the files of a directory that a key of the provisioner names, and tells what cannot be copied.
func (f *Files) CarryTree(key, from, to string) {
	files, skipped, err := sandbox.TreeTold(from, to, nil)
	for n, name := range skipped {
		skipped[n] = strings.TrimPrefix(name, path.Clean(to)+"/")
	}
	if left := archive.Skipped(skipped); left != nil {
		f.notice("provisioner.%s: %v", key, left)
	}
	if err != nil {
		f.Fail(fmt.Errorf("provisioner.%s: %w", key, err))
	}
	f.Add(files...)
}

// Plain adds a file with a value of a key of the provisioner as JSON, which is YAML as well.
func (f *Files) Plain(key, to string, v any) {
	data, err := config.MarshalPlain(v)
	if err != nil {
		f.Fail(fmt.Errorf("provisioner.%s: %w", key, err))
	}
	f.Add(sandbox.File{Path: to, Data: data})
}

// Sync makes the sandbox hold the files and the script. keep is that of sandbox.Sync.
func (f *Files) Sync(sb sandbox.Dir, run Script, keep func(path string) bool) error {
	if f.Err != nil {
		return f.Err
	}
	f.Add(sandbox.File{Path: RunCommand, Data: []byte(run.String()), Mode: 0o755})
	return sandbox.Sync(sb.Local, f.List, keep)
}
