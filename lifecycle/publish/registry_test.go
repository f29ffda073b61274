package publish

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/internal/filelock"
)

// fault answers a request in place of the registry, or lets it pass.
type fault func(w http.ResponseWriter, r *http.Request) bool

// status answers with a code, in a registry's words.
func status(code int, word, message string) fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, word, message) // the client may be gone
		return true
	}
}

// cut ends the connection in the middle.
func cut(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// faulty is a registry whose requests fail as a test wants: those from number first to last, counted from 0.
type faulty struct {
	real http.Handler

	mu          sync.Mutex
	first, last int
	fault       fault
	seen        int
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	n, fail := f.seen, f.fault
	if n < f.first || n > f.last {
		fail = nil
	}
	f.seen++
	f.mu.Unlock()
	if fail != nil && fail(w, r) {
		return
	}
	f.real.ServeHTTP(w, r)
}

func startRegistry(t *testing.T) (*faulty, *httptest.Server) {
	t.Helper()
	f := &faulty{real: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	s := httptest.NewUnstartedServer(f)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return f, s
}

// push brings an image to a repository and gives it a name, without waiting between tries.
func push(ctx context.Context, tag name.Tag, img v1.Image, o RegistryOptions) error {
	o.Waits = []time.Duration{0, 0, 0}
	r, err := NewRegistry(tag.Context(), o)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := r.Upload(ctx, img); err != nil {
		return err
	}
	return r.Put(ctx, tag, img)
}

func tagOn(t *testing.T, s *httptest.Server, path string) name.Tag {
	t.Helper()
	tags, err := Names([]string{s.Listener.Addr().String() + "/" + path}, Fields{})
	require.NoError(t, err)
	return tags[0]
}

// requireWhole wants a name to lead nowhere, or to an image of which all is there. It reports which.
func requireWhole(t *testing.T, f *faulty, tag name.Tag) bool {
	t.Helper()
	f.mu.Lock()
	f.fault = nil
	f.mu.Unlock()
	img, err := remote.Image(tag)
	if err != nil {
		require.Regexp(t, "MANIFEST_UNKNOWN|NAME_UNKNOWN", err.Error())
		return false
	}
	require.NoError(t, validate.Image(img), "a name leads to an image of which something is missing")
	return true
}

// Whatever fails at whichever request, no name leads to half an image, and what passes is tried again. A third of the
// requests is tried for each fault, another third for the next one; with GALLEY_TEST_EVERY_POINT, as "make crash" sets
// it, each.
func TestPushFaults(t *testing.T) {
	img, err := random.Image(2000, 3)
	require.NoError(t, err)
	f, s := startRegistry(t)
	require.NoError(t, push(t.Context(), tagOn(t, s, "count/x:1"), img, RegistryOptions{}))
	requests := f.seen
	require.Greater(t, requests, 10)
	step := 3
	if os.Getenv("GALLEY_TEST_EVERY_POINT") != "" {
		step = 1
	}
	for first, tc := range []struct {
		what  string
		fault fault
		// once is set when one such answer is passed over.
		once bool
	}{
		{"401", status(401, "UNAUTHORIZED", "log in"), false},
		{"403", status(403, "DENIED", "not you"), false},
		{"429", status(429, "TOOMANYREQUESTS", "slowly"), true},
		{"500", status(500, "UNKNOWN", "oops"), true},
		{"full", status(500, "UNKNOWN", "write /data: no space left on device"), false},
		{"cut off", cut, true},
	} {
		what := tc.what
		for _, lasting := range []bool{false, true} {
			for n := first % step; n < requests; n += step {
				tag := tagOn(t, s, fmt.Sprintf("%s/%t-%d:1", strings.ReplaceAll(what, " ", ""), lasting, n))
				f.mu.Lock()
				f.seen, f.first, f.last, f.fault = 0, n, n, tc.fault
				if lasting {
					f.last = 1 << 30
				}
				f.mu.Unlock()
				var said []string
				var mu sync.Mutex
				err := push(t.Context(), tag, img, RegistryOptions{Notice: func(text string) {
					mu.Lock()
					defer mu.Unlock()
					said = append(said, text)
				}})
				f.mu.Lock()
				failed := f.seen > n // how many requests there are depends on what is asked side by side
				f.mu.Unlock()
				whole := requireWhole(t, f, tag)
				switch {
				case !failed, tc.once && !lasting:
					require.NoError(t, err, "%s at request %d", what, n)
				case lasting:
					require.Error(t, err, "%s from request %d", what, n)
					require.False(t, whole, "%s from request %d", what, n)
				}
				if err == nil {
					require.True(t, whole)
				} else {
					require.Contains(t, err.Error(), "\n", "%s at request %d has no remedy: %v", what, n, err)
				}
				if tc.once && failed && lasting {
					require.NotEmpty(t, said)
				}
			}
		}
	}
}

// What a registry answers becomes an error of a kind, with a remedy.
func TestPushErrors(t *testing.T) {
	img, err := random.Image(200, 1)
	require.NoError(t, err)
	f, s := startRegistry(t)
	for what, tc := range map[string]struct {
		fault        fault
		kind         error
		says, remedy string
	}{
		"log in": {status(401, "UNAUTHORIZED", "authentication required"), backend.ErrUnauthorized, "401",
			"Log in with `docker login"},
		"refused": {status(403, "DENIED", "no"), backend.ErrUnauthorized, "403: DENIED no", "that you may push there"},
		"full":    {status(507, "UNKNOWN", ""), backend.ErrNoSpace, "507", "make room"},
		"quota":   {status(500, "UNKNOWN", "quota exceeded"), backend.ErrNoSpace, "quota exceeded", "make room"},
		"wrong name": {status(404, "NAME_UNKNOWN", "repository name not known"), backend.ErrNotFound, "NAME_UNKNOWN",
			"See that the name is right"},
		"gone": {status(503, "UNAVAILABLE", "later"), backend.ErrUnreachable, "503", "Try again later"},
		"odd":  {status(418, "TEAPOT", "\x1b[2J"), nil, "418", ""},
	} {
		t.Run(what, func(t *testing.T) {
			f.mu.Lock()
			f.seen, f.first, f.last = 0, 0, 1<<30
			f.fault = func(w http.ResponseWriter, r *http.Request) bool {
				return r.Method == http.MethodPost && tc.fault(w, r)
			}
			f.mu.Unlock()
			err := push(t.Context(), tagOn(t, s, "errors/x:1"), img, RegistryOptions{})
			require.ErrorContains(t, err, tc.says)
			require.ErrorContains(t, err, tc.remedy)
			if tc.kind != nil {
				require.ErrorIs(t, err, tc.kind)
			}
		})
	}
	s.Close()
	err = push(t.Context(), tagOn(t, s, "errors/x:1"), img, RegistryOptions{})
	require.ErrorIs(t, err, backend.ErrUnreachable)
	require.ErrorContains(t, err, "See that the registry runs")
}

// A login goes to its registry; one that a registry over plain HTTP elsewhere asks for is not given.
func TestCredentials(t *testing.T) {
	img, err := random.Image(200, 1)
	require.NoError(t, err)
	f, s := startRegistry(t)
	f.first, f.last = 0, 1<<30
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, _ := r.BasicAuth(); user == "me" && password == "secret" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		return status(401, "UNAUTHORIZED", "log in")(w, r)
	}
	tag := tagOn(t, s, "private/x:1")
	require.ErrorIs(t, push(t.Context(), tag, img, RegistryOptions{}), backend.ErrUnauthorized)
	login := &backend.Credentials{Username: "me", Password: "secret"}
	require.NoError(t, push(t.Context(), tag, img, RegistryOptions{Credentials: login}))

	far, err := name.NewTag("10.255.255.1:5000/xx:1")
	require.NoError(t, err)
	r, err := NewRegistry(far.Context(), RegistryOptions{})
	require.NoError(t, err)
	_, err = guard{r}.RoundTrip(httptest.NewRequest(http.MethodGet, "http://10.255.255.1:5000/v2/", nil)) //nolint:bodyclose // there is no answer
	require.ErrorContains(t, err, "plain HTTP is for registries on this machine only")
}

// A registry's authority is found where engines have it.
func TestTLS(t *testing.T) {
	img, err := random.Image(200, 1)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	tag := tagOn(t, s, "tls/x:1")
	err = push(t.Context(), tag, img, RegistryOptions{})
	require.ErrorIs(t, err, backend.ErrUnreachable)
	require.ErrorContains(t, err, "certs.d/"+s.Listener.Addr().String()+"/ca.crt")

	dir := t.TempDir()
	at := filepath.Join(dir, s.Listener.Addr().String())
	require.NoError(t, os.Mkdir(at, 0o755))
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	require.NoError(t, os.WriteFile(filepath.Join(at, "ca.crt"), ca, 0o644))
	require.NoError(t, push(t.Context(), tag, img, RegistryOptions{CertDirs: []string{filepath.Join(dir, "none"), dir}}))

	require.NoError(t, os.WriteFile(filepath.Join(at, "ca.crt"), []byte("no certificate"), 0o644))
	require.ErrorContains(t, push(t.Context(), tag, img, RegistryOptions{CertDirs: []string{dir}}), "has no certificate")
}

// A registry may say how long it wants to be left alone.
func TestRetryAfter(t *testing.T) {
	f, s := startRegistry(t)
	f.fault = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Retry-After", "1")
		return status(429, "TOOMANYREQUESTS", "slowly")(w, r)
	}
	img, err := random.Image(200, 1)
	require.NoError(t, err)
	var said string
	start := time.Now()
	require.NoError(t, push(t.Context(), tagOn(t, s, "later/x:1"), img,
		RegistryOptions{Notice: func(text string) { said = text }}))
	require.GreaterOrEqual(t, time.Since(start), time.Second)
	require.Contains(t, said, "429: TOOMANYREQUESTS slowly; trying again in 1s")
}

// An interrupt ends a push that waits.
func TestInterruptedPush(t *testing.T) {
	f, s := startRegistry(t)
	f.fault, f.last = status(503, "UNAVAILABLE", "later"), 1<<30
	img, err := random.Image(200, 1)
	require.NoError(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	r, err := NewRegistry(tagOn(t, s, "stopped/x:1").Context(), RegistryOptions{
		Waits: []time.Duration{time.Hour}, Notice: func(string) { cancel(io.ErrClosedPipe) }})
	require.NoError(t, err)
	require.ErrorIs(t, r.Upload(ctx, img), io.ErrClosedPipe)
}

func TestNames(t *testing.T) {
	fields := Fields{Instance: "default-debian-12", Suite: "default", Platform: "debian-12", GitSHA: "abc123"}
	for ref, want := range map[string]string{
		"ghcr.io/team/{{.Suite}}:{{.GitSHA}}":      "ghcr.io/team/default:abc123",
		"docker.io/team/x":                         "docker.io/team/x:latest",
		"localhost/a/b:1":                          "localhost/a/b:1",
		"localhost:5000/{{.Instance}}":             "localhost:5000/default-debian-12:latest",
		"registry.example.com:443/{{.Platform}}:1": "registry.example.com:443/debian-12:1",
	} {
		tags, err := Names([]string{ref}, fields)
		require.NoError(t, err, ref)
		require.Equal(t, want, Text(tags[0]))
	}
	for ref, want := range map[string]string{
		"debian:12":        "it names no registry\nWrite it whole: docker.io/library/debian:12",
		"team/web":         "it names no registry",
		"ghcr.io/Team/web": "must be lowercase",
		"ghcr.io/{{.Sha}}": "can't evaluate field Sha",
		"ghcr.io/{{.Suite": "unclosed action",
		"":                 "invalid reference format",
		"ghcr.io/x@sha256:" + strings.Repeat("0", 64): "a digest is what comes out",
	} {
		_, err := Names([]string{ref}, fields)
		require.ErrorIs(t, err, backend.ErrInvalid, ref)
		require.ErrorContains(t, err, want, ref)
	}
	_, err := Names([]string{"ghcr.io/x:{{.GitSHA}}"}, Fields{})
	require.ErrorContains(t, err, "has no commit of git")
}

// An answer that never ends is not read for ever.
func TestEndlessAnswer(t *testing.T) {
	img, err := random.Image(200, 1)
	require.NoError(t, err)
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		f, s := startRegistry(t)
		f.first, f.last, f.fault = 0, 100, func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token"`)
			w.WriteHeader(code)
			for r.Method != http.MethodHead {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					break
				}
			}
			return true
		}
		require.Error(t, push(t.Context(), tagOn(t, s, "x"), img, RegistryOptions{}), code)
	}
}

// What a registry says is shown on one line, and not all of it.
func TestRegistrysWords(t *testing.T) {
	img, err := random.Image(200, 1)
	require.NoError(t, err)
	f, s := startRegistry(t)
	f.last, f.fault = 100, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead { // which has no words
			return false
		}
		return status(http.StatusForbidden, "DENIED", "no\n\tno "+strings.Repeat("ä", 10_000))(w, r)
	}
	err = push(t.Context(), tagOn(t, s, "x"), img, RegistryOptions{})
	require.ErrorContains(t, err, "403: DENIED no no ä")
	first, _, _ := strings.Cut(err.Error(), "\n")
	require.Less(t, len(first), 700)
	require.Contains(t, first, "…")
}

// Blobs that are sent side by side fail for the same reason, which is told once for each time that it is waited.
func TestNoticeOnce(t *testing.T) {
	img, err := random.Image(200, uploads)
	require.NoError(t, err)
	f, s := startRegistry(t)
	f.first, f.last, f.fault = 0, 100, status(http.StatusServiceUnavailable, "BUSY", "later")
	var told []string
	r, err := NewRegistry(tagOn(t, s, "x").Context(), RegistryOptions{Waits: []time.Duration{time.Second / 2, time.Second},
		Notice: func(text string) { told = append(told, text) }})
	require.NoError(t, err)
	t.Cleanup(r.Close)
	require.Error(t, r.Upload(t.Context(), img))
	require.Len(t, told, 2, "%q", told)
}

// What is no file stays what it is, and what a galley that was killed left of one goes.
func TestSaveFileSpares(t *testing.T) {
	dir := t.TempDir()
	text := func(w io.Writer) error {
		_, err := io.WriteString(w, "an image")
		return err
	}
	path, link := filepath.Join(dir, "x.tar"), filepath.Join(dir, "link")
	left, used, other := filepath.Join(dir, ".x.tar.galley-1"), filepath.Join(dir, ".x.tar.galley-2"), path+".part-1"
	for _, name := range []string{path, left, used, other} {
		require.NoError(t, os.WriteFile(name, nil, 0o600))
	}
	lock, err := filelock.Try(used)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, lock.Release()) })
	require.NoError(t, os.Symlink(path, link))
	require.NoError(t, SaveFile(link, text))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "an image", string(data))
	to, err := os.Readlink(link)
	require.NoError(t, err)
	require.Equal(t, path, to)
	require.NoFileExists(t, left)
	require.FileExists(t, used)
	require.FileExists(t, other)

	device := filepath.Join(dir, "device")
	require.NoError(t, os.Symlink(os.DevNull, device))
	require.NoError(t, SaveFile(device, text))
	st, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.False(t, st.Mode().IsRegular())
}

// A file is there as a whole or not at all, in a form that others read.
func TestWriteFiles(t *testing.T) {
	img, err := random.Image(200, 2)
	require.NoError(t, err)
	tags, err := Names([]string{"ghcr.io/team/x:1", "localhost/y"}, Fields{})
	require.NoError(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, "x.tar")
	require.ErrorIs(t, SaveFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "half")
		require.NoError(t, err)
		return io.ErrClosedPipe
	}), io.ErrClosedPipe)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, SaveFile(path, func(w io.Writer) error { return FormatDocker.Write(w, img, tags) }))
	f, err := os.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	a, err := OpenArchive(f)
	require.NoError(t, err)
	require.Len(t, a.images, 1)
	var list []struct{ RepoTags []string }
	require.NoError(t, a.readJSON("manifest.json", &list))
	require.ElementsMatch(t, []string{"ghcr.io/team/x:1", "localhost/y:latest"}, list[0].RepoTags)

	oci := filepath.Join(dir, "oci.tar")
	require.NoError(t, SaveFile(oci, func(w io.Writer) error { return FormatOCI.Write(w, img, tags[:1]) }))
	g, err := os.Open(oci)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Close()) })
	b := &Archive{file: g, members: map[string]member{}}
	require.NoError(t, b.index())
	var index v1.IndexManifest
	require.NoError(t, b.readJSON("index.json", &index))
	require.Equal(t, "ghcr.io/team/x:1", index.Manifests[0].Annotations["org.opencontainers.image.ref.name"])
	manifest, err := b.open("blobs/sha256/" + index.Manifests[0].Digest.Hex)
	require.NoError(t, err)
	var m v1.Manifest
	require.NoError(t, json.NewDecoder(manifest).Decode(&m))
	for _, d := range append(m.Layers, m.Config) {
		blob, err := b.open("blobs/sha256/" + d.Digest.Hex)
		require.NoError(t, err)
		got, _, err := v1.SHA256(blob)
		require.NoError(t, err)
		require.Equal(t, d.Digest, got)
	}
}
