package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// LinkError says that what was asked for is a symbolic link, and so nothing was unpacked.
type LinkError struct{ Name, Target string }

// Error names the link.
func (e *LinkError) Error() string {
	return shown(e.Name) + " is a symbolic link to " + shown(e.Target) + ": name that instead"
}

// SkippedError tells what was left out: symbolic links that lead out of what was asked for, pipes, devices and sockets.
type SkippedError struct {
	// Entries are names with the reason: "etc/mtab -> /proc/mounts", "run/fifo (a pipe)".
	// There are no more than maxSkipped.
	Entries []string
	// More is how many others there are.
	More int
}

// maxSkipped is how many entries a SkippedError names.
const maxSkipped = 20

// Error names the first entries.
func (e *SkippedError) Error() string {
	s := "left out links that lead elsewhere or nowhere, and what is no file: " + strings.Join(e.Entries, ", ")
	if e.More > 0 {
		s += fmt.Sprintf(" and %d more", e.More)
	}
	return s
}

// Skipped is a SkippedError of these entries, or nil when there are none.
func Skipped(entries []string) error {
	e := &SkippedError{}
	for _, entry := range entries {
		e.add(shown(entry))
	}
	return e.skippedOrNil()
}

func (e *SkippedError) add(entry string) {
	if len(e.Entries) == maxSkipped {
		e.More++
		return
	}
	e.Entries = append(e.Entries, entry)
}

// skippedOrNil is e as an error, if it names anything.
func (e *SkippedError) skippedOrNil() error {
	if len(e.Entries) == 0 {
		return nil
	}
	return e
}

// shown is a name from elsewhere, without what a terminal would act on.
func shown(name string) string {
	if q := strconv.Quote(name); q != `"`+name+`"` {
		return q
	}
	return name
}

// extraction unpacks one stream.
type extraction struct {
	tr *tar.Reader
	// received is how much of the stream was read, written how much came of it: the
	// holes of a sparse file are no part of the stream.
	received counter
	written  int64
	// contents means that names are relative to the target, and have no first element to cut off.
	contents bool
	// to is the target; root is the handle of it if it is a directory, else of that which it is to lie in.
	to   string
	root *os.Root
	// dir means that the target is a directory; else single is set when it is complete.
	dir, single bool
	// links are made when all else is there: until then there is none to go through.
	links   map[string]string
	skipped SkippedError
	// made are the directories below the target that were made or seen, and in which there is no link above.
	made map[string]bool
}

// extract unpacks a tar stream as the engines send it for a path that was asked for: its entries start with that path's
// base name, unless contents is set, and what place returns takes that name's place. place is told whether what was
// asked for is a directory. An existing directory is filled, an existing file replaced.
//
// Nothing is written outside of the target: the whole extraction has one handle of it, goes through no link, and opens
// no file that is there. Only permissions are kept, no set-user-ID bits. Errors: *LinkError when a symbolic link was
// asked for; *SkippedError and nothing else, when all has been unpacked but for what has no meaning here.
func extract(from io.Reader, contents bool, place func(dir bool) (string, error)) (err error) {
	x := &extraction{contents: contents, received: counter{from: from}, links: map[string]string{},
		made: map[string]bool{".": true}}
	x.tr = tar.NewReader(&x.received)
	first, err := x.next()
	if errors.Is(err, io.EOF) && !contents {
		return errors.New("the engine sent nothing of it; what is there may be a device, and devices are not copied")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	x.dir = contents || first.Typeflag == tar.TypeDir || strings.Contains(strings.Trim(path.Clean(first.Name), "/"), "/")
	if !x.dir && first.Typeflag == tar.TypeSymlink {
		return &LinkError{Name: first.Name, Target: first.Linkname}
	}
	if x.to, err = place(x.dir); err != nil {
		return err
	}
	if x.to, err = filepath.Abs(x.to); err != nil {
		return err
	}
	mode := fs.FileMode(0o755)
	if first != nil && first.Typeflag == tar.TypeDir {
		mode = permissions(first)
	}
	if err := x.open(mode); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.root.Close()) }()
	for h := first; h != nil; {
		if err := x.entry(h); err != nil {
			return err
		}
		if h, err = x.next(); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	if err := x.makeLinks(); err != nil {
		return err
	}
	return x.skipped.skippedOrNil()
}

// next is the next entry. At the end of the stream it is nil, with io.EOF.
func (x *extraction) next() (*tar.Header, error) {
	h, err := x.tr.Next()
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read what the engine sends: %w", err)
	}
	return h, err
}

// open opens the directory that the target is, or that a file is to lie in; the path of that is the user's own. A
// target that is not there is made. A link there may be of a runner's making, so it is not gone through.
func (x *extraction) open(mode fs.FileMode) error {
	above, name := filepath.Dir(x.to), filepath.Base(x.to)
	if err := os.MkdirAll(above, 0o755); err != nil {
		return err
	}
	parent, err := os.OpenRoot(above)
	if err != nil {
		return err
	}
	if !x.dir || above == x.to { // a file, or "/"
		x.root = parent
		return nil
	}
	defer parent.Close()
	st, err := parent.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = parent.Mkdir(name, mode)
	case err == nil && st.Mode()&fs.ModeSymlink != 0:
		err = fmt.Errorf("%s is a symbolic link, which is not followed\nRemove it, or name the directory that it leads to",
			x.to)
	case err == nil && !st.IsDir():
		err = fmt.Errorf("a directory cannot take the place of the file %s", x.to)
	}
	if err != nil {
		return err
	}
	x.root, err = parent.OpenRoot(name + "/.") // the end makes the system open directories only
	return err
}

// place is where an entry goes, relative to the target; "" is the target itself.
func (x *extraction) place(name string) (string, error) {
	rel := strings.Trim(path.Clean(name), "/")
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", fmt.Errorf("the engine sent %q, which would land outside of %s", name, x.to)
	}
	if !x.contents {
		_, rel, _ = strings.Cut(rel, "/")
	}
	if rel == "." {
		rel = ""
	}
	if rel != "" && !filepath.IsLocal(filepath.FromSlash(rel)) {
		return "", fmt.Errorf("the engine sent %q, which has no place in %s", name, x.to)
	}
	return rel, nil
}

func (x *extraction) entry(h *tar.Header) error {
	rel, err := x.place(h.Name)
	if err != nil {
		return err
	}
	if rel == "" && h.Typeflag == tar.TypeDir && x.dir {
		return nil // it is open already
	}
	if rel == "" || !x.dir {
		return x.lone(rel, h)
	}
	delete(x.links, rel)
	switch h.Typeflag {
	case tar.TypeReg:
		return x.file(rel, h)
	case tar.TypeDir:
		return x.directory(rel, permissions(h))
	case tar.TypeLink:
		return x.hardLink(rel, h)
	case tar.TypeSymlink:
		x.link(rel, h.Name, h.Linkname)
	case tar.TypeXGlobalHeader: // says nothing about files
	default:
		x.skip(h)
	}
	return nil
}

// lone unpacks what is one file and nothing else.
func (x *extraction) lone(rel string, h *tar.Header) error {
	switch {
	case x.dir || x.single || rel != "":
		return fmt.Errorf("the engine sent %q after %s", h.Name, x.to)
	case h.Typeflag == tar.TypeXGlobalHeader:
		return nil
	case h.Typeflag != tar.TypeReg:
		x.skip(h)
		return nil
	}
	x.single = true
	return x.file(filepath.Base(x.to), h)
}

// skip notes an entry that has no meaning here.
func (x *extraction) skip(h *tar.Header) {
	what := "of an unknown kind"
	switch h.Typeflag {
	case tar.TypeFifo:
		what = "a pipe"
	case tar.TypeChar, tar.TypeBlock:
		what = "a device"
	}
	x.skipped.add(shown(h.Name) + " (" + what + ")")
}

// directory makes a directory and those above it. A link, or a file, in the place of one goes.
func (x *extraction) directory(rel string, mode fs.FileMode) error {
	if x.made[rel] {
		return nil
	}
	if err := x.directory(path.Dir(rel), 0o755); err != nil {
		return err
	}
	st, err := x.root.Lstat(rel)
	if err == nil && !st.IsDir() {
		if err := x.root.Remove(rel); err != nil {
			return err
		}
		err = fs.ErrNotExist
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = x.root.Mkdir(rel, mode)
	}
	x.made[rel] = err == nil
	return err
}

// clear removes what is in the place of a file, and makes the directories above it.
func (x *extraction) clear(rel string) error {
	if err := x.directory(path.Dir(rel), 0o755); err != nil {
		return err
	}
	delete(x.made, rel)
	if err := x.root.Remove(rel); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// permissions are those of an entry. This user fills its directories.
func permissions(h *tar.Header) fs.FileMode {
	mode := fs.FileMode(h.Mode).Perm()
	if h.Typeflag == tar.TypeDir {
		mode |= 0o700
	}
	return mode
}

// file writes a file anew. Whatever is in its place is removed and not opened.
func (x *extraction) file(rel string, h *tar.Header) error {
	if err := x.clear(rel); err != nil {
		return err
	}
	out, err := x.root.OpenFile(rel, os.O_CREATE|os.O_EXCL|os.O_WRONLY, permissions(h))
	if err != nil {
		return err
	}
	_, err = io.Copy(&bounded{x, out}, x.tr)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("unpack %s: %w", shown(h.Name), err)
	}
	return x.root.Chtimes(rel, h.ModTime, h.ModTime)
}

// bounded writes a file that comes to no more than was received.
type bounded struct {
	x   *extraction
	out *os.File
}

// slack is how much of a stream the tar reader may have yet to count.
const slack = 1 << 20

// Write writes p, unless the stream makes more of less.
func (b *bounded) Write(p []byte) (int, error) {
	if b.x.written += int64(len(p)); b.x.written > b.x.received.n+slack {
		return 0, errors.New("it is larger than what the engine sent, as a sparse file is: copy it as a whole in the " +
			"container first")
	}
	return b.out.Write(p)
}

// counter counts what is read.
type counter struct {
	from io.Reader
	n    int64
}

// Read reads on.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// hardLink makes a second name of a file or a link that came before.
func (x *extraction) hardLink(rel string, h *tar.Header) error {
	old, err := x.place(h.Linkname)
	if err != nil {
		return err
	}
	if target, ok := x.links[old]; ok {
		x.link(rel, h.Name, target)
		return nil
	}
	if old == "" {
		return fmt.Errorf("the engine sent %q as a second name of %q, which is no file of it", h.Name, h.Linkname)
	}
	st, err := x.root.Lstat(filepath.FromSlash(old))
	if err != nil {
		return fmt.Errorf("the engine sent %q as a second name of %q: %w", h.Name, h.Linkname, err)
	}
	if !st.Mode().IsRegular() {
		x.skipped.add(shown(h.Name) + " (a second name of what is no file)")
		return nil
	}
	if old == rel {
		return nil
	}
	if err := x.clear(rel); err != nil {
		return err
	}
	return x.root.Link(old, rel)
}

// link notes a symbolic link to be made, if it leads to what lies in the target.
func (x *extraction) link(rel, name, target string) {
	if !staysInside(rel, target) {
		x.skipped.add(shown(name) + " -> " + shown(target))
		return
	}
	x.links[rel] = target
}

// staysInside reports whether a link at rel leads to what is in the target, whatever else
// is or will be there: it goes up as its first steps only, where it goes up from real
// directories, and not above the target. "a/.." might go up from wherever a link a leads.
func staysInside(rel, target string) bool {
	target = filepath.ToSlash(target)
	if target == "" || path.IsAbs(target) || !filepath.IsLocal(filepath.FromSlash(path.Join(path.Dir(rel), target))) {
		return false
	}
	down := false
	for _, part := range strings.Split(target, "/") {
		if part == ".." && down {
			return false
		}
		down = down || part != ".." && part != "." && part != ""
	}
	return true
}

// makeLinks makes the symbolic links.
func (x *extraction) makeLinks() error {
	for _, rel := range slices.Sorted(maps.Keys(x.links)) {
		target := x.links[rel]
		if st, err := x.root.Lstat(rel); err == nil && st.IsDir() {
			x.skipped.add(shown(rel) + " -> " + shown(target) + " (a directory is in its place)")
			continue
		}
		if err := x.clear(rel); err != nil {
			return err
		}
		if err := x.root.Symlink(filepath.FromSlash(target), rel); err != nil {
			return err
		}
	}
	return nil
}
