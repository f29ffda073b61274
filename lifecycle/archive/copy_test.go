package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// container is one whose files lie below a directory, and which sends archives as an engine does: Docker names a
// directory's content ./a and sends links as links, Podman names it a and follows links.
type container struct {
	root   string
	podman bool
}

func (c container) at(p string) string { return filepath.Join(c.root, filepath.FromSlash(p)) }

func (c container) CopyTo(_ context.Context, _, dir string, stream io.Reader) error {
	st, err := os.Stat(c.at(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return &backend.Error{Kind: backend.ErrNotFound, Detail: "no such directory: " + dir}
	}
	if err != nil || !st.IsDir() {
		return &backend.Error{Kind: backend.ErrInvalid, Detail: dir}
	}
	return extract(stream, true, func(bool) (string, error) { return filepath.EvalSymlinks(c.at(dir)) })
}

func (c container) CopyFrom(_ context.Context, _, p string) (io.ReadCloser, error) {
	content := strings.HasSuffix(p, "/.")
	name, look := path.Base(p), os.Lstat
	if c.podman || content {
		look = os.Stat
	}
	st, err := look(c.at(p))
	if err != nil {
		return nil, &backend.Error{Kind: backend.ErrNotFound, Detail: "no such file: " + p}
	}
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	if st.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(c.at(p))
		if err == nil {
			err = tw.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target})
		}
		return io.NopCloser(&b), errors.Join(err, tw.Close())
	}
	files := []sandbox.File{{Path: name, Source: c.at(p)}}
	if st.IsDir() {
		if files, _, err = sandbox.Entries(c.at(p), name, nil); err != nil {
			return nil, err
		}
	}
	if content && !c.podman {
		for i := range files {
			files[i].Path = "./" + files[i].Path
		}
		files = append([]sandbox.File{{Path: ".", Dir: true}}, files...)
	}
	return io.NopCloser(&b), Write(&b, files)
}

// before is what lies on both sides of each copy.
func before(t *testing.T, root string) {
	t.Helper()
	for name, text := range map[string]string{"file": "1", "other": "2", "dir/a": "3", "dir/sub/b": "4", "have/a": "5",
		"have/dir/old": "6"} {
		p := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(p), 0o755))
		require.NoError(t, os.WriteFile(p, []byte(text), 0o644))
	}
	require.NoError(t, os.MkdirAll(filepath.Join(root, "dir", "empty"), 0o755))
	require.NoError(t, os.Chmod(filepath.Join(root, "dir", "empty"), 0o750))
	for name, to := range map[string]string{"tofile": "file", "todir": "dir", "dead": "nowhere", "dir/in": "a",
		"dir/deadin": "nowhere", "haveto": "have"} {
		require.NoError(t, os.Symlink(to, filepath.Join(root, name)))
	}
}

// after lists all below a directory.
func after(t *testing.T, root string) string {
	t.Helper()
	var list []string
	require.NoError(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		rel, err := filepath.Rel(root, p)
		require.NoError(t, err)
		switch st, err := d.Info(); {
		case err != nil:
			return err
		case st.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(p)
			require.NoError(t, err)
			rel += "->" + to
		case d.IsDir():
			rel += "/"
		default:
			data, err := os.ReadFile(p)
			require.NoError(t, err)
			rel += "=" + string(data)
		}
		if rel != "./" {
			list = append(list, rel)
		}
		return nil
	}))
	return strings.Join(list, " ")
}

// dirIn and fileIn are what the copies of dir and file come to, in a directory.
func dirIn(dir string) string {
	return strings.ReplaceAll("@/ @/a=3 @/deadin->nowhere @/empty/ @/in->a @/sub/ @/sub/b=4", "@", dir)
}

// rules are those of docker cp, for both directions. What is at the target before is
// have/{a,dir/old}, other and haveto, a link to have.
var rules = []struct{ from, to, want, fails string }{
	{from: "/file", to: "new", want: "new=1"},
	{from: "/file", to: "new/", fails: "there is no directory"},
	{from: "/file", to: "none/new", fails: "no"},
	{from: "/file", to: "other", want: "other=1"},
	{from: "/file", to: "other/", fails: "not a directory"},
	{from: "/file", to: "have", want: "have/file=1"},
	{from: "/file", to: "have/", want: "have/file=1"},
	{from: "/file", to: "have/.", want: "have/file=1"},
	{from: "/file", to: "have/a", want: "have/a=1"},
	{from: "/file", to: "haveto", want: "have/file=1"},
	{from: "/dir", to: "new", want: dirIn("new")},
	{from: "/dir", to: "new/", want: dirIn("new")},
	{from: "/dir/", to: "new", want: dirIn("new")},
	{from: "/dir/.", to: "new", want: dirIn("new")},
	{from: "/dir", to: "other", fails: "not a directory"},
	{from: "/dir/.", to: "other", fails: "not a directory"},
	{from: "/dir", to: "have", want: dirIn("have/dir")},
	{from: "/dir/", to: "have/", want: dirIn("have/dir")},
	{from: "/dir/.", to: "have", want: strings.TrimPrefix(dirIn("have"), "have/ ")},
	{from: "/dir/.", to: "haveto", want: strings.TrimPrefix(dirIn("have"), "have/ ")},
	{from: "/dir/empty", to: "new", want: "new/"},
	{from: "/dir/empty/.", to: "new", want: "new/"},
	{from: "/dir/in", to: "new", want: "new=3"},
	{from: "/tofile", to: "new", want: "new=1"},
	{from: "/tofile", to: "have", want: "have/tofile=1"},
	{from: "/todir", to: "new", want: dirIn("new")},
	{from: "/todir", to: "have", want: dirIn("have/todir")},
	{from: "/todir/.", to: "new", want: dirIn("new")},
	{from: "/dead", to: "new", fails: "no"},
	{from: "/none", to: "new", fails: "no"},
}

func TestCopyRules(t *testing.T) {
	for _, engine := range []string{"docker", "podman"} {
		for _, way := range []string{"out", "in"} {
			for _, r := range rules {
				t.Run(engine+" "+way+" "+r.from+" to "+r.to, func(t *testing.T) {
					from, to := t.TempDir(), t.TempDir()
					before(t, from)
					for name, text := range map[string]string{"have/a": "5", "have/dir/old": "6", "other": "2"} {
						require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755))
						require.NoError(t, os.WriteFile(filepath.Join(to, name), []byte(text), 0o644))
					}
					require.NoError(t, os.Symlink("have", filepath.Join(to, "haveto")))
					there := strings.Fields(after(t, to))
					var err error
					if way == "out" {
						err = CopyOut(t.Context(), container{from, engine == "podman"}, "id", r.from, to+"/"+r.to)
					} else {
						err = CopyIn(t.Context(), container{to, engine == "podman"}, "id", from+r.from, "/"+r.to)
					}
					if r.fails != "" {
						require.ErrorContains(t, err, r.fails)
						require.Equal(t, there, strings.Fields(after(t, to)))
						return
					}
					require.NoError(t, err)
					// All that was there is, but for what was replaced.
					want := map[string]bool{}
					for _, w := range strings.Fields(r.want) {
						want[w] = true
					}
					for _, w := range there {
						replaced := false
						for n := range want {
							name, _, _ := strings.Cut(w, "=")
							replaced = replaced || strings.HasPrefix(n, name+"=")
						}
						want[w] = want[w] || !replaced
					}
					got := map[string]bool{}
					for _, g := range strings.Fields(after(t, to)) {
						got[g] = true
					}
					for w, is := range want {
						if !is {
							delete(want, w)
						}
					}
					require.Equal(t, want, got)
				})
			}
		}
	}
}

// TestDownload: kitchen.yml's downloads make what they name.
func TestDownload(t *testing.T) {
	for _, podman := range []bool{false, true} {
		from := t.TempDir()
		before(t, from)
		c := container{from, podman}
		for to, r := range map[string]struct{ from, want string }{
			"x/new":  {"/file", "x/ x/new=1"},
			"x/new/": {"/file", "x/ x/new/ x/new/file=1"},
			"d":      {"/dir", dirIn("d")},
			"d/":     {"/dir/.", dirIn("d")},
			"deep/d": {"/todir", "deep/ " + dirIn("deep/d")},
		} {
			dir := t.TempDir()
			for range 2 { // the second one is as good as the first
				require.NoError(t, Download(t.Context(), c, "id", r.from, dir+"/"+to))
				require.Equal(t, r.want, after(t, dir), to)
			}
		}
		dir := t.TempDir()
		require.NoError(t, Download(t.Context(), c, "id", "/file", dir))
		require.Equal(t, "file=1", after(t, dir))
		// The root of a container is a directory without a name.
		require.NoError(t, Download(t.Context(), container{from + "/have", podman}, "id", "/.", dir+"/all"))
		require.Equal(t, "all/ all/a=5 all/dir/ all/dir/old=6 file=1", after(t, dir))
	}
}

// TestCopyInOfTheWorkingDirectory: "." is its content and ".." has a name.
func TestCopyInOfTheWorkingDirectory(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	before(t, from)
	t.Chdir(filepath.Join(from, "have", "dir"))
	require.NoError(t, CopyIn(t.Context(), container{root: to}, "id", ".", "/"))
	require.NoError(t, CopyIn(t.Context(), container{root: to}, "id", "..", "/"))
	require.Equal(t, "have/ have/a=5 have/dir/ have/dir/old=6 old=6", after(t, to))
}
