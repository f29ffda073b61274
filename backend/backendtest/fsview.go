package backendtest

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// mountPoint is a file system in its place.
type mountPoint struct {
	target   string
	source   fileSystem
	readOnly bool
	// volume is the name of the volume, or empty.
	volume string
	// kind and options are for /proc/mounts.
	kind, options string
}

// view is a container's file system: the root and what is mounted over it.
type view struct{ mounts []mountPoint }

// mount puts a file system into its place; the last one at a place counts.
func (v *view) mount(m mountPoint) {
	v.mounts = slices.DeleteFunc(v.mounts, func(old mountPoint) bool { return old.target == m.target })
	v.mounts = append(v.mounts, m)
}

// at returns the mount point that holds a path, and the path within it.
func (v *view) at(name string) (mountPoint, string) {
	best, within := -1, ""
	for i, m := range v.mounts {
		rest, ok := strings.CutPrefix(name, strings.TrimSuffix(m.target, "/"))
		if !ok || (rest != "" && rest[0] != '/') {
			continue
		}
		if best < 0 || len(m.target) > len(v.mounts[best].target) {
			best, within = i, path.Clean("/"+rest)
		}
	}
	return v.mounts[best], within
}

// resolve follows the links in a path, in its last element only if follow is set.
func (v *view) resolve(name string, follow bool) (string, error) {
	const most = 40
	done, rest := "/", strings.Split(path.Clean("/" + name)[1:], "/")
	for links := 0; len(rest) > 0; {
		next := path.Join(done, rest[0])
		rest = rest[1:]
		if len(rest) == 0 && !follow {
			return next, nil
		}
		m, within := v.at(next)
		f, err := m.source.get(within)
		if err != nil || f.mode&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if links++; links > most {
			return "", fmt.Errorf("%s: too many links", name)
		}
		target := f.target
		if !path.IsAbs(target) {
			target = path.Join(done, target)
		}
		done, rest = "/", append(strings.Split(path.Clean(target)[1:], "/"), rest...)
	}
	return done, nil
}

// stat returns what is at a path, through links if follow is set.
func (v *view) stat(name string, follow bool) (file, error) {
	real, err := v.resolve(name, follow)
	if err != nil {
		return file{}, err
	}
	m, within := v.at(real)
	f, err := m.source.get(within)
	if err != nil {
		return file{}, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func (v *view) read(name string) ([]byte, error) {
	f, err := v.stat(name, true)
	switch {
	case err != nil:
		return nil, err
	case f.mode.IsDir():
		return nil, fmt.Errorf("%s: is a directory", name)
	case f.read != nil:
		return f.read(), nil
	}
	return f.data, nil
}

// put makes or replaces what is at a path, through links unless f is one.
func (v *view) put(name string, f file) error {
	real, err := v.resolve(name, f.mode&fs.ModeSymlink == 0)
	if err != nil {
		return err
	}
	m, within := v.at(real)
	if m.readOnly {
		return fmt.Errorf("%s: %w", name, errReadOnly)
	}
	if err := m.source.put(within, f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// write writes a file's content and keeps its owner and mode. A device takes it.
func (v *view) write(name string, data []byte, add bool, otherwise file) error {
	f, err := v.stat(name, true)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f = otherwise
	case err != nil:
		return err
	case f.mode.IsDir():
		return fmt.Errorf("%s: is a directory", name)
	case f.mode&fs.ModeDevice != 0:
		if f.write == nil {
			return fmt.Errorf("%s: %w", name, fs.ErrPermission)
		}
		f.write(data)
		return nil
	}
	if add {
		data = slices.Concat(f.data, data)
	}
	f.data = data
	return v.put(name, f)
}

func (v *view) remove(name string) error {
	real, err := v.resolve(name, false)
	if err != nil {
		return err
	}
	m, within := v.at(real)
	if m.readOnly {
		return fmt.Errorf("%s: %w", name, errReadOnly)
	}
	if err := m.source.remove(within); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (v *view) list(name string) ([]string, error) {
	real, err := v.resolve(name, true)
	if err != nil {
		return nil, err
	}
	m, within := v.at(real)
	return m.source.list(within)
}

// mkdirAll makes a directory and those above it.
func (v *view) mkdirAll(name string) error {
	for i, r := range name + "/" {
		if r != '/' || i == 0 {
			continue
		}
		f, err := v.stat(name[:i], true)
		if errors.Is(err, fs.ErrNotExist) {
			err = v.put(name[:i], directory())
		} else if err == nil && !f.mode.IsDir() {
			err = fmt.Errorf("%s: not a directory", name[:i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// unpack writes the entries of a tar stream below a directory.
func (v *view) unpack(dir string, r io.Reader) error {
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f := file{mode: h.FileInfo().Mode(), uid: h.Uid, gid: h.Gid, target: h.Linkname}
		if h.Typeflag == tar.TypeReg {
			if f.data, err = io.ReadAll(tr); err != nil {
				return err
			}
		}
		name := path.Join(dir, h.Name)
		if err := v.mkdirAll(path.Dir(name)); err != nil {
			return err
		}
		if name == path.Clean(dir) {
			continue
		}
		if err := v.put(name, f); err != nil {
			return err
		}
	}
}

// pack writes what is at a path, with all that is below it, as a tar stream.
func (v *view) pack(w io.Writer, name string) error {
	tw := tar.NewWriter(w)
	if err := v.packEntry(tw, name, path.Base(name)); err != nil {
		return err
	}
	return tw.Close()
}

func (v *view) packEntry(tw *tar.Writer, name, as string) error {
	f, err := v.stat(name, false)
	if err != nil {
		return err
	}
	h := &tar.Header{Name: as, Mode: int64(f.mode.Perm()), Uid: f.uid, Gid: f.gid, ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg, Size: int64(len(f.data))}
	switch {
	case f.mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, as+"/"
	case f.mode&fs.ModeSymlink != 0:
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.target
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	if _, err := tw.Write(f.data); err != nil {
		return err
	}
	if !f.mode.IsDir() {
		return nil
	}
	names, err := v.list(name)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := v.packEntry(tw, path.Join(name, n), path.Join(as, n)); err != nil {
			return err
		}
	}
	return nil
}
