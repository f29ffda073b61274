// Package sandbox keeps the directory that an instance's runner sees in step with
// what it should hold.
package sandbox

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// File is one file that a sandbox should hold.
type File struct {
	// Path is where, relative to the sandbox and with slashes.
	Path string
	// Source is the file to copy; when it is empty, Data is the content.
	Source string
	Data   []byte
	// Mode is the file's permissions; 0 means the source's, or 0644.
	Mode fs.FileMode

	// seen are the source's attributes when Tree has looked at it.
	seen *attributes
}

// Dir is a sandbox: a directory on this machine, and where the runner sees it.
type Dir struct {
	Local, Remote string
}

// LeftoverError says that things in the sandbox cannot be removed from this side,
// usually because the container's root owns them.
type LeftoverError struct {
	// Dir is the sandbox, Paths are what is in the way there, with slashes.
	Dir   string
	Paths []string
	Err   error
}

// Error names the first path.
func (e *LeftoverError) Error() string {
	more := ""
	if len(e.Paths) > 1 {
		more = fmt.Sprintf(" and %d more", len(e.Paths)-1)
	}
	return fmt.Sprintf("remove %s%s from the sandbox: %v", strings.Join(e.Paths[:min(1, len(e.Paths))], ""), more, e.Err)
}

// Unwrap gives the cause.
func (e *LeftoverError) Unwrap() error { return e.Err }

// folder is a directory that a sandbox should hold.
type folder struct {
	folders map[string]*folder
	files   map[string]*File
}

// layout makes folders of files. Of two files at one path the later one counts.
func layout(files []File) (*folder, error) {
	root := &folder{}
	known := map[string]*folder{".": root}
	in, last := root, ""
	for i := range files {
		p := path.Clean(files[i].Path)
		if p == "." || p == ".." || strings.HasPrefix(p, "../") || path.IsAbs(p) {
			return nil, fmt.Errorf("make the sandbox: %q is not inside it", files[i].Path)
		}
		dir, name := path.Split(p)
		if dir != last { // files of one directory mostly come together
			var err error
			if in, err = enter(known, path.Clean(dir)); err != nil {
				return nil, err
			}
			last = dir
		}
		if in.folders[name] != nil {
			return nil, fmt.Errorf("make the sandbox: %s is a file of %s, and a directory as well", p, files[i].Source)
		}
		if in.files == nil {
			in.files = map[string]*File{}
		}
		in.files[name] = &files[i]
	}
	return root, nil
}

// enter finds the folder at a path, making it and those above it.
func enter(known map[string]*folder, p string) (*folder, error) {
	if f := known[p]; f != nil {
		return f, nil
	}
	dir, name := path.Split(p)
	above, err := enter(known, path.Clean(dir))
	if err != nil {
		return nil, err
	}
	if above.files[name] != nil {
		return nil, fmt.Errorf("make the sandbox: %s is a directory, and the file %s as well", p, above.files[name].Source)
	}
	if above.folders == nil {
		above.folders = map[string]*folder{}
	}
	f := &folder{}
	above.folders[name], known[p] = f, f
	return f, nil
}
