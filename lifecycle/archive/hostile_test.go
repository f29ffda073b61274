package archive

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Extract unpacks a stream to a path of this machine.
func Extract(from io.Reader, to string) error {
	return extract(from, false, func(bool) (string, error) { return to, nil })
}

// outside is a directory with what a container must not reach, and everything in it.
func outside(t *testing.T) (dir string, state func() string) {
	t.Helper()
	dir = t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "hooks"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret"), []byte("outside"), 0o600))
	return dir, func() string {
		var b strings.Builder
		require.NoError(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil || p == filepath.Join(dir, "in") {
				return fs.SkipDir
			}
			st, err := d.Info()
			require.NoError(t, err)
			text := ""
			if st.Mode().IsRegular() {
				data, err := os.ReadFile(p)
				require.NoError(t, err)
				text = string(data)
			}
			fmt.Fprintln(&b, p, st.Mode(), text)
			return nil
		}))
		return b.String()
	}
}

// TestSuccessiveDownloads: what one download leaves never opens a way out for the next.
func TestSuccessiveDownloads(t *testing.T) {
	reg := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o4755} }
	dir := func(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755} }
	link := func(name, to string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
	}
	hard := func(name, to string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to} }
	for name, streams := range map[string][][]tar.Header{
		"a link, then a directory": {{link("res", "hooks")}, {dir("res/"), reg("res/pre-commit")}},
		"an absolute link, then":   {{link("res", "OUT/hooks")}, {dir("res/"), reg("res/pre-commit")}},
		"a link in it, then files in that": {{dir("res/"), link("res/d", "../hooks")},
			{dir("res/"), reg("res/d/pre-commit")}},
		"a link through a link": {{dir("res/"), dir("res/deep/"), link("res/deep/l", ".."),
			link("res/out", "deep/l/../hooks")}, {reg("res/out/pre-commit")}},
		"links made in the other order": {{dir("res/"), link("res/out", "deep/l/.."), dir("res/deep/"),
			link("res/deep/l", "..")}, {reg("res/out/secret")}},
		"a directory becomes a link": {{dir("res/"), dir("res/a/"), dir("res/a/b/"), link("res/a/b/up", "../../x"),
			link("res/x", "a/b")}, {dir("res/"), link("res/a", ".."), reg("res/a/secret")}},
		"a hard link to a link": {{dir("res/"), dir("res/a/"), link("res/a/l", "../x"), hard("res/l", "res/a/l")},
			{reg("res/l/secret")}},
		"a hard link to what is outside": {{dir("res/"), hard("res/h", "res/../secret")}, {reg("res/h")}},
		"a hard link through a link": {{dir("res/"), link("res/l", ".."), hard("res/h", "res/l/secret")},
			{reg("res/h")}},
		"a link twice": {{dir("res/"), link("res/l", "a"), link("res/l", "../hooks"),
			reg("res/l/pre-commit")}, {reg("res/l/pre-commit")}},
		"absolute names": {{dir("res/"), reg("/res/OUT/secret")}, {reg("OUT/secret")}},
		"dots": {{dir("res/"), reg("res/../secret")}, {reg("res/a/../../secret")},
			{reg("../secret")}},
		"the target itself twice": {{dir("res/"), link("res", "hooks"), reg("res/pre-commit")}, {reg("res")}},
	} {
		t.Run(name, func(t *testing.T) {
			top, state := outside(t)
			before := state()
			to := filepath.Join(top, "in", "res")
			for range 2 {
				for _, stream := range streams {
					entries := append([]tar.Header{}, stream...)
					for i := range entries {
						entries[i].Name = strings.ReplaceAll(entries[i].Name, "OUT", top)
						entries[i].Linkname = strings.ReplaceAll(entries[i].Linkname, "OUT", top)
					}
					t.Log(Extract(pack(t, "evil", entries...), to))
				}
			}
			require.Equal(t, before, state())
			require.NoError(t, filepath.WalkDir(filepath.Join(top, "in"),
				func(p string, d fs.DirEntry, err error) error {
					require.NoError(t, err)
					st, err := d.Info()
					require.NoError(t, err)
					require.Zero(t, st.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky), p)
					real, err := filepath.EvalSymlinks(p)
					if err == nil { // and not a link that leads nowhere
						require.True(t, real == to || strings.HasPrefix(real, to+"/") || p == filepath.Join(top, "in"),
							"%s leads to %s",
							p, real)
					}
					return nil
				}))
		})
	}
}

// A link at the target may be of a runner's making: it is refused for a directory, and replaced by a file.
func TestExtractLinkAtTheTarget(t *testing.T) {
	top, state := outside(t)
	to := filepath.Join(top, "in", "res")
	require.NoError(t, os.Mkdir(filepath.Join(top, "in"), 0o755))
	require.NoError(t, os.Symlink("../hooks", to))
	before := state()
	err := Extract(pack(t, "evil", tar.Header{Name: "res/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "res/pre-commit", Typeflag: tar.TypeReg}), to)
	require.ErrorContains(t, err, "is a symbolic link, which is not followed\nRemove it")
	require.NoError(t, Extract(pack(t, "text", tar.Header{Name: "res", Typeflag: tar.TypeReg, Mode: 0o644}), to))
	require.Equal(t, before, state())
	st, err := os.Lstat(to)
	require.NoError(t, err)
	require.True(t, st.Mode().IsRegular())
	var link *LinkError
	require.ErrorAs(t, Extract(pack(t, "", tar.Header{Name: "res", Typeflag: tar.TypeSymlink, Linkname: "a"}), to),
		&link)
	require.Equal(t, "res is a symbolic link to a: name that instead", link.Error())
}

// What has no meaning here is left out and told, with names that are safe to print.
func TestExtractSkips(t *testing.T) {
	to := filepath.Join(t.TempDir(), "to")
	entries := []tar.Header{{Name: "x/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "x/f", Typeflag: tar.TypeFifo},
		{Name: "x/c", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3},
		{Name: "x/b\x1b[2J", Typeflag: tar.TypeBlock}, {Name: "x/h", Typeflag: tar.TypeSymlink, Linkname: "../\x1b]0;"},
		{Name: "x/a", Typeflag: tar.TypeReg}}
	err := Extract(pack(t, "1", entries...), to)
	require.EqualError(t, err, `left out links that lead elsewhere or nowhere, and what is no file: x/f (a pipe), x/c `+
		`(a device), "x/b\x1b[2J" (a device), x/h -> "../\x1b]0;"`)
	require.FileExists(t, filepath.Join(to, "a"))
	list, err := os.ReadDir(to)
	require.NoError(t, err)
	require.Len(t, list, 1)
	many := []tar.Header{entries[0]}
	for i := range 50 {
		many = append(many, tar.Header{Name: fmt.Sprintf("x/%d", i), Typeflag: tar.TypeFifo})
	}
	require.ErrorContains(t, Extract(pack(t, "", many...), to), "x/19 (a pipe) and 30 more")
	require.ErrorContains(t, Extract(pack(t, "", tar.Header{Name: "f", Typeflag: tar.TypeFifo}),
		filepath.Join(to, "f")),
		"f (a pipe)")
}

// A few bytes of a stream may say that they are a file of any size.
func TestExtractSparseFile(t *testing.T) {
	pax := func(records ...string) (b bytes.Buffer) {
		var body bytes.Buffer
		for _, r := range records {
			n := len(r) + 3
			for len(fmt.Sprintf("%d %s\n", n, r)) != n {
				n++
			}
			fmt.Fprintf(&body, "%d %s\n", n, r)
		}
		tw := tar.NewWriter(&b)
		require.NoError(t, tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "PaxHeaders/x",
			Size: int64(body.Len())}))
		_, err := tw.Write(body.Bytes())
		require.NoError(t, err)
		require.NoError(t, tw.Flush())
		b.Bytes()[156] = tar.TypeXHeader
		sum(b.Bytes()[:512])
		return b
	}
	// A sparse file of format 1.0 has its map, "no data at all", in front of its content.
	b := pax("GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=x", "GNU.sparse.realsize=1099511627776")
	tw := tar.NewWriter(&b)
	require.NoError(t, tw.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "x", Mode: 0o644, Size: 512}))
	_, err := tw.Write(append([]byte("1\n1099511627776\n0\n"), make([]byte, 512-18)...))
	require.NoError(t, err)
	require.NoError(t, tw.Close())
	h, err := tar.NewReader(bytes.NewReader(b.Bytes())).Next()
	require.NoError(t, err)
	require.Equal(t, int64(1<<40), h.Size, "the test makes a sparse file")
	to := filepath.Join(t.TempDir(), "to")
	require.ErrorContains(t, Extract(&b, to), "larger than what the engine sent")
	st, err := os.Stat(to)
	require.NoError(t, err)
	require.LessOrEqual(t, st.Size(), int64(2<<20))
}

// sum puts the checksum of a header right.
func sum(header []byte) {
	copy(header[148:156], "        ")
	n := 0
	for _, c := range header {
		n += int(c)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", n))
}

// TestExtractBrokenStreams: an error, and nothing outside.
func TestExtractBrokenStreams(t *testing.T) {
	whole := pack(t, strings.Repeat("x", 2000), tar.Header{Name: "x/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "x/a", Typeflag: tar.TypeReg}).Bytes()
	for _, n := range []int{0, 1, 511, 513, 1000, 1600} {
		require.Error(t, Extract(bytes.NewReader(whole[:n]), filepath.Join(t.TempDir(), "to")), n)
	}
	require.Error(t, Extract(strings.NewReader(strings.Repeat("garbage ", 1000)), filepath.Join(t.TempDir(), "to")))
	require.Error(t, Extract(io.MultiReader(bytes.NewReader(whole[:600]), new(endless)),
		filepath.Join(t.TempDir(), "to")))
}

// endless is garbage without an end.
type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestExtractKeepsNames that are no text, and times that are out of the usual.
func TestExtractKeepsNames(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has names that are no text")
	}
	to := filepath.Join(t.TempDir(), "to")
	require.NoError(t, Extract(pack(t, "1", tar.Header{Name: "x/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "x/\xff\xfe", Typeflag: tar.TypeReg, ModTime: time.Unix(-1, 0), Format: tar.FormatPAX}), to))
	require.FileExists(t, filepath.Join(to, "\xff\xfe"))
}
