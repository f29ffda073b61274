// Package archive moves files in and out of containers as tar streams, the only
// form that every engine takes.
package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// epoch is the time of files that have none of their own, so that the same
// content makes the same stream.
var epoch = time.Unix(0, 0)

// Write writes files as a tar stream. They belong to root, whoever owns them
// here; directories above them come first.
func Write(to io.Writer, files []sandbox.File) error {
	tw := tar.NewWriter(to)
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

func writeParents(tw *tar.Writer, dir string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	if err := writeParents(tw, path.Dir(dir), made); err != nil {
		return err
	}
	made[dir] = true
	return tw.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: epoch})
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
		h.Mode = int64(st.Mode().Perm())
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	// A file that grows meanwhile is cut at the size that was announced.
	_, err = io.CopyN(tw, in, st.Size())
	return err
}

// Extract unpacks a tar stream as the engines send it: its entries start with the
// base name of the path that was asked for, and to takes that name's place.
// Nothing is written outside of to; links that lead out of it are refused.
func Extract(from io.Reader, to string) error {
	tr := tar.NewReader(from)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read what the engine sends: %w", err)
		}
		_, rel, _ := strings.Cut(strings.Trim(path.Clean(h.Name), "/"), "/")
		if rel != "" && !filepath.IsLocal(filepath.FromSlash(rel)) {
			return fmt.Errorf("the engine sent %q, which would land outside of %s", h.Name, to)
		}
		if err := extractEntry(tr, h, to, rel); err != nil {
			return err
		}
	}
}

func extractEntry(tr *tar.Reader, h *tar.Header, to, rel string) error {
	target := filepath.Join(to, filepath.FromSlash(rel))
	if err := insideOnly(to, rel); err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return os.MkdirAll(target, fs.FileMode(h.Mode).Perm()|0o700)
	case tar.TypeReg:
		return extractFile(tr, target, fs.FileMode(h.Mode).Perm())
	case tar.TypeSymlink:
		link := path.Join(path.Dir(rel), h.Linkname)
		if path.IsAbs(h.Linkname) || (link != "." && !filepath.IsLocal(filepath.FromSlash(link))) {
			return fmt.Errorf("%s is a link to %s, which is outside of what was asked for", h.Name, h.Linkname)
		}
		if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return os.Symlink(h.Linkname, target)
	default: // devices and the like mean nothing here
		return nil
	}
}

// insideOnly refuses a path that would go through a link made earlier.
func insideOnly(to, rel string) error {
	dir := to
	parts := strings.Split(path.Dir(rel), "/")
	for _, part := range parts {
		dir = filepath.Join(dir, part)
		st, err := os.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if dir != to && st.Mode()&fs.ModeSymlink != 0 {
			return fmt.Errorf("%s goes through the link %s", rel, dir)
		}
	}
	return nil
}

func extractFile(from io.Reader, target string, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	// A link in the file's place must not be followed.
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	out, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return errors.Join(err, out.Close())
}
