// Package archive moves files in and out of containers as tar streams, the only
// form that every engine takes.
package archive

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"time"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// epoch is the time of files that have none of their own, so that the same
// content makes the same stream.
var epoch = time.Unix(0, 0)

// Write writes files as a tar stream. They belong to root, whoever owns them
// here; directories above them come first.
func Write(to io.Writer, files []sandbox.File) error {
	return writeFiles(tar.NewWriter(to), files)
}

// WriteBox is Write for all that a directory holds, which gets the mode root.
func WriteBox(to io.Writer, files []sandbox.File, root fs.FileMode) error {
	tw := tar.NewWriter(to)
	if err := tw.WriteHeader(dirHeader(".", root)); err != nil {
		return err
	}
	return writeFiles(tw, files)
}

func writeFiles(tw *tar.Writer, files []sandbox.File) error {
	made := map[string]bool{".": true}
	for _, f := range files {
		if err := writeParents(tw, path.Dir(f.Path), made); err != nil {
			return err
		}
		if err := writeFile(tw, f); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return tw.Close()
}

// WriteTree writes a file or a directory with all that is in it as a tar stream
// whose entries start with name. Links stay links; devices, sockets and the like
// are left out.
func WriteTree(to io.Writer, source, name string) error {
	tw := tar.NewWriter(to)
	err := filepath.WalkDir(source, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, p)
		if err != nil {
			return err
		}
		st, err := d.Info()
		if p == source {
			st, err = os.Stat(p) // what was named is meant, not a link to it
		}
		if err != nil {
			return err
		}
		return writeEntry(tw, p, path.Join(name, filepath.ToSlash(rel)), st)
	})
	if err != nil {
		return err
	}
	return tw.Close()
}

func writeEntry(tw *tar.Writer, source, name string, st fs.FileInfo) error {
	switch {
	case st.IsDir():
		h := dirHeader(name, modeFor(runtime.GOOS, st.Mode()))
		h.ModTime = st.ModTime()
		return tw.WriteHeader(h)
	case st.Mode().IsRegular():
		return writeFile(tw, sandbox.File{Path: name, Source: source})
	case st.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(source)
		if err != nil {
			return err
		}
		return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: filepath.ToSlash(target), Mode: 0o777, ModTime: st.ModTime()})
	default:
		return nil
	}
}

func writeParents(tw *tar.Writer, dir string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	if err := writeParents(tw, path.Dir(dir), made); err != nil {
		return err
	}
	made[dir] = true
	return tw.WriteHeader(dirHeader(dir, 0o755))
}

func dirHeader(name string, mode fs.FileMode) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: int64(mode.Perm()), ModTime: epoch}
}

func writeFile(tw *tar.Writer, f sandbox.File) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Path, Mode: 0o644, Size: int64(len(f.Data)), ModTime: epoch}
	if f.Mode != 0 {
		h.Mode = int64(f.Mode.Perm())
	}
	if f.Source == "" {
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		_, err := tw.Write(f.Data)
		return err
	}
	in, err := os.Open(f.Source)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	h.Size, h.ModTime = st.Size(), st.ModTime()
	if f.Mode == 0 {
		h.Mode = int64(modeFor(runtime.GOOS, st.Mode()))
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	// A file that grows meanwhile is cut at the size that was announced.
	_, err = io.CopyN(tw, in, st.Size())
	return err
}

// modeFor is a file's mode in a container. Windows knows of no permission to
// execute, so everything from there has it.
func modeFor(goos string, mode fs.FileMode) fs.FileMode {
	if goos == "windows" {
		return mode.Perm() | 0o755
	}
	return mode.Perm()
}
