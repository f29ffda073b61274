package changes_test

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/internal/golden"
	"github.com/galley-kitchen/galley/lifecycle/changes"
)

const image = "docker.io/library/some:latest"

// pair are a container and one as its image made it.
type pair struct {
	t             *testing.T
	engine        *fake.Engine
	runner, image string
}

func newPair(t *testing.T, files map[string]string) pair {
	t.Helper()
	p := pair{t: t, engine: fake.New(fake.ImageSpec{Ref: image, Files: files})}
	for n, id := range []*string{&p.runner, &p.image} {
		c, err := p.engine.CreateContainer(t.Context(), backend.ContainerSpec{Name: fmt.Sprint("c", n), Image: image})
		require.NoError(t, err)
		*id = c.ID
	}
	return p
}

func (p pair) put(name string, f fake.File) {
	require.NoError(p.t, p.engine.PutFile(p.runner, name, f))
}
func (p pair) write(name, text string) {
	require.NoError(p.t, p.engine.WriteFile(p.runner, name, []byte(text)))
}
func (p pair) remove(name string) { require.NoError(p.t, p.engine.RemoveFile(p.runner, name)) }

func (p pair) compare(o changes.Options) []changes.Change {
	p.t.Helper()
	var err error
	o.Engine, o.Container, o.Image = p.engine, p.runner, p.image
	if o.Changes == nil {
		o.Changes, err = p.engine.ContainerChanges(p.t.Context(), p.runner)
		require.NoError(p.t, err)
	}
	list, err := changes.Compare(p.t.Context(), o)
	require.NoError(p.t, err)
	return list
}

// converged is a container in which much has changed.
func converged(t *testing.T) pair {
	p := newPair(t, map[string]string{
		"/etc/passwd": "root\n", "/etc/group": "root\n", "/etc/motd": "hello\n", "/etc/link": "text", "/etc/same": "same",
		"/etc/shadow": "x", "/opt/old/a": "1", "/opt/old/b/c": "22", "/usr/bin/a": "1", "/usr/bin/b": "2", "/usr/bin/c": "3",
		"/var/log/syslog": "1\n",
	})
	p.write("/etc/passwd", "root\napp\n")
	p.put("/etc/group", fake.File{Mode: 0o600, Data: []byte("root\n")})
	p.put("/etc/shadow", fake.File{Mode: 0o644, Data: []byte("x"), UID: 12, GID: 34})
	p.remove("/etc/motd")
	p.put("/etc/link", fake.File{Mode: fs.ModeSymlink | 0o777, Link: "/etc/passwd"})
	p.remove("/opt/old")
	p.write("/opt/kitchen/run", "x")
	p.write("/srv/app/site.conf", "listen 80;\n")
	p.write("/srv/app/lib/a.py", "1")
	p.write("/srv/app/lib/__pycache__/a.pyc", "1")
	p.write("/tmp/junk", "1")
	p.write("/var/log/syslog", "1\n2\n")
	p.write("/etc/two\nlines", "1")
	for n := range 5 {
		p.write(fmt.Sprint("/usr/share/doc/p", n, "/copyright"), "free")
		p.write(fmt.Sprint("/usr/bin/tool", n), "#!")
	}
	for _, name := range []string{"a", "b", "c"} {
		p.remove("/usr/bin/" + name)
	}
	return p
}

// lines writes a view as a table.
func lines(v changes.View) string {
	var b strings.Builder
	for _, g := range v.Groups {
		fmt.Fprintf(&b, "%s +%d ~%d -%d %d\n", g.Top, g.Added, g.Modified, g.Deleted, g.Size)
		for _, l := range g.Lines {
			fmt.Fprintf(&b, "  %s|%q|%s|%s|%s|%s\n", l.Kind, l.Path, l.Size, l.Mode, l.Owner, l.Text)
		}
	}
	fmt.Fprintf(&b, "%d more: %s\n", v.Noise, strings.Join(v.Reasons, ", "))
	return b.String()
}

func TestFold(t *testing.T) {
	list := converged(t).compare(changes.Options{Mounted: []string{"/opt/kitchen"}})
	golden.Equal(t, "testdata/folded.txt", lines(changes.Fold(list, false)))
}

func TestFoldAll(t *testing.T) {
	list := converged(t).compare(changes.Options{Mounted: []string{"/opt/kitchen"}, Noise: true})
	golden.Equal(t, "testdata/all.txt", lines(changes.Fold(list, true)))
}

func TestNoise(t *testing.T) {
	for p, want := range map[string]string{
		"/tmp/x": "temporary files", "/tmpfile": "", "/var/cache/apt/pkgcache.bin": "package caches", "/var/log/x": "logs",
		"/usr/lib/python3/__pycache__/x.pyc": "caches", "/etc/hosts": "what engines make", "/etc/hosts.allow": "",
		"/etc/machine-id":     "identity, locks and shell histories",
		"/root/.bash_history": "identity, locks and shell histories",
		"/srv/Gemfile.lock":   "", "/opt/kitchen/x": "mount points", "/etc/passwd-": "backups that tools make",
		"/var/lib/mysql/ib_logfile0": "", "/var/lib/systemd/timers/stamp-x.timer": "what systemd keeps",
	} {
		pr := newPair(t, nil)
		pr.write(p, "1")
		list := pr.compare(changes.Options{Mounted: []string{"/opt/kitchen"},
			Changes: []backend.Change{{Path: p, Kind: backend.ChangeAdded}}})
		require.Len(t, list, 1)
		require.Equal(t, want, list[0].Noise, p)
	}
}

// TestDirectoryOfNoise: a directory that was made for nothing but noise is noise, and one with more in it is not.
func TestDirectoryOfNoise(t *testing.T) {
	p := newPair(t, nil)
	p.write("/a/b/__pycache__/x.pyc", "1")
	p.write("/c/d/__pycache__/x.pyc", "1")
	p.write("/c/file", "1")
	useful := map[string]bool{}
	for _, c := range p.compare(changes.Options{}) {
		useful[c.Path] = c.Noise == ""
	}
	require.Equal(t, map[string]bool{"/a": false, "/a/b": false, "/a/b/__pycache__": false,
		"/a/b/__pycache__/x.pyc": false, "/c": true, "/c/d": false, "/c/d/__pycache__": false, "/c/d/__pycache__/x.pyc": false, "/c/file": true}, useful)
}

// TestDirectoriesThatHoldChanges are no changes themselves.
func TestDirectoriesThatHoldChanges(t *testing.T) {
	p := newPair(t, map[string]string{"/etc/a": "1", "/etc/d/b": "1"})
	p.write("/etc/d/b", "2")
	list := p.compare(changes.Options{Changes: []backend.Change{{Path: "/etc", Kind: backend.ChangeModified},
		{Path: "/etc/a", Kind: backend.ChangeModified}, {Path: "/etc/d", Kind: backend.ChangeModified},
		{Path: "/etc/d/b", Kind: backend.ChangeModified}}})
	require.Len(t, list, 1)
	require.Equal(t, "/etc/d/b", list[0].Path)
	require.Equal(t, []string{changes.PartContent}, list[0].Parts)
}

// TestLinkThatLedNowhere: an engine calls it added, and it was another one.
func TestLinkThatLedNowhere(t *testing.T) {
	p := newPair(t, map[string]string{"/etc/l": "stands for a link"})
	p.put("/etc/l", fake.File{Mode: fs.ModeSymlink | 0o777, Link: "b"})
	list := p.compare(changes.Options{Changes: []backend.Change{{Path: "/etc/l", Kind: backend.ChangeAdded}}})
	require.Equal(t, backend.ChangeModified, list[0].Kind)
	require.Equal(t, []string{changes.PartType}, list[0].Parts)
}

// TestOwners: where copies do not tell the owners, the containers are asked, and otherwise nothing is said of them.
func TestOwners(t *testing.T) {
	for name, tc := range map[string]struct {
		out  string
		code int
		want string
	}{
		"told":       {"12:34\n", 0, "12:34"},
		"no program": {"", 127, ""},
		"gone":       {"", 0, ""},
		"garbage":    {"root\n", 0, ""},
		"too much":   {strings.Repeat("0:0\n", 1000), 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, nil)
			p.write("/etc/a", "1")
			require.NoError(t, p.engine.StartContainer(t.Context(), p.runner))
			p.engine.OnExec(func(_ context.Context, _ backend.Container, e backend.ExecSpec) (int, error) {
				asked, err := io.ReadAll(e.Stdin)
				require.NoError(t, err)
				require.Equal(t, "/etc/a\x00", string(asked))
				_, err = io.WriteString(e.Stdout, tc.out)
				return tc.code, err
			})
			list := p.compare(changes.Options{LosesOwners: true,
				Changes: []backend.Change{{Path: "/etc/a", Kind: backend.ChangeAdded}}})
			require.Equal(t, tc.want, list[0].New.Owner())
		})
	}
}

// hostile answers every copy with what it likes.
type hostile struct {
	changes.Source
	calls  int
	answer func(path string) io.Reader
}

func (h *hostile) CopyFrom(_ context.Context, _, path string) (io.ReadCloser, error) {
	h.calls++
	return io.NopCloser(h.answer(path)), nil
}

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// endless is a stream of one file that never ends.
func endless(t *testing.T, name string, size int64) io.Reader {
	var b strings.Builder
	header := &tar.Header{Name: name, Size: size, Mode: 0o644, Typeflag: tar.TypeReg}
	require.NoError(t, tar.NewWriter(&b).WriteHeader(header))
	return io.MultiReader(strings.NewReader(b.String()), zeros{})
}

// TestHostileStreams: what never ends, is no archive, or has names outside, costs bounded work and gives nothing.
func TestHostileStreams(t *testing.T) {
	for name, answer := range map[string]func(path string) io.Reader{
		"a file without end": func(string) io.Reader { return endless(t, "etc/other", 1<<50) },
		"no archive":         func(string) io.Reader { return strings.NewReader(strings.Repeat("x", 4096)) },
		"nothing":            func(string) io.Reader { return strings.NewReader("") },
	} {
		t.Run(name, func(t *testing.T) {
			h := &hostile{answer: answer}
			list, err := changes.Compare(t.Context(), changes.Options{Engine: h,
				Changes: []backend.Change{{Path: "/etc/a", Kind: backend.ChangeAdded},
					{Path: "/etc/b", Kind: backend.ChangeAdded}}})
			require.NoError(t, err)
			require.Len(t, list, 2)
			for _, c := range list {
				require.Nil(t, c.New)
			}
			require.LessOrEqual(t, h.calls, 3)
		})
	}
}

// TestUnreachable: an engine that does not answer is an error, not an empty file system.
func TestUnreachable(t *testing.T) {
	p := newPair(t, nil)
	p.engine.FailOn(func(c fake.Call) error {
		if c.Verb == "CopyFrom" {
			return backend.ErrUnreachable
		}
		return nil
	})
	_, err := changes.Compare(t.Context(), changes.Options{Engine: p.engine, Container: p.runner, Image: p.image,
		Changes: []backend.Change{{Path: "/etc/a", Kind: backend.ChangeAdded}}})
	require.ErrorIs(t, err, backend.ErrUnreachable)
}
