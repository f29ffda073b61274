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
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/fake"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// farEngine is an engine on another host: it has none of this machine's files.
type farEngine struct {
	*fake.Engine
	// sent is how many bytes went to containers, copies how often.
	sent   int64
	copies int
	// cut, when set, breaks the next copy off after so many bytes.
	cut int64
}

var errCut = errors.New("the line went dead")

// CreateContainer refuses all binds, as an engine does that does not see them.
func (f *farEngine) CreateContainer(ctx context.Context, s backend.ContainerSpec) (backend.Container, error) {
	for _, m := range s.Mounts {
		if m.Type == backend.MountBind {
			return backend.Container{}, &backend.Error{Op: "create container", Kind: backend.ErrMountSource, Detail: m.Source +
				" does not exist"}
		}
	}
	return f.Engine.CreateContainer(ctx, s)
}

// CopyTo counts what passes.
func (f *farEngine) CopyTo(ctx context.Context, id, dir string, tar io.Reader) error {
	f.copies++
	if f.cut > 0 {
		n, err := io.CopyN(io.Discard, tar, f.cut)
		f.sent, f.cut = f.sent+n, 0
		return errors.Join(err, errCut)
	}
	counter := &counting{r: tar}
	err := f.Engine.CopyTo(ctx, id, dir, counter)
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

// distant moves a kitchen's engine to another host.
func distant(k *kitchen) *farEngine {
	far := &farEngine{Engine: k.fake}
	k.change = func(o *Options) {
		o.Open = func(context.Context, string, string) (backend.ContainerBackend, backend.Endpoint, error) {
			return far, backend.Endpoint{URI: "fake://far"}, nil
		}
	}
	return far
}

// remoteRunner is a running runner on a remote engine, with its sandbox.
func remoteRunner(t *testing.T) (*liveRunner, *farEngine, sandbox.Dir, *recorder) {
	t.Helper()
	k := newKitchen(t)
	far := distant(k)
	i := k.run().newInstanceRun(chefInstance("a"))
	require.NoError(t, i.inspect(t.Context(), false))
	i.phase = PhaseCreate
	require.NoError(t, i.create(t.Context()))
	require.True(t, i.live().uploaded())
	return i.live(), far, i.theSandboxes().kitchen, k.sink
}

func put(t *testing.T, box sandbox.Dir, name, text string) {
	t.Helper()
	path := filepath.Join(box.Local, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

// The second upload of a large sandbox sends nothing at all, and after one change
// just that file.
func TestUploadOfManyFiles(t *testing.T) {
	w, far, box, _ := remoteRunner(t)
	const files, size = 2_000, 64
	for i := range files {
		put(t, box, fmt.Sprintf("cookbooks/c%d/files/f%d", i%100, i), strings.Repeat("x", size))
	}
	require.NoError(t, w.upload(t.Context(), box))
	require.Equal(t, 1, far.copies)
	first := far.sent
	require.Greater(t, first, int64(files*size))
	require.NoError(t, w.upload(t.Context(), box))
	require.Equal(t, 1, far.copies, "nothing changed")
	require.Equal(t, first, far.sent)

	// A new time alone is no new content.
	stamp := time.Unix(1, 0)
	require.NoError(t, os.Chtimes(filepath.Join(box.Local, "cookbooks/c7/files/f7"), stamp, stamp))
	require.NoError(t, w.upload(t.Context(), box))
	require.Equal(t, 1, far.copies)

	put(t, box, "cookbooks/c8/files/f8", "changed")
	require.NoError(t, w.upload(t.Context(), box))
	require.Equal(t, 2, far.copies)
	require.Less(t, far.sent-first, int64(16<<10))
	t.Logf("bytes sent: %d at first, 0 unchanged, %d for one file", first, far.sent-first)
}

func TestUploadFollowsEveryChange(t *testing.T) {
	w, far, box, _ := remoteRunner(t)
	there := func(name string) string {
		data, err := far.ReadFile(w.c.ID, box.Remote+"/"+name)
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
		{"first", func() { put(t, box, "a", "1"); put(t, box, "d/x", "2"); put(t, box, "e/f/g", "3") },
			map[string]string{"a": "1", "d/x": "2", "e/f/g": "3"}},
		{"a directory becomes a file", func() {
			require.NoError(t, os.RemoveAll(filepath.Join(box.Local, "d")))
			put(t, box,
				"d", "file")
		},
			map[string]string{"d": "file", "d/x": "none"}},
		{"a file becomes a directory", func() {
			require.NoError(t, os.Remove(filepath.Join(box.Local, "a")))
			put(t, box,
				"a/b", "deep")
		},
			map[string]string{"a/b": "deep"}},
		{"a tree goes", func() { require.NoError(t, os.RemoveAll(filepath.Join(box.Local, "e"))) },
			map[string]string{"e/f/g": "none", "d": "file"}},
	} {
		step.do()
		require.NoError(t, w.upload(t.Context(), box), step.name)
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
	w, far, box, sink := remoteRunner(t)
	put(t, box, "a", "old")
	put(t, box, "gone", "x")
	require.NoError(t, w.upload(t.Context(), box))
	put(t, box, "a", "new")
	require.NoError(t, os.Remove(filepath.Join(box.Local, "gone")))
	far.cut = 600
	require.ErrorIs(t, w.upload(t.Context(), box), errCut)
	require.Equal(t, []string{"", "failed"}, endings(sink))
	// What arrived is the new file; the user goes back to the old one.
	require.NoError(t, far.Engine.CopyTo(t.Context(), w.c.ID, box.Remote,
		tarOf(t, sandbox.File{Path: "a", Data: []byte("new")})))
	put(t, box, "a", "old")
	require.NoError(t, w.upload(t.Context(), box))
	data, err := far.ReadFile(w.c.ID, box.Remote+"/a")
	require.NoError(t, err)
	require.Equal(t, "old", string(data))
	_, err = far.ReadFile(w.c.ID, box.Remote+"/gone")
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

// On a far engine a runner is no other one than on a near one: a second create
// keeps it, and a directory of the user's that is not there is the user's to mend.
func TestFarRunnerIsKept(t *testing.T) {
	k := newKitchen(t)
	distant(k)
	require.NoError(t, k.do("verify", chefInstance("a")))
	first := k.runners()[0].ID
	require.NoError(t, k.do("create", chefInstance("a")))
	require.Equal(t, first, k.runners()[0].ID)
	require.NoError(t, k.do("converge", chefInstance("a")))

	i := chefInstance("b")
	i.Driver.Mounts = append(i.Driver.Mounts, config.Mount{Type: "bind", Source: "/srv/data", Target: "/data"})
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
	w, far, box, _ := remoteRunner(t)
	put(t, box, "a", "ours")
	put(t, box, "d/x", "ours")
	put(t, box, "d/y", "ours")
	put(t, box, "keep", "ours")
	require.NoError(t, os.MkdirAll(filepath.Join(box.Local, "empty"), 0o750))
	require.NoError(t, w.upload(t.Context(), box))
	at := func(name string) string { return box.Remote + "/" + name }
	remove := func(name string) { require.NoError(t, far.RemoveFile(w.c.ID, at(name))) }
	write := func(name, text string) { require.NoError(t, far.WriteFile(w.c.ID, at(name), []byte(text))) }
	make := func(name string, f fake.File) { require.NoError(t, far.PutFile(w.c.ID, at(name), f)) }
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
		copies := far.copies
		for range 2 {
			require.NoError(t, w.upload(t.Context(), box), what)
			for _, name := range []string{"a", "d/x", "d/y", "keep"} {
				f, err := far.Stat(w.c.ID, at(name))
				require.NoError(t, err, what)
				require.True(t, f.Mode.IsRegular(), "%s: %s", what, name)
				require.Equal(t, "ours", string(f.Data), "%s: %s", what, name)
			}
			for _, name := range []string{"d", "empty"} {
				f, err := far.Stat(w.c.ID, at(name))
				require.NoError(t, err, what)
				require.True(t, f.Mode.IsDir(), "%s: %s", what, name)
			}
		}
		require.Equal(t, copies+1, far.copies, "once is enough: %s", what)
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
		w := &listingWriter{wanted: func(p string) bool { return p != "unwanted" && p != "." }, list: listing{}}
		for part := range slices.Chunk([]byte(out), n) {
			_, err := w.Write(part)
			require.NoError(t, err)
		}
		w.keep()
		require.Equal(t, want, w.list)
	}
	w := &listingWriter{wanted: func(string) bool { return true }, list: listing{}}
	big := bytes.Repeat([]byte("x"), 1<<20)
	var err error
	for range 300 {
		if _, err = w.Write(big); err != nil {
			break
		}
	}
	require.ErrorContains(t, err, "more files than galley can take")
	require.Less(t, cap(w.line)+cap(w.record), 1<<20)
}

// TestContextDigest: build arguments are pairs, not text.
func TestContextDigestOfArguments(t *testing.T) {
	seen := map[string]bool{}
	for _, args := range []map[string]string{nil, {"a": "b c:d"}, {"a": "b", "c": "d"}, {"a": "b", "c": ""},
		{"a": "", "b": "c"}} {
		for _, platform := range []string{"", "linux/arm64"} {
			d, err := contextDigest([]sandbox.File{{Path: "Dockerfile", Data: []byte("FROM x")}}, args, platform)
			require.NoError(t, err)
			require.Len(t, d, 32)
			seen[d] = true
		}
	}
	require.Len(t, seen, 10)
}
