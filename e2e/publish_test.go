//go:build linux

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// tlsRegistry is the test bed's registry that asks for a password, over TLS and under an address of a test's own.
type tlsRegistry struct {
	testbed.Registry
	// address is 127.0.0.1:PORT, ca its authority's certificate.
	address string
	ca      string
	// fault, when one is stored, answers what would change the registry.
	fault *atomic.Pointer[http.HandlerFunc]
}

func newTLSRegistry(t *testing.T) tlsRegistry {
	t.Helper()
	r := tlsRegistry{Registry: testbed.StartRegistry(t), fault: &atomic.Pointer[http.HandlerFunc]{}}
	upstream := &url.URL{Scheme: "http", Host: r.AuthAddress}
	silent := log.New(io.Discard, "", 0)
	real := &httputil.ReverseProxy{ErrorLog: silent, Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(upstream)
		p.Out.Host = p.In.Host
		p.SetXForwarded()
	}}
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if fault := r.fault.Load(); fault != nil && q.Method != http.MethodGet && q.Method != http.MethodHead {
			(*fault)(w, q)
			return
		}
		real.ServeHTTP(w, q)
	}))
	ca := newAuthority(t)
	proxy.TLS = &tls.Config{Certificates: []tls.Certificate{
		ca.certify(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))}}
	proxy.Config.ErrorLog = silent
	proxy.StartTLS()
	t.Cleanup(proxy.Close)
	r.address = proxy.Listener.Addr().String()
	r.ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.certificate.Raw}))
	return r
}

// reachableFrom has an engine reach the registry under its address, and trust it.
func (r tlsRegistry) reachableFrom(t *testing.T, e testbed.Engine) {
	t.Helper()
	_, port, err := net.SplitHostPort(r.address)
	require.NoError(t, err)
	forwardPort(t, e, port)
	dir := "/etc/" + map[string]string{testbed.Docker: "docker", testbed.Podman: "containers"}[e.Kind]
	if e.Rootless {
		dir = strings.TrimSpace(e.Exec(t, "sh", "-c", "echo $HOME")) + "/.config" + strings.TrimPrefix(dir, "/etc")
	}
	dir += "/certs.d/" + r.address
	e.Exec(t, "sh", "-c", `mkdir -p "$1" && printf %s "$2" > "$1/ca.crt"`, "sh", dir, r.ca)
	t.Cleanup(func() {
		require.NoError(t, e.Command(context.WithoutCancel(t.Context()), "rm", "-r", dir).Run())
	})
}

// auths is Docker's configuration with a login for the registry.
func (r tlsRegistry) auths(password string) string {
	auth := base64.StdEncoding.EncodeToString([]byte(r.User + ":" + password))
	return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, r.address, auth)
}

const (
	publishedDockerfile = `FROM busybox
RUN mkdir -p /srv/base && echo base > /srv/base/file && chmod 755 /srv
ENV MINE=1
USER 1000
WORKDIR /srv
VOLUME /var/lib/data
STOPSIGNAL SIGINT
EXPOSE 8080
LABEL mine=yes
CMD ["cat", "/srv/app/index"]
`
	publishedKitchen = `
driver: {name: dokken, image: %s, pull: never, user: root, init: true, env: {ONLY_FOR_TESTS: "1"},
  volumes: [/cache/of/tests]}
provisioner: {name: tool, image: chef/chef, command: "mkdir /srv/app && echo converged > /srv/app/index &&
  echo x > /var/lib/data/x && echo x > /cache/of/tests/x && rm /srv/base/file"}
verifier: {name: shell, remote_exec: true, command: "test -f /srv/app/index"}
platforms: [{name: busybox}]
suites: [{name: default}]
`
)

// buildOn builds an image of a Dockerfile alone, which goes when the test ends.
func buildOn(t *testing.T, e testbed.Engine, dockerfile string) string {
	t.Helper()
	e.Load(t, "busybox", "tool")
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: "Dockerfile", Mode: 0o644, Size: int64(len(dockerfile))}))
	_, err := io.WriteString(w, dockerfile)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	ref := fmt.Sprintf("localhost/galley-e2e-publish:%d", rand.Uint32())
	be := connect(t, e)
	_, err = be.BuildImage(t.Context(), backend.BuildOptions{Context: &b, Tag: ref})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, be.RemoveImage(context.WithoutCancel(t.Context()), ref)) })
	return ref
}

// runs wants a container of an image, as it is, to print a line and end.
func runs(t *testing.T, e testbed.Engine, image, line string) {
	t.Helper()
	be := connect(t, e)
	name := fmt.Sprintf("galley-e2e-published-%d", rand.Uint32())
	c, err := be.CreateContainer(t.Context(), backend.ContainerSpec{Name: name, Image: image})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, be.RemoveContainer(context.WithoutCancel(t.Context()), c.ID)) })
	require.NoError(t, be.StartContainer(t.Context(), c.ID))
	code, err := be.WaitContainer(t.Context(), c.ID)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, be.ContainerLogs(t.Context(), c.ID, backend.LogOptions{Stdout: &out, Stderr: &out}))
	require.Equal(t, line, strings.TrimSpace(out.String()))
	require.Zero(t, code)
}

// saveTo saves an engine's image to a file.
func saveTo(t *testing.T, e testbed.Engine, ref, path string) {
	t.Helper()
	stream, err := connect(t, e).SaveImages(t.Context(), ref)
	require.NoError(t, err)
	defer stream.Close()
	f, err := os.Create(path)
	require.NoError(t, err)
	_, err = io.Copy(f, stream)
	require.NoError(t, errors.Join(err, f.Close()))
}

// requireOnlyConverged compares a packaged image with the platform's: only what converge made is new.
func requireOnlyConverged(t *testing.T, packaged, platform string) {
	t.Helper()
	img, err := tarball.ImageFromPath(packaged, nil)
	require.NoError(t, err)
	base, err := tarball.ImageFromPath(platform, nil)
	require.NoError(t, err)
	have, err := img.ConfigFile()
	require.NoError(t, err)
	want, err := base.ConfigFile()
	require.NoError(t, err)
	for name := range have.Config.Labels {
		require.NotContains(t, name, "dev.galley", "a label of galley's")
		if strings.HasPrefix(name, "org.opencontainers.image.") {
			delete(have.Config.Labels, name)
		}
	}
	wanted, err := json.Marshal(want.Config) // an empty list counts as none
	require.NoError(t, err)
	got, err := json.Marshal(have.Config)
	require.NoError(t, err)
	require.JSONEq(t, string(wanted), string(got))
	require.Equal(t, want.RootFS.DiffIDs, have.RootFS.DiffIDs[:len(want.RootFS.DiffIDs)])
	layers, err := img.Layers()
	require.NoError(t, err)
	require.Len(t, layers, len(want.RootFS.DiffIDs)+1)
	require.Equal(t, []string{"srv/", "srv/app/", "srv/app/index", "srv/base/", "srv/base/.wh.file"},
		namesIn(t, layers[len(layers)-1]))
}

func namesIn(t *testing.T, l v1.Layer) []string {
	t.Helper()
	r, err := l.Uncompressed()
	require.NoError(t, err)
	defer r.Close()
	var names []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(names)
			return names
		}
		require.NoError(t, err)
		names = append(names, h.Name)
	}
}

// What one engine's converge made, all others run, from a registry over TLS that wants a password and from a file.
func TestPublish(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		r := newTLSRegistry(t)
		platform := buildOn(t, e, publishedDockerfile)
		p := newProject(t, e, map[string]string{
			"kitchen.yml":        fmt.Sprintf(publishedKitchen, platform),
			"docker/config.json": r.auths(r.Password),
			".home/.config/containers/certs.d/" + r.address + "/ca.crt": r.ca,
		})
		p.env = append(p.env, "DOCKER_CONFIG="+filepath.Join(p.dir, "docker"))
		repo := fmt.Sprintf("%s/galley/publish-%s-%d", r.address, e.Name, rand.Uint32())

		p.ok("converge")
		failed := p.galley("publish", "default", repo+":1")
		require.Equal(t, 20, failed.code, failed.String())
		require.Contains(t, failed.String(), "it was not tested since its last converge")
		require.Contains(t, failed.String(), "Run `galley verify default-busybox` first")

		p.ok("verify")
		done := p.ok("publish", "default", repo+":{{.Instance}}", repo+":latest")
		require.Contains(t, done.stderr, "no part of the image: /cache/of/tests, /var/lib/data")
		lines := strings.Fields(done.stdout)
		require.Len(t, lines, 2, done.stdout)
		require.Regexp(t, "^"+repo+":default-busybox@sha256:[0-9a-f]{64}$", lines[0])
		var list []struct{ Ref, Digest string }
		require.NoError(t, json.Unmarshal([]byte(p.ok("publish", "default", "--json", repo+":again").stdout), &list))
		require.Equal(t, lines[1], repo+":latest@"+list[0].Digest, "the same runner gives the same image")

		file := filepath.Join(p.dir, "package.tar")
		p.ok("package", "default", "--tar", file, "registry.example.com/e2e-"+e.Name+":1")
		saveTo(t, e, platform, filepath.Join(p.dir, "platform.tar"))
		requireOnlyConverged(t, file, filepath.Join(p.dir, "platform.tar"))

		for _, other := range testbed.Engines(t) {
			if other.Kind == e.Kind && other.Name != e.Name {
				continue // it reads what this one wrote in the same way
			}
			be := connect(t, other)
			r.reachableFrom(t, other)
			pulled, err := be.PullImage(t.Context(), backend.PullOptions{Ref: repo + ":latest",
				Credentials: &backend.Credentials{Registry: r.address, Username: r.User, Password: r.Password}})
			require.NoError(t, err, other.Name)
			t.Cleanup(func() { require.NoError(t, be.RemoveImage(context.WithoutCancel(t.Context()), repo+":latest")) })
			runs(t, other, pulled.ID, "converged")
			f, err := os.Open(file)
			require.NoError(t, err)
			loaded, err := be.LoadImage(t.Context(), f)
			require.NoError(t, errors.Join(err, f.Close()), other.Name)
			ref := "registry.example.com/e2e-" + e.Name + ":1"
			t.Cleanup(func() { require.NoError(t, be.RemoveImage(context.WithoutCancel(t.Context()), ref)) })
			require.Contains(t, loaded.Tags, ref)
			runs(t, other, loaded.ID, "converged")
		}
		p.ok("snapshot", "save", "default")
		p.ok("destroy")
		p.ok("snapshot", "restore", "default")
		restored := p.ok("publish", "default", repo+":restored")
		require.Equal(t, repo+":restored@"+list[0].Digest, strings.TrimSpace(restored.stdout))
		local := strings.TrimSpace(p.ok("package", "default").stdout)
		require.Equal(t, "localhost/galley-package/default-busybox:latest", local)
		runs(t, e, local, "converged")
		require.NoError(t, p.backend().RemoveImage(t.Context(), local))

		p.write("docker/config.json", r.auths("wrong"))
		failed = p.galley("publish", "default", repo+":wrong")
		require.Equal(t, 20, failed.code, failed.String())
		require.Contains(t, failed.String(), "Log in with `docker login "+r.address)
		failed = p.galley("publish", "default", "busybox:mine")
		require.Equal(t, 1, failed.code, failed.String())
		require.Contains(t, failed.String(), "it names no registry")

		left, err := p.backend().ListImages(t.Context(), backend.Labels{label.Commit: ""})
		require.NoError(t, err)
		for _, i := range left {
			require.NotContains(t, i.Labels[label.ProjectDir], p.dir, "a commit is left")
		}
	})
}

// A registry that is full, refuses or goes away in the middle leaves the name as it was, and the error says what to do.
func TestPublishBreaksOff(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		r := newTLSRegistry(t)
		e.Load(t, "busybox")
		kitchen := `
driver: {name: dokken, image: busybox, pull: never}
provisioner: {name: shell, command: "echo converged > /made"}
verifier: {name: shell, remote_exec: true, command: "test -f /made"}
platforms: [{name: busybox}]
suites: [{name: default}]
publish: {labels: {number: %q}}
`
		p := newProject(t, e, map[string]string{
			"kitchen.yml": fmt.Sprintf(kitchen, "1"), "docker/config.json": r.auths(r.Password),
			".home/.config/containers/certs.d/" + r.address + "/ca.crt": r.ca,
		})
		p.env = append(p.env, "DOCKER_CONFIG="+filepath.Join(p.dir, "docker"))
		ref := fmt.Sprintf("%s/galley/breaks-%s-%d:1", r.address, e.Name, rand.Uint32())
		p.ok("verify")
		first := strings.TrimSpace(p.ok("publish", "default", ref).stdout)
		digest := func() string {
			head, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://"+r.Address+"/v2/"+
				strings.TrimPrefix(strings.TrimSuffix(ref, ":1"), r.address+"/")+"/manifests/1", nil)
			require.NoError(t, err)
			head.Header.Set("Accept", "application/vnd.docker.distribution.manifest.v2+json")
			answer, err := http.DefaultClient.Do(head)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			return ref + "@" + answer.Header.Get("Docker-Content-Digest")
		}
		require.Equal(t, first, digest())

		p.write("kitchen.yml", fmt.Sprintf(kitchen, "2"))
		status := func(code int) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
		}
		for words, fault := range map[string]http.HandlerFunc{
			"make room there":            status(http.StatusInsufficientStorage),
			"that you may push there":    status(http.StatusForbidden),
			"See that the registry runs": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		} {
			r.fault.Store(&fault)
			failed := p.galley("publish", "default", ref)
			require.Equal(t, 20, failed.code, failed.String())
			require.Contains(t, failed.String(), words)
			require.Empty(t, failed.stdout)
			require.Equal(t, first, digest())
		}
		r.fault.Store(nil)
		second := strings.TrimSpace(p.ok("publish", "default", ref).stdout)
		require.NotEqual(t, first, second)
		require.Equal(t, second, digest())
	})
}
