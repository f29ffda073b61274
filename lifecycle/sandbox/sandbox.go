// Package sandbox keeps the directory that an instance's runner sees in step with what it should hold.
//
// A runner can write to its sandbox at any time, also while galley does. All that is written, changed or removed there
// goes through a handle of the directory that holds it (os.Root), which no link leads out of, and no file that is there
// is opened: a new one takes its place.
package sandbox

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// File is one file that a sandbox should hold, or one directory.
type File struct {
	// Path is where, relative to the sandbox and with slashes.
	Path string
	// Source is the file to copy; when it is empty, Data is the content.
	Source string
	Data   []byte
	// Mode is the permissions; 0 means the source's, or 0644.
	Mode fs.FileMode
	// Dir makes this a directory with the permissions Mode. Directories that hold files
	// and have the usual permissions, 0755, need no entry of their own.
	Dir bool
	// Link makes this a symbolic link that leads there. Only archives have links: Tree
	// follows them, and a sandbox holds none.
	Link string

	// seen are the source's attributes when Tree has seen it.
	seen *attributes
	// copied is what a sandbox has of it after a Sync.
	copied record
}

// Stamp tells the source from what it was before without reading it: its device, inode, times and size. It is zero
// where that cannot be told, as on Windows, and where Tree has not seen it.
func (f *File) Stamp() [5]int64 {
	if f.seen == nil || f.seen.inode == 0 {
		return [5]int64{}
	}
	s := f.seen.stamp
	return [5]int64{int64(s.device), int64(s.inode), s.changed, s.modified, s.size}
}

// Size is the source's size in bytes when Tree saw it, or that of Data.
func (f *File) Size() int64 {
	if f.seen == nil {
		return int64(len(f.Data))
	}
	return f.seen.size
}

// Dir is a sandbox: a directory on this machine, and where the runner sees it.
type Dir struct {
	Local, Remote string
	// Open is set where the runner's user is not the one that the files belong to there:
	// then others must be able to read what it needs, and to write.
	Open bool
}

// Mode is the mode of the sandbox itself.
func (d Dir) Mode() fs.FileMode {
	if d.Open {
		return 0o777
	}
	return 0o755
}

// SecretMode is the mode of a file with secrets.
func (d Dir) SecretMode() fs.FileMode {
	if d.Open {
		return 0o644
	}
	return 0o600
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

// defaultDirMode are the permissions of directories that say nothing of their own. Every user of the runner may enter,
// as in a runner to which the files are sent, whatever this user's umask is: to a remapped root, or a user that the
// image names, this user's directories are another user's.
const defaultDirMode fs.FileMode = 0o755

// folder is a directory that a sandbox should hold.
type folder struct {
	folders map[string]*folder
	files   map[string]*File
	mode    fs.FileMode
}

// layout makes folders of files. Of two files at one path the later one counts.
func layout(files []File) (*folder, error) {
	root := &folder{mode: defaultDirMode}
	known := map[string]*folder{".": root}
	for i := range files {
		p := path.Clean(files[i].Path)
		if !files[i].Dir && p == "." || p == ".." || strings.HasPrefix(p, "../") || path.IsAbs(p) {
			return nil, fmt.Errorf("make the sandbox: %q is not inside it", files[i].Path)
		}
		if files[i].Link != "" {
			return nil, fmt.Errorf("make the sandbox: %q is a symbolic link", files[i].Path)
		}
		if files[i].Dir {
			f, err := enter(known, p)
			if err != nil {
				return nil, err
			}
			if files[i].Mode != 0 {
				f.mode = files[i].Mode.Perm() | 0o700 // this user fills it
			}
			continue
		}
		dir, name := path.Split(p)
		in, err := enter(known, path.Clean(dir))
		if err != nil {
			return nil, err
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
	f := &folder{mode: defaultDirMode}
	above.folders[name], known[p] = f, f
	return f, nil
}

// openDir opens the directory name in d. Whatever was put in its place meanwhile, a
// link to elsewhere in d included, nothing outside of d is opened, and neither a pipe
// nor a device is: the path's end makes the system look up a directory only.
func openDir(d *os.Root, name string) (*os.Root, error) {
	return d.OpenRoot(name + "/.")
}

// Script is a file for a shell in the runner. One with the line ends of Windows, as git may check it out there, is
// converted: no shell of Linux can run it, and its "#!" would name a program that ends in a carriage return. A byte
// order mark is taken away, since Linux sees no "#!" behind it.
func Script(f File) (File, error) {
	in, _, err := OpenRegular(f.Source)
	if err != nil {
		return f, fmt.Errorf("read the script: %w", err)
	}
	defer in.Close()
	all, err := io.ReadAll(in)
	if err != nil {
		return f, fmt.Errorf("read the script: %w", err)
	}
	text := bytes.TrimPrefix(all, []byte("\ufeff"))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.HasSuffix(first, []byte("\r")) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	if len(text) < len(all) {
		f.Source, f.seen, f.Data = "", nil, text
	}
	return f, nil
}
