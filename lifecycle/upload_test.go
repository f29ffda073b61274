package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/backend/spec"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// remoteEngine is an engine on another host: it has none of this machine's files.
type remoteEngine struct {
	*fake.Engine
	mu sync.Mutex // guards what follows: instances copy side by side
	// sent is how many bytes went to containers, copies how often.
	sent   int64
	copies int
	// cut, when set, breaks the next copy off after so many bytes.
	cut int64
}

var errCut = errors.New("the line went dead")

// CreateContainer refuses all binds, as an engine does that does not see them.
func (f *remoteEngine) CreateContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	for _, m := range s.Mounts {
		if m.Type == spec.MountBind {
			return backend.Container{}, &backend.Error{Op: "create container", Kind: backend.ErrMountSource,
				Detail: m.Source +
					" does not exist"}
		}
	}
	return f.Engine.CreateContainer(ctx, s)
}

// CopyTo counts what passes.
func (f *remoteEngine) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.copies++
	if f.cut > 0 {
		n, err := io.CopyN(io.Discard, tar, f.cut)
		f.sent, f.cut = f.sent+n, 0
		return errors.Join(err, errCut)
	}
	counter := &counting{r: tar}
	f.mu.Unlock()
	err := f.Engine.CopyTo(ctx, id, dir, counter)
	f.mu.Lock()
	f.sent += counter.n
	return err
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// moveAway moves a kitchen's engine to another host.
func moveAway(k *kitchen) *remoteEngine {
	engine := &remoteEngine{Engine: k.fake}
	k.change = func(o *Options) {
		o.Open = func(context.Context, string, string) (backend.ContainerBackend, backend.Endpoint, error) {
			return engine, backend.Endpoint{URI: "fake://remote"}, nil
		}
	}
	return engine
}

// remoteRunner is a running runner on a remote engine, with its sandbox.
func remoteRunner(t *testing.T) (*liveRunner, *remoteEngine, sandbox.Dir, *recorder) {
	t.Helper()
	k := newKitchen(t)
	engine := moveAway(k)
	i := k.run().newInstanceRun(chefInstance("a"))
	require.NoError(t, i.inspect(t.Context(), false))
	i.phase = PhaseCreate
	require.NoError(t, i.create(t.Context()))
	require.True(t, isUploaded(i.live().c))
	sb := i.sandbox(kitchenSandbox)
	return i.access(sb), engine, sb, k.sink
}

func put(t *testing.T, sb sandbox.Dir, name, text string) {
	t.Helper()
	path := filepath.Join(sb.Local, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// The second upload of a large sandbox sends nothing at all, and after one change just that file.
func TestUploadOfManyFiles(t *testing.T) {
	w, engine, sb, _ := remoteRunner(t)
	const files, size = 500, 64
	for i := range files {
		put(t, sb, fmt.Sprintf("cookbooks/c%d/files/f%d", i%100, i), strings.Repeat("x", size))
	}
	require.NoError(t, w.upload(t.Context()))
	require.Equal(t, 1, engine.copies)
	first := engine.sent
	require.Greater(t, first, int64(files*size))
	require.NoError(t, w.upload(t.Context()))
	require.Equal(t, 1, engine.copies, "nothing changed")
	require.Equal(t, first, engine.sent)

	// A new time alone is no new content.
	stamp := time.Unix(1, 0)
	require.NoError(t, os.Chtimes(filepath.Join(sb.Local, "cookbooks/c7/files/f7"), stamp, stamp))
	require.NoError(t, w.upload(t.Context()))
	require.Equal(t, 1, engine.copies)

	put(t, sb, "cookbooks/c8/files/f8", "changed")
	require.NoError(t, w.upload(t.Context()))
	require.Equal(t, 2, engine.copies)
	require.Less(t, engine.sent-first, int64(16<<10))
	t.Logf("bytes sent: %d at first, 0 unchanged, %d for one file", first, engine.sent-first)
}

func TestUploadFollowsEveryChange(t *testing.T) {
	w, engine, sb, _ := remoteRunner(t)
	there := func(name string) string {
		data, err := engine.ReadFile(w.c.ID, sb.Remote+"/"+name)
		if err != nil {
			return "none"
		}
		return string(data)
	}
	for _, step := range []struct {
		name string
		do   func()
		want map[string]string
	}{
		{"first", func() { put(t, sb, "a", "1"); put(t, sb, "d/x", "2"); put(t, sb, "e/f/g", "3") },
			map[string]string{"a": "1", "d/x": "2", "e/f/g": "3"}},
		{"a directory becomes a file", func() {
			require.NoError(t, os.RemoveAll(filepath.Join(sb.Local, "d")))
			put(t, sb,
				"d", "file")
		},
			map[string]string{"d": "file", "d/x": "none"}},
		{"a file becomes a directory", func() {
			require.NoError(t, os.Remove(filepath.Join(sb.Local, "a")))
			put(t, sb,
				"a/b", "deep")
		},
			map[string]string{"a/b": "deep"}},
		{"a tree goes", func() { require.NoError(t, os.RemoveAll(filepath.Join(sb.Local, "e"))) },
			map[string]string{"e/f/g": "none", "d": "file"}},
	} {
		step.do()
		require.NoError(t, w.upload(t.Context()), step.name)
		for name, want := range step.want {
			require.Equal(t, want, there(name), "%s: %s", step.name, name)
		}
	}
}

func tarOf(t *testing.T, files ...sandbox.File) io.Reader {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, archive.Write(&b, files))
	return &b
}

// endings are the last words of all that had progress, empty where it went well.
func endings(r *recorder) []string {
	var list []string
	for _, e := range r.events {
		if p, ok := e.(Progress); ok && p.Done && strings.HasPrefix(p.What, "upload") {
			list = append(list, p.Status)
		}
	}
	return list
}

// An upload that broke off half-way may have changed files: they are sent again
// even when they are here as they were before.
func TestUploadAfterABreak(t *testing.T) {
	w, engine, sb, sink := remoteRunner(t)
	put(t, sb, "a", "old")
	put(t, sb, "gone", "x")
	require.NoError(t, w.upload(t.Context()))
	put(t, sb, "a", "new")
	require.NoError(t, os.Remove(filepath.Join(sb.Local, "gone")))
	engine.cut = 600
	require.ErrorIs(t, w.upload(t.Context()), errCut)
	require.Equal(t, []string{"", "failed"}, endings(sink))
	// What arrived is the new file; the user goes back to the old one.
	require.NoError(t, engine.Engine.CopyTo(t.Context(), w.c.ID, sb.Remote,
		tarOf(t, sandbox.File{Path: "a", Data: []byte("new")})))
	put(t, sb, "a", "old")
	require.NoError(t, w.upload(t.Context()))
	data, err := engine.ReadFile(w.c.ID, sb.Remote+"/a")
	require.NoError(t, err)
	require.Equal(t, "old", string(data))
	_, err = engine.ReadFile(w.c.ID, sb.Remote+"/gone")
	require.Error(t, err)
}

func TestGone(t *testing.T) {
	list := func(names ...string) manifest {
		m := manifest{Files: map[string]sentFile{}}
		for _, n := range names {
			m.Files[strings.TrimSuffix(n, "/")] = sentFile{Dir: strings.HasSuffix(n, "/")}
		}
		return m
	}
	for _, tc := range []struct {
		old, now manifest
		want     []string
	}{
		{list("a", "b"), list("a", "b"), nil},
		{list("a", "d/x", "d/y/z"), list("a"), []string{"d"}},
		{list("d/x", "d/y/z", "d/y/w"), list("d/x"), []string{"d/y"}},
		{list("d/x"), list("d"), []string{"d"}},
		{list("a"), list("a/b"), []string{"a"}},
		{list("a", "b/c"), list(), []string{"a", "b"}},
		{list("d/", "e/"), list("e/"), []string{"d"}},
		{list("d/"), list("d/x"), nil},
		{list("d/x"), list("d/"), []string{"d/x"}},
		{list("d/\xff", "d/\xfe"), list("d/\xff"), []string{"d/\xfe"}},
	} {
		require.Equal(t, tc.want, gone(tc.old, tc.now))
	}
}

// On a remote engine a runner is no other one than on a local one: a second create
// keeps it, and a directory of the user's that is not there is the user's to mend.
func TestFarRunnerIsKept(t *testing.T) {
	k := newKitchen(t)
	moveAway(k)
	require.NoError(t, k.do("verify", chefInstance("a")))
	first := k.runners()[0].ID
	require.NoError(t, k.do("create", chefInstance("a")))
	require.Equal(t, first, k.runners()[0].ID)
	require.NoError(t, k.do("converge", chefInstance("a")))

	i := chefInstance("b")
	i.Driver.Mounts = append(i.Driver.Mounts, spec.Mount{Type: "bind", Source: "/srv/data", Target: "/data"})
	said := len(k.sink.notices())
	err := k.do("create", i)
	require.ErrorContains(t, err, "/srv/data does not exist")
	require.NotContains(t, k.sink.notices()[said:],
		"the engine does not see this machine's files; uploading instead of mounting")
	require.Len(t, k.runners(), 1)
}

// TestUploadPutsBack: what the runner changed, moved or removed in its sandbox is there
// again, as on an engine that sees the files, and what is in the way of it goes.
func TestUploadPutsBack(t *testing.T) {
	w, engine, sb, _ := remoteRunner(t)
	put(t, sb, "a", "ours")
	put(t, sb, "d/x", "ours")
	put(t, sb, "d/y", "ours")
	put(t, sb, "keep", "ours")
	require.NoError(t, os.MkdirAll(filepath.Join(sb.Local, "empty"), 0o750))
	require.NoError(t, w.upload(t.Context()))
	at := func(name string) string { return sb.Remote + "/" + name }
	remove := func(name string) { require.NoError(t, engine.RemoveFile(w.c.ID, at(name))) }
	write := func(name, text string) { require.NoError(t, engine.WriteFile(w.c.ID, at(name), []byte(text))) }
	make := func(name string, f fake.File) { require.NoError(t, engine.PutFile(w.c.ID, at(name), f)) }
	link := func(target string) fake.File {
		return fake.File{Mode: fs.ModeSymlink | 0o777, Link: target}
	}
	for what, change := range map[string]func(){
		"file removed":               func() { remove("a") },
		"file changed":               func() { write("a", "evil") },
		"directory removed":          func() { remove("d") },
		"file for a directory":       func() { remove("d"); write("d", "file") },
		"link for a directory":       func() { remove("d"); make("d", link("/")) },
		"directory for a file":       func() { remove("a"); make("a", fake.Directory()) },
		"empty directory removed":    func() { remove("empty") },
		"file for an empty one":      func() { remove("empty"); write("empty", "x") },
		"link for a file":            func() { remove("a"); make("a", link("keep")) },
		"other mode of a file":       func() { make("a", fake.File{Mode: 0o777, Data: []byte("ours")}) },
		"other content, same length": func() { write("d/x", "evil") },
	} {
		change()
		copies := engine.copies
		for range 2 {
			require.NoError(t, w.upload(t.Context()), what)
			for _, name := range []string{"a", "d/x", "d/y", "keep"} {
				f, err := engine.Stat(w.c.ID, at(name))
				require.NoError(t, err, what)
				require.True(t, f.Mode.IsRegular(), "%s: %s", what, name)
				require.Equal(t, "ours", string(f.Data), "%s: %s", what, name)
			}
			for _, name := range []string{"d", "empty"} {
				f, err := engine.Stat(w.c.ID, at(name))
				require.NoError(t, err, what)
				require.True(t, f.Mode.IsDir(), "%s: %s", what, name)
			}
		}
		require.Equal(t, copies+1, engine.copies, "once is enough: %s", what)
	}
}

// TestManifestKeepsBytes: names that are no text are keys of their own.
func TestManifestKeepsBytes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sent.json")
	m := manifest{ContainerID: "c", Files: map[string]sentFile{}}
	for _, p := range []string{"\xff", "\xfe", "\ufffd", "a\nb", `a"b`, `a\xff`, "ä", "a\x00b"} {
		m.Files[p] = sentFile{Digest: fmt.Sprintf("%x", p)}
	}
	require.NoError(t, m.save(file))
	got, err := loadManifest(file, "c")
	require.NoError(t, err)
	require.Equal(t, m, got)
}

// TestListing: what a runner prints is taken apart by what it means, whatever it is.
func TestListing(t *testing.T) {
	out := "1 2 3 4 41ed .\n1 2 3 4 81a4 ./a b\n5 6 7 8 81a4 ./two\nlines\n9 1 1 1 41c0 ./d\n1 1 1 1 a1ff ./d/l\n1 1 1 " +
		"1 81a4 ./\xff\nnonsense 1 2\n1 1 1 1 81a4 ./unwanted\n"
	want := listing{"a b": {mark: "1 2 3 4 81a4", regular: true}, "two\nlines": {mark: "5 6 7 8 81a4", regular: true},
		"d":   {mark: "41c0", dir: true},
		"d/l": {mark: "1 1 1 1 a1ff"}, "\xff\nnonsense 1 2": {mark: "1 1 1 1 81a4", regular: true}}
	for _, n := range []int{1, 7, len(out)} {
		r := &listingReader{wanted: func(p string) bool { return p != "unwanted" && p != "." }, list: listing{}}
		w := &lines.Writer{Emit: r.line}
		for part := range slices.Chunk([]byte(out), n) {
			_, err := w.Write(part)
			require.NoError(t, err)
		}
		r.keep()
		require.Equal(t, want, r.list)
	}
	r := &listingReader{wanted: func(string) bool { return true }, list: listing{}}
	w := &lines.Writer{Emit: r.line}
	_, err := w.Write([]byte("1 2 3 4 81a4 ./a\n"))
	require.NoError(t, err)
	big := bytes.Repeat([]byte("x"), 1<<20)
	for range 300 {
		if _, err = w.Write(big); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "more files than galley can take")
	require.Less(t, len(r.record), 1<<20)
}

// TestContextDigest: build arguments are pairs, not text.
func TestContextDigestOfArguments(t *testing.T) {
	seen := map[string]bool{}
	for _, args := range []map[string]string{nil, {"a": "b c:d"}, {"a": "b", "c": "d"}, {"a": "b", "c": ""},
		{"a": "", "b": "c"}} {
		for _, platform := range []string{"", "linux/arm64"} {
			name, _, err := buildRequest{dockerfile: "FROM x", args: args, platform: platform}.name()
			require.NoError(t, err)
			require.Len(t, name, len(workImages)+32)
			seen[name] = true
		}
	}
	require.Len(t, seen, 10)
}
