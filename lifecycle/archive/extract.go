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
)

// Extract unpacks a tar stream as the engines send it: its entries start with the
// base name of the path that was asked for, and to takes that name's place. An
// existing directory is filled, an existing file replaced. Nothing is written
// outside of to. Errors: *LinksError, when all has been unpacked but for symbolic
// links that lead out of it.
func Extract(from io.Reader, to string) error {
	x := extraction{tr: tar.NewReader(from), to: to}
	for {
		h, err := x.tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read what the engine sends: %w", err)
		}
		if err := x.entry(h); err != nil {
			return err
		}
	}
	if len(x.links) > 0 {
		return &LinksError{Links: x.links}
	}
	return nil
}

// LinksError tells of symbolic links that were left out, since they lead out of
// what was asked for.
type LinksError struct {
	// Links are names and where they lead: "etc/mtab -> /proc/mounts".
	Links []string
}

// Error names the links.
func (e *LinksError) Error() string {
	return "left out links that lead elsewhere: " + strings.Join(e.Links, ", ")
}

type extraction struct {
	tr    *tar.Reader
	to    string
	links []string
}

// place is where an entry goes, as a path relative to x.to.
func (x *extraction) place(name string) (rel string, err error) {
	_, rel, _ = strings.Cut(strings.Trim(path.Clean(name), "/"), "/")
	if rel != "" && !filepath.IsLocal(filepath.FromSlash(rel)) {
		return "", fmt.Errorf("the engine sent %q, which would land outside of %s", name, x.to)
	}
	return rel, insideOnly(x.to, rel)
}

func (x *extraction) entry(h *tar.Header) error {
	rel, err := x.place(h.Name)
	if err != nil {
		return err
	}
	target := filepath.Join(x.to, filepath.FromSlash(rel))
	switch h.Typeflag {
	case tar.TypeDir:
		return x.dir(target, fs.FileMode(h.Mode).Perm()|0o700)
	case tar.TypeReg:
		return x.file(target, h)
	case tar.TypeLink:
		return x.hardLink(target, h)
	case tar.TypeSymlink:
		return x.symlink(target, rel, h)
	default: // devices and the like mean nothing here
		return nil
	}
}

// insideOnly refuses a path that would go through a link made earlier.
func insideOnly(to, rel string) error {
	dir := to
	for _, part := range strings.Split(path.Dir(rel), "/") {
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

func (x *extraction) dir(target string, mode fs.FileMode) error {
	// A link in a directory's place would be followed by what goes into it.
	if st, err := os.Lstat(target); err == nil && !st.IsDir() && target != x.to {
		if err := os.Remove(target); err != nil {
			return err
		}
	}
	return os.MkdirAll(target, mode)
}

func (x *extraction) file(target string, h *tar.Header) error {
	if err := makeRoom(target); err != nil {
		return err
	}
	mode := fs.FileMode(h.Mode).Perm()
	out, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, x.tr)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chtimes(target, h.ModTime, h.ModTime)
}

// hardLink makes a second name of a file that came before.
func (x *extraction) hardLink(target string, h *tar.Header) error {
	rel, err := x.place(h.Linkname)
	if err != nil {
		return err
	}
	if err := makeRoom(target); err != nil {
		return err
	}
	return os.Link(filepath.Join(x.to, filepath.FromSlash(rel)), target)
}

func (x *extraction) symlink(target, rel string, h *tar.Header) error {
	leads := path.Join(path.Dir(rel), h.Linkname)
	if path.IsAbs(h.Linkname) || leads != "." && !filepath.IsLocal(filepath.FromSlash(leads)) {
		x.links = append(x.links, h.Name+" -> "+h.Linkname)
		return nil
	}
	if err := makeRoom(target); err != nil {
		return err
	}
	return os.Symlink(filepath.FromSlash(h.Linkname), target)
}

// makeRoom makes the directory of a file and removes what is in the file's place:
// a link there must not be followed.
func makeRoom(target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
