package engine

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/galley-kitchen/galley/backend"
)

// ProcessView is what processes in a running container see at a path. An engine's archives may not see all of it:
// mounts that live in memory, and those that were made inside.
type ProcessView struct {
	// Kind is "d" for a directory, "f" for anything else that is there, "-" for nothing.
	Kind string
	// Dir is the real path of the directory, or of the one that holds the path; empty when that is not there.
	Dir string
	// Mounts are the container's mounts in the order in which they were made.
	Mounts []MountPoint
	// Tar reports whether there is a tar program.
	Tar bool
}

// MountPoint is a line of /proc/self/mountinfo.
type MountPoint struct{ Path, Type string }

// lookScript prints what ProcessView holds, with words of the shell only.
const lookScript = `k=- d=$2
if [ -d "$1" ]; then k=d d=$1; elif [ -e "$1" ] || [ -L "$1" ]; then k=f; fi
printf '%s\0%s\0' "$k" "$(cd "$d" 2>/dev/null && pwd -P)"
command -v tar > /dev/null && printf tar
printf '\0'
while IFS= read -r l; do printf '%s\n' "$l"; done < /proc/self/mountinfo`

// maxLook bounds what a container may tell of itself.
const maxLook = 4 << 20

// LookAs asks a container what its processes see at a path. ok is false when it cannot
// tell: it does not run, or has no shell.
func LookAs(ctx context.Context, x backend.Containers, id, p string) (v ProcessView, ok bool, err error) {
	p = path.Join("/", p)
	out := &limited{limit: maxLook}
	code, err := x.Exec(ctx, id, backend.ExecSpec{User: "0",
		Command: []string{"sh", "-c", lookScript, "sh", p, path.Dir(p)}, Stdout: out})
	if errors.Is(err, backend.ErrNotRunning) {
		return v, false, nil
	}
	parts := strings.SplitN(out.String(), "\x00", 4)
	if err != nil || code != 0 || len(parts) < 4 {
		return v, false, err
	}
	v = ProcessView{Kind: parts[0], Dir: parts[1], Tar: parts[2] == "tar"}
	for line := range strings.Lines(parts[3]) {
		// "36 35 98:0 /root /mount/point options - type source": see proc(5)
		fields := strings.Fields(line)
		_, kind, found := strings.Cut(line, " - ")
		if len(fields) < 5 || !found {
			continue
		}
		kind, _, _ = strings.Cut(kind, " ")
		v.Mounts = append(v.Mounts, MountPoint{Path: unescapeMount(fields[4]), Type: kind})
	}
	return v, true, nil
}

// unescapeMount undoes the \040 of mountinfo, which is also how Go writes such a byte in quotes.
func unescapeMount(s string) string {
	if plain, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`); err == nil {
		return plain
	}
	return s
}

// Over is the mount that a path lies in: the last one made among the deepest. twice
// reports whether it hides another one at the same place.
func (v ProcessView) Over(p string) (m MountPoint, twice bool) {
	for _, each := range v.Mounts {
		if !Below(each.Path, p) || len(each.Path) < len(m.Path) {
			continue
		}
		twice = each.Path == m.Path
		m = each
	}
	return m, twice
}

// Below reports whether a path is dir or lies in it.
func Below(dir, p string) bool {
	dir, p = path.Clean(dir), path.Clean(p)
	return dir == "/" || p == dir || strings.HasPrefix(p, dir+"/")
}

// IsPseudo reports whether a file system makes its files up as they are read, so that their sizes say nothing.
func (m MountPoint) IsPseudo() bool {
	switch m.Type {
	case "proc", "sysfs", "cgroup", "cgroup2", "mqueue", "devpts", "debugfs", "tracefs", "securityfs", "bpf", "pstore":
		return true
	}
	return false
}

// MadeUpDirError is the error for a copy of a directory, or into one, whose files are made up as they are read.
func MadeUpDirError(engine, p string, m MountPoint) error {
	return backend.Unsupported(engine,
		fmt.Sprintf("copies of the directory %s, whose files a %s makes up as they are read", p, m.Type),
		"Name one file in it, or write there by a command in the container.")
}

// TarInto unpacks a stream in a directory as a process of the container sees it, by the container's own tar.
func TarInto(ctx context.Context, x backend.Containers, id, dir string, stream io.Reader) error {
	pr, pw := io.Pipe()
	sent := make(chan error, 1)
	go func() {
		err := CopyTar(pw, stream, plainHeader)
		pw.CloseWithError(err)
		sent <- err
	}()
	err := run(ctx, x, id, backend.ExecSpec{Command: []string{"tar", "-x", "-p", "-f", "-", "-C", dir}, Stdin: pr})
	pr.Close()
	// A stream that broke off may still have looked whole to tar.
	if sendErr := <-sent; sendErr != nil && !errors.Is(sendErr, io.ErrClosedPipe) {
		err = errors.Join(sendErr, err)
	}
	return err
}

// run runs a program in a container as root. Errors: that of Exec, or what the program said when it failed.
func run(ctx context.Context, x backend.Containers, id string, e backend.ExecSpec) error {
	said := &limited{limit: 4 << 10}
	e.User, e.Stderr = "0", said
	code, err := x.Exec(ctx, id, e)
	if err == nil && code != 0 {
		err = fmt.Errorf("%s in the container exited with code %d: %s", e.Command[0], code,
			strings.TrimSpace(said.String()))
	}
	return err
}

// plainHeader is an entry in the format that every tar reads, busybox' too: long names in entries of their own, whole
// seconds.
func plainHeader(h *tar.Header) (*tar.Header, error) {
	return &tar.Header{Typeflag: h.Typeflag, Name: h.Name, Linkname: h.Linkname, Size: h.Size, Mode: h.Mode, Uid: h.Uid,
		Gid: h.Gid, ModTime: h.ModTime.Truncate(1e9), Devmajor: h.Devmajor, Devminor: h.Devminor,
		Format: tar.FormatGNU}, nil
}

// CopyTar copies a tar stream with the headers that each makes of its own. An error of each ends it.
func CopyTar(to io.Writer, from io.Reader, each func(*tar.Header) (*tar.Header, error)) error {
	tr, tw := tar.NewReader(from), tar.NewWriter(to)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return tw.Close()
		}
		if err == nil {
			h, err = each(h)
		}
		if err == nil {
			err = tw.WriteHeader(h)
		}
		if err != nil {
			return err
		}
		if _, err := io.Copy(tw, tr); err != nil {
			return err
		}
	}
}

// TarFrom returns a stream of what a process of the container sees at a path, by the
// container's own tar. Its entries start with the path's base name.
func TarFrom(ctx context.Context, x backend.Containers, id, p string) io.ReadCloser {
	dir, name := path.Dir(path.Clean(p)), path.Base(path.Clean(p))
	if strings.HasSuffix(p, "/.") || name == "/" {
		dir, name = p, "."
	}
	ctx, cancel := context.WithCancel(ctx)
	pr, pw := io.Pipe()
	go func() {
		pw.CloseWithError(run(ctx, x, id,
			backend.ExecSpec{Command: []string{"tar", "-c", "-f", "-", "-C", dir, "--", name}, Stdout: pw}))
	}()
	return &stopping{pr, cancel}
}

// stopping ends the command that it reads from when it is closed.
type stopping struct {
	*io.PipeReader
	cancel context.CancelFunc
}

// Close ends the command.
func (s *stopping) Close() error {
	s.cancel()
	return s.PipeReader.Close()
}

// maxMadeUp is how large a file may be whose size is only known at its end.
const maxMadeUp = 64 << 20

// ReadMadeUp returns a stream with the one file at a path that is made up as it is read, such as /proc/version.
func ReadMadeUp(ctx context.Context, x backend.Containers, id, p string) (io.ReadCloser, error) {
	out := &limited{limit: maxMadeUp}
	err := run(ctx, x, id, backend.ExecSpec{Command: []string{"cat", p}, Stdout: out})
	if out.over {
		return nil, fmt.Errorf("%s does not end: it is larger than %d MiB", p, maxMadeUp>>20)
	}
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	err = tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path.Base(p), Mode: 0o644, Size: int64(out.Len())})
	if err == nil {
		_, err = out.WriteTo(tw)
	}
	return io.NopCloser(&b), errors.Join(err, tw.Close())
}

// limited keeps what is written up to a limit, and fails there.
type limited struct {
	bytes.Buffer
	limit int
	over  bool
}

// Write keeps p.
func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > l.limit {
		l.over = true
		return 0, errors.New("there is more than expected")
	}
	return l.Buffer.Write(p)
}
