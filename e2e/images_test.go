//go:build linux

package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
	"github.com/galley-kitchen/galley/lifecycle"
	"github.com/galley-kitchen/galley/lifecycle/imagelock"
	"github.com/galley-kitchen/galley/lifecycle/label"
)

// shelf is a registry with an image of this test's own, which no engine has when the test begins.
type shelf struct {
	testbed.Registry
	t      *testing.T
	engine testbed.Engine
	// path is the image's name behind the address.
	path string
	// more are further lines of its Dockerfile.
	more []string
}

// newShelf puts an image with the file /content on the registry.
func newShelf(t *testing.T, e testbed.Engine, content string, more ...string) *shelf {
	t.Helper()
	e.Load(t, "busybox")
	s := &shelf{
		Registry: testbed.StartRegistry(t), t: t, engine: e,
		path: fmt.Sprintf("galley/e2e-%s-%d:1", e.Name, rand.Uint32()), more: more,
	}
	s.put(content)
	t.Cleanup(func() { s.forget(context.Background()) })
	return s
}

// public and private are the image's names: all may pull the one, and those who know the password the other.
func (s *shelf) public() string  { return s.Address + "/" + s.path }
func (s *shelf) private() string { return s.AuthAddress + "/" + s.path }

// put makes the image anew, with a layer that no engine can have, and pushes it.
func (s *shelf) put(content string) {
	s.t.Helper()
	noise := make([]byte, 2<<20)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	files := map[string][]byte{
		"Dockerfile": []byte("FROM busybox\nCOPY content noise /\n" + strings.Join(s.more, "\n") + "\n"),
		"content":    []byte(content + "\n"), "noise": noise,
	}
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for name, data := range files {
		require.NoError(s.t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}))
		_, err := w.Write(data)
		require.NoError(s.t, err)
	}
	require.NoError(s.t, w.Close())
	be := connect(s.t, s.engine)
	_, err := be.BuildImage(s.t.Context(), backend.BuildOptions{Context: &buf, Tag: s.public()})
	require.NoError(s.t, err)
	s.engine.Exec(s.t, s.engine.Kind, "tag", s.public(), s.private())
	s.push()
	s.forget(s.t.Context())
}

// push pushes the image, with the password, by the engine's own client: galley itself pushes nothing.
func (s *shelf) push() {
	s.t.Helper()
	if s.engine.Kind == testbed.Podman {
		s.engine.Exec(s.t, "podman", "push", "--quiet", "--tls-verify=false", "--remove-signatures", "--creds",
			s.User+":"+s.Password, s.private())
		return
	}
	dir := s.engine.TempDir(s.t)
	require.NoError(s.t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(s.auths()), 0o644))
	s.engine.Exec(s.t, "docker", "--config", dir, "push", "--quiet", s.private())
}

// auths are the registry's credentials as engines keep them in a file.
func (s *shelf) auths() string {
	auth := base64.StdEncoding.EncodeToString([]byte(s.User + ":" + s.Password))
	return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, s.AuthAddress, auth)
}

// forget removes the image from the engine.
func (s *shelf) forget(ctx context.Context) {
	s.t.Helper()
	be := connect(s.t, s.engine)
	for _, ref := range []string{s.public(), s.private()} {
		require.NoError(s.t, be.RemoveImage(ctx, ref))
	}
}

// pulls are those of requests that pull an image, and builds those that build one.
func pulls(requests []string) []string {
	return requestsWith(requests, "/images/create", "/images/pull")
}
func builds(requests []string) []string { return requestsWith(requests, "/build") }

func requestsWith(requests []string, ends ...string) []string {
	var found []string
	for _, r := range requests {
		for _, end := range ends {
			if strings.HasPrefix(r, "POST ") && strings.HasSuffix(r, end) {
				found = append(found, r)
			}
		}
	}
	return found
}

// When images are pulled, how often, and what is heard of it.
func TestPullPolicies(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		s := newShelf(t, e, "first")
		e, log := e.LogRequests(t)
		kitchen := func(policy string) string {
			lines := "\n%s:\nimage: " + s.path + "\ndocker_registry: " + s.Address + "\n" + policy + "\n"
			return driverKitchen(fmt.Sprintf(lines, "one"), fmt.Sprintf(lines, "two"), fmt.Sprintf(lines, "three"))
		}
		p := newProject(t, e, map[string]string{"kitchen.yml": kitchen("pull: never")})
		r := p.galley("create", "one")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "it is not there, and the pull policy is never")
		require.Contains(t, r.String(), "Pull or build it first, or change `pull` in the driver's settings.")

		// One pull for three instances, of which bytes are told.
		p.write("kitchen.yml", kitchen("pull: missing"))
		requests := log.During(func() { p.ok("create", "-c", "--report", "ndjson=events.ndjson") })
		require.Len(t, pulls(requests), 1, "%q", requests)
		p.shows("default-three", "cat /content", "first")
		p.requireProgress("events.ndjson")
		requests = log.During(func() { p.ok("create", "-c") })
		require.NotContains(t, strings.Join(requests, "\n"), "POST ", "a second create makes nothing")

		// The tag moves: who asks for it gets the new image, told by name.
		s.put("second")
		kept := p.runner("default-two").ID
		for _, policy := range []string{"pull: missing", "pull_platform_image: false"} {
			p.write("kitchen.yml", kitchen(policy))
			requests = log.During(func() { p.ok("create", "two", "--no-recreate") })
			require.Len(t, pulls(requests), 1, "the image was removed: %q", requests)
			require.Equal(t, kept, p.runner("default-two").ID)
			s.forget(t.Context())
		}
		for i, policy := range []string{"pull: always", "pull_platform_image: true"} {
			p.write("kitchen.yml", kitchen(policy))
			requests = log.During(func() { r = p.ok("create", "-c") })
			require.Len(t, pulls(requests), 1, "%q", requests)
			if i == 0 {
				require.Contains(t, r.String(), "recreating the runner, since its image is another one now")
			}
			p.shows("default-two", "cat /content", "second")
		}

		// A registry that does not answer.
		down := strings.ReplaceAll(kitchen("pull: newer"), s.Address, "127.0.0.1:9")
		e.Exec(t, e.Kind, "tag", s.public(), "127.0.0.1:9/"+s.path)
		t.Cleanup(func() { require.NoError(t, connect(t, e).RemoveImage(context.Background(), "127.0.0.1:9/"+s.path)) })
		p.write("kitchen.yml", down)
		r = p.ok("create", "one")
		require.Contains(t, r.String(), "Going on with the local image.")
		p.write("kitchen.yml", strings.ReplaceAll(down, "newer", "always"))
		r = p.galley("create", "one")
		require.Equal(t, 20, r.code, r.String())
		p.ok("create", "one", "--pull", "never")
	})
}

// requireProgress wants a report to have the end of a pull, and before it numbers of bytes from Docker. Podman counts
// them from 4.6 on, and tells them from time to time only, so that this pull may be over before.
func (p *project) requireProgress(report string) {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, report))
	require.NoError(p.t, err)
	var counted, ended bool
	for line := range strings.Lines(string(text)) {
		var e lifecycle.Progress
		require.NoError(p.t, json.Unmarshal([]byte(line), &e))
		if !strings.HasPrefix(e.What, "pull ") {
			continue
		}
		counted = counted || e.Total > 0 && e.Current > 0
		ended = ended || e.Done && e.Error == ""
	}
	require.True(p.t, ended, "%s", text)
	if p.engine.Kind == testbed.Docker {
		require.True(p.t, counted, "%s", text)
	}
}

// Four things that can go wrong with a registry are four different errors, each with its remedy.
func TestRegistryErrors(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		s := newShelf(t, e, "errors")
		lines := func(name, image, more string) string {
			return "\n" + name + ":\nimage: " + image + "\n" + more + "\n"
		}
		p := newProject(t, e, map[string]string{
			"wrong.json": fmt.Sprintf(`{"username": %q, "password": "wrong", "serveraddress": %q}`, s.User,
				s.AuthAddress),
			"kitchen.yml": driverKitchen(
				lines("password", s.private(), "creds_file: wrong.json"),
				lines("unknown", s.Address+"/galley/there-is-no-such-image:1", ""),
				lines("platform", s.public(), "platform: linux/s390x"),
				lines("down", "127.0.0.1:9/galley/image:1", ""),
			),
		})
		for instance, remedy := range map[string]string{
			"password": "Log in to the registry with ",
			"unknown":  "Check the image's name and tag.",
			"platform": "Choose a platform that the image is built for",
			"down":     "Check that the engine's host reaches the registry, and its proxy settings.",
		} {
			r := p.galley("create", "default-"+instance)
			require.Equal(t, 20, r.code, r.String())
			require.Contains(t, r.String(), remedy, instance)
			require.Contains(t, r.String(), "pull ", instance)
			require.NotContains(t, r.String(), "wrong\"", "no password in the output")
		}
		require.Empty(t, p.runners())
	})
}

// Credentials from every place where people keep them, each for its own registry.
func TestCredentials(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		s := newShelf(t, e, "private")
		auth := base64.StdEncoding.EncodeToString([]byte(s.User + ":" + s.Password))
		auths := s.auths()
		others := fmt.Sprintf(`{"auths": {"registry.example.com": {"auth": %q}, "127.0.0.1": {"auth": %q}}}`, auth,
			auth)
		creds := fmt.Sprintf(`{"username": %q, "password": %q, "serveraddress": "http://%s"}`, s.User, s.Password,
			s.AuthAddress)
		helper := fmt.Sprintf("#!/bin/sh\nread host\necho \"$1 $host\" >> \"${0%%/*}/asked\"\nprintf '{\"ServerURL\":\"%%s\",\"Username\":\"%s\",\"Secret\":\"%s\"}' \"$host\"\n",
			s.User, s.Password)
		private := func(more string) string {
			return driverKitchen("\nprivate:\nimage: " + s.private() + "\npull: always\n" + more + "\n")
		}
		p := newProject(t, e, map[string]string{
			"creds.json": creds, "docker/config.json": auths, "others/config.json": others, "auth.json": auths,
			"run/containers/auth.json": auths, "bin/docker-credential-galley-e2e": helper,
			"helped/config.json":  fmt.Sprintf(`{"credHelpers": {%q: "galley-e2e", "registry.example.com": "galley-missing"}}`, s.AuthAddress),
			"stored/config.json":  `{"credsStore": "galley-e2e"}`,
			"missing/config.json": `{"credsStore": "galley-missing"}`,
		})
		file := func(name string) string { return filepath.Join(p.dir, name) }
		path := "PATH=" + file("bin") + ":" + os.Getenv("PATH")
		common := p.env
		for _, tc := range []struct {
			name, kitchen string
			env           []string
			works         bool
		}{
			{"none", private(""), nil, false},
			{"creds_file", private("creds_file: creds.json"), nil, true},
			{"docker's file", private(""), []string{"DOCKER_CONFIG=" + file("docker")}, true},
			{"docker's file, turned off", private("docker_config_creds: false"),
				[]string{"DOCKER_CONFIG=" + file("docker")}, false},
			{"of other registries", private(""), []string{"DOCKER_CONFIG=" + file("others")}, false},
			{"helper", private(""), []string{"DOCKER_CONFIG=" + file("helped"), path}, true},
			{"store", private(""), []string{"DOCKER_CONFIG=" + file("stored"), path}, true},
			{"podman's file by name", private(""), []string{"REGISTRY_AUTH_FILE=" + file("auth.json")}, true},
			{"podman's file", private(""), []string{"XDG_RUNTIME_DIR=" + file("run")}, true},
		} {
			p.write("kitchen.yml", tc.kitchen)
			p.env = append(common[:len(common):len(common)], tc.env...)
			r := p.galley("create")
			if tc.works {
				require.Zero(t, r.code, "%s: %s", tc.name, r)
			} else {
				require.Equal(t, 20, r.code, "%s: %s", tc.name, r)
				require.Contains(t, r.String(), "Log in to the registry", tc.name)
			}
			require.NotContains(t, r.String(), s.Password+"\"")
		}
		asked, err := os.ReadFile(file("bin/asked"))
		require.NoError(t, err)
		require.Equal(t, "get "+s.AuthAddress+"\nget "+s.AuthAddress+"\n", string(asked),
			"each registry's own credentials only")

		// A helper that is not there is no reason not to pull what everybody may.
		p.env = append(common[:len(common):len(common)], "DOCKER_CONFIG="+file("missing"))
		p.write("kitchen.yml", driverKitchen("\npublic:\nimage: "+s.public()+"\npull: always\n"))
		r := p.ok("create")
		require.Contains(t, r.String(), "docker-credential-galley-missing")
		p.shows("default-public", "cat /content", "private")
		p.ok("destroy")
		p.env = common
		p.write("kitchen.yml", private(""))
	})
}

// Work images: what they may be made of, and that they are made once.
func TestWorkImages(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		s := newShelf(t, e, "base")
		e, log := e.LogRequests(t)
		salt := fmt.Sprint(rand.Uint64()) // an image that no earlier run has made
		files := map[string]string{
			"creds.json": fmt.Sprintf(`{"username": %q, "password": %q, "serveraddress": %q}`, s.User, s.Password,
				s.AuthAddress),
			"context/sub/file": "from the context " + salt + "\n",
			"kitchen.yml": driverKitchen(`
list:
build_context: context
build_args: {GREETING: hello to you}
intermediate_instructions:
  - ARG GREETING
  - RUN echo "$GREETING" > /greeting
  - COPY sub /sub
  - SHELL ["/bin/sh", "-ec"]
  - HEALTHCHECK --interval=7s CMD test -e /greeting
`, `
twin:
build_context: context
build_args: {GREETING: hello to you}
intermediate_instructions: |
  ARG GREETING
  RUN echo "$GREETING" > /greeting
  COPY sub /sub
  SHELL ["/bin/sh", "-ec"]
  HEALTHCHECK --interval=7s CMD test -e /greeting
`, `
private:
image: `+s.private()+`
creds_file: creds.json
intermediate_instructions: RUN cat /content > /copied; echo `+salt+`
`, `
stages:
creds_file: creds.json
intermediate_instructions: |
  FROM `+s.private()+` AS other
  FROM busybox
  COPY --from=other /content /copied
  RUN echo `+salt+`
`),
		}
		t.Cleanup(func() { removeWorkImages(t, e, salt) }) // when the projects are destroyed
		p := newProject(t, e, files)
		var r result
		requests := log.During(func() { r = p.ok("create", "-c", "list|twin", "--log-level", "debug") })
		require.Len(t, builds(requests), 1, "%q", requests)
		require.Regexp(t, `(?i)STEP \d+/\d+ ?: ARG GREETING`, r.String(), "the build's output is shown")
		p.shows("default-list", "cat /greeting /sub/file", "hello to you", "from the context "+salt)
		p.shows("default-twin", "cat /greeting /sub/file", "hello to you", "from the context "+salt)
		require.Equal(t, p.runner("default-list").ImageID, p.runner("default-twin").ImageID)
		inspected := e.Exec(t, e.Kind, "image", "inspect", p.runner("default-list").ImageID)
		require.Contains(t, inspected, "7000000000", "the health check survives")

		// A build on top of it still stops at the first command that fails.
		work, err := p.backend().InspectImage(t.Context(), p.runner("default-list").ImageID)
		require.NoError(t, err)
		onTop := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(
			"\ntop:\nimage: " + work.Tags[0] + "\nintermediate_instructions: RUN false; true\n")})
		r = onTop.galley("create")
		require.Equal(t, 20, r.code, "the shell survives: %s", r)

		// Neither another run nor another project builds it again.
		p.ok("destroy", "-c")
		requests = log.During(func() { r = p.ok("create", "list") })
		require.Empty(t, builds(requests))
		require.NotContains(t, r.String(), "building the work image")
		q := newProject(t, e, files)
		requests = log.During(func() { q.ok("create", "list") })
		require.Empty(t, builds(requests))

		requests = log.During(func() { p.ok("create", "private") })
		require.Len(t, builds(requests), 1)
		p.shows("default-private", "cat /copied", "base")
		s.forget(t.Context())
		p.ok("create", "stages")
		p.shows("default-stages", "cat /copied", "base")

		// Other instructions are another image, and another runner.
		p.write("context/sub/file", "changed "+salt+"\n")
		r = p.ok("create", "list")
		require.Contains(t, r.String(), "recreating the runner, since its image is another one now")
		p.shows("default-list", "cat /sub/file", "changed "+salt)
	})
}

// A lock file has the digests of the registry, and --locked uses those when the tag has moved.
func TestLock(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		s := newShelf(t, e, "first")
		pulled := s.private() // by its digest, as soon as that is known
		t.Cleanup(func() { require.NoError(t, connect(t, s.engine).RemoveImage(context.Background(), pulled)) })
		e, log := e.LogRequests(t)
		kitchen := driverKitchen("\none:\nimage: " + s.private() + "\npull: always\n")
		p := newProject(t, e, map[string]string{"kitchen.yml": kitchen, "docker/config.json": s.auths()})
		p.env = append(p.env, "DOCKER_CONFIG="+p.dir+"/docker")
		r := p.galley("create", "--locked")
		require.Equal(t, 1, r.code, r.String())
		require.Contains(t, r.String(), "--locked asks for the images of galley.lock, which is not there")

		require.Empty(t, log.During(func() { p.ok("lock") }), "no engine is needed")
		p.ok("lock", "--check")
		locked, err := imagelock.Read(filepath.Join(p.dir, imagelock.Name))
		require.NoError(t, err)
		require.Len(t, locked, 1)
		s.put("second")
		r = p.galley("lock", "--check")
		require.Equal(t, 1, r.code, r.String())
		require.Contains(t, r.String(), s.private()+" was "+locked[s.private()]+" and is sha256:")
		p.ok("create")
		p.shows("default-one", "cat /content", "second")

		requests := log.During(func() { p.ok("create", "--locked") })
		require.Len(t, pulls(requests), 1, "%q", requests)
		p.shows("default-one", "cat /content", "first")
		pulled = strings.TrimSuffix(s.private(), ":1") + "@" + locked[s.private()]
		p.ok("destroy")
		require.Empty(t, pulls(log.During(func() { p.ok("create", "--locked") })), "it is here")
		p.shows("default-one", "cat /content", "first")

		p.write("kitchen.yml", strings.ReplaceAll(kitchen, ":1\n", ":2\n"))
		r = p.galley("create", "--locked")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "it is not in galley.lock, and --locked allows no other")
		r = p.galley("lock")
		require.Equal(t, 1, r.code, r.String())
		require.Contains(t, r.String(), "Check the image's name and tag.")
		p.write("kitchen.yml", kitchen)
	})
}

// What galley keeps is told with its size and age, and a prune leaves what a runner needs.
func TestPruneTellsSizes(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		salt := fmt.Sprint(rand.Uint64())
		t.Cleanup(func() { removeWorkImages(t, e, salt) })
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(
			"\none:\nintermediate_instructions: RUN echo " + salt + " > /salt\n")})
		p.ok("create")
		image, err := p.backend().InspectImage(t.Context(), p.runner("default-one").ImageID)
		require.NoError(t, err)
		dry := func(args ...string) (found []lifecycle.Pruned) {
			var list []lifecycle.Pruned
			out := p.ok(append([]string{"prune", "--dry-run", "--json"}, args...)...).stdout
			require.NoError(t, json.Unmarshal([]byte(out), &list))
			return slices.DeleteFunc(list, func(p lifecycle.Pruned) bool { return !slices.Contains(image.Tags, p.Name) })
		}
		require.Empty(t, dry(), "the runner needs it")
		require.Len(t, dry("--all"), 1, "the runner would go too")
		p.ok("destroy")
		found := dry()
		require.Len(t, found, 1)
		require.Equal(t, label.RoleWork, found[0].Role)
		require.Greater(t, found[0].Size, int64(100_000), "busybox and more")
		require.WithinDuration(t, time.Now(), found[0].Created, time.Hour)
		require.Empty(t, dry("--older", "24h"))
		require.Regexp(t, "would remove image "+image.Tags[0]+` \(work, [0-9.]+MB, made .* ago\)`,
			p.ok("prune", "--dry-run").stdout)
	})
}

// removeWorkImages removes the work images whose history has a text.
func removeWorkImages(t *testing.T, e testbed.Engine, text string) {
	be := connect(t, e)
	ctx := context.Background()
	list, err := be.ListImages(ctx, backend.Labels{label.Role: label.RoleWork})
	require.NoError(t, err)
	for _, img := range list {
		out, err := e.Command(ctx, e.Kind, "image", "history", "--no-trunc", img.ID).CombinedOutput()
		require.NoError(t, err, string(out))
		if strings.Contains(string(out), text) {
			require.NoError(t, be.RemoveImage(ctx, img.ID))
		}
	}
}

// A build that fails says which step, and all that it printed.
func TestWorkImageFails(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		p := newProject(t, e, map[string]string{"kitchen.yml": driverKitchen(`
run:
intermediate_instructions:
  - RUN echo the first step
  - RUN echo said before the end; exit 3
`, `
syntax:
intermediate_instructions: FROBNICATE everything
`, `
copy:
intermediate_instructions: COPY nowhere /
`)})
		for instance, want := range map[string][]string{
			"run":    {"the first step", "said before the end", "3"},
			"syntax": {"FROBNICATE"},
			"copy":   {"nowhere"},
		} {
			r := p.galley("create", "default-"+instance)
			require.Equal(t, 20, r.code, r.String())
			for _, text := range want {
				require.Contains(t, r.String(), text)
			}
			require.Contains(t, r.String(), "build image localhost/galley-work:", instance)
		}
		require.Empty(t, p.runners())
	})
}

// A build has secrets that are nowhere afterwards, caches and texts; what an engine cannot do is refused.
func TestBuildFeatures(t *testing.T) {
	testbed.Run(t, func(t *testing.T, e testbed.Engine) {
		e.Load(t, "busybox")
		salt := fmt.Sprint(rand.Uint64())
		secret := "hidden-" + salt
		t.Cleanup(func() { removeWorkImages(t, e, salt) })
		p := newProject(t, e, map[string]string{"file": salt, "kitchen.yml": driverKitchen(`
secret:
build_secrets: {word: {environment: GALLEY_WORD}, other: {file: other-file}}
intermediate_instructions:
  - RUN --mount=type=secret,id=word --mount=type=tmpfs,target=/t cp /run/secrets/word /t/x && wc -c < /t/x > /made && echo `+salt+` says $(cat /t/x)
  - RUN --mount=type=secret,id=other test "$(cat /run/secrets/other)" = "a file"
`, `
text:
intermediate_instructions: |
  RUN --mount=type=cache,target=/cache <<EOF
  echo `+salt+` > /cache/file
  cp /cache/file /made
  EOF
`, `
unknown:
intermediate_instructions: "RUN --mount=type=secret,id=nowhere true # `+salt+`"
`, `
failing:
intermediate_instructions: "RUN --mount=type=tmpfs,target=/t echo `+salt+` the rea''son && exit 3"
`)})
		p.write("other-file", "a file\n")
		r := p.galley("create", "secret")
		require.Equal(t, 20, r.code, r.String())
		require.Contains(t, r.String(), "driver.build_secrets.word: the environment has no GALLEY_WORD")

		p.env = append(p.env, "GALLEY_WORD="+secret)
		r = p.ok("create", "secret", "--log-level", "debug")
		p.shows("default-secret", "cat /made; ls /run/secrets/word /t/x 2>/dev/null", fmt.Sprint(len(secret)))
		require.NotContains(t, r.String(), secret)
		require.Contains(t, r.String(), salt+" says ****")
		require.NotContains(t, p.labelsAndHistory(), secret)

		r = p.galley("create", "text")
		if old := slices.Contains([]string{"docker20", "docker20-rootless", "docker-userns", "podman4", "podman4-rootless"}, e.Name); old {
			require.Equal(t, 20, r.code, r.String())
			require.Contains(t, r.String(), "Write it without, as one RUN with &&")
		} else {
			require.Zero(t, r.code, r.String())
			p.shows("default-text", "cat /made; ls /cache 2>/dev/null", salt)
		}
		for instance, want := range map[string]string{
			"unknown": `driver.build_secrets has no "nowhere"`, "failing": salt + " the reason"} {
			r = p.galley("create", instance)
			require.Equal(t, 20, r.code, r.String())
			require.Contains(t, r.String(), want)
		}
	})
}

// The tool's image is pulled by its own policy, and a newer one makes a newer tool.
func TestToolPull(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		s := newShelf(t, e, "first", "COPY content /opt/chef/", "VOLUME /opt/chef")
		e, log := e.LogRequests(t)
		image, tag, _ := strings.Cut(s.path, ":")
		kitchen := func(pull string) string {
			text := driverKitchen("\none:\nchef_image: " + s.Address + "/" + image + "\nchef_version: " + tag + "\n" +
				pull + "\n")
			return strings.Replace(text, `provisioner: {name: shell, command: "true"}`, "provisioner: {name: dokken}",
				1)
		}
		p := newProject(t, e, map[string]string{"kitchen.yml": kitchen("pull_chef_image: false")})
		p.removeToolsLater()
		for _, want := range []int{1, 0} {
			requests := log.During(func() { p.ok("create") })
			require.Len(t, pulls(requests), want, "%q", requests)
			p.shows("default-one", "cat /opt/chef/content", "first")
		}
		s.put("second")
		p.write("kitchen.yml", kitchen("pull_chef_image: true"))
		r := p.ok("create")
		require.Contains(t, r.String(), "recreating the runner, since tool image changed in its configuration")
		p.shows("default-one", "cat /opt/chef/content", "second")

		// The tool's volume is for the next runner; any other of this one goes with it.
		runner := e.Inspect(t, p.runner("default-one").ID).Volumes
		p.ok("destroy")
		left := slices.DeleteFunc(e.Volumes(t), func(v string) bool { return !slices.Contains(runner, v) })
		require.LessOrEqual(t, len(left), 1, "a Podman that mounts images has none")
	})
}

// removeToolsLater removes the tools that come to be during the test, which galley keeps for other projects.
func (p *project) removeToolsLater() {
	be := p.backend()
	tools := func(ctx context.Context) map[string]bool {
		list, err := be.ListContainers(ctx, backend.Labels{label.Role: label.RoleTool})
		require.NoError(p.t, err)
		ids := map[string]bool{}
		for _, c := range list {
			ids[c.ID] = true
		}
		return ids
	}
	before := tools(p.t.Context())
	p.t.Cleanup(func() {
		p.ok("destroy")
		for id := range tools(context.Background()) {
			if !before[id] {
				require.NoError(p.t, be.RemoveContainer(context.Background(), id))
			}
		}
	})
}

// What the settings have come from elsewhere comes from there, with the login for that registry: platform and tool
// alike. A repository cannot set it.
func TestImagesFromElsewhere(t *testing.T) {
	testbed.RunOnEachKind(t, func(t *testing.T, e testbed.Engine) {
		s := newShelf(t, e, "mirrored", "COPY content /opt/chef/", "VOLUME /opt/chef")
		e, log := e.LogRequests(t)
		written := strings.Replace(s.path, "galley/", "galley-team/", 1)
		image, tag, _ := strings.Cut(written, ":")
		p := newProject(t, e, map[string]string{
			"kitchen.yml": driverKitchen("\none:\nimage: "+written+"\n",
				"\nabsent:\nimage: galley-team/there-is-no-such-image:1\n"),
			"docker/config.json": s.auths(), ".galley.yml": "images: {docker.io/galley-team: registry.example.com}\n",
		})
		p.removeToolsLater()
		p.env = append(p.env, "DOCKER_CONFIG="+p.dir+"/docker",
			"GALLEY_IMAGES=docker.io/galley-team="+s.AuthAddress+"/galley")
		var r result
		requests := log.During(func() { r = p.ok("create", "one", "--report", "ndjson=events.ndjson") })
		require.Len(t, pulls(requests), 1, "%q", requests)
		require.Contains(t, r.String(), ".galley.yml:1: images: a project may not set this")
		require.NoError(t, os.Remove(filepath.Join(p.dir, ".galley.yml")))
		p.shows("default-one", "cat /content", "mirrored")
		p.requireProgress("events.ndjson")
		events, err := os.ReadFile(filepath.Join(p.dir, "events.ndjson"))
		require.NoError(t, err)
		require.Contains(t, string(events), "pull "+s.private())
		require.Contains(t, p.ok("diagnose", "one").String(), written)

		r = p.galley("create", "absent")
		require.Equal(t, 20, r.code, r.String())
		const absent = "/there-is-no-such-image:1"
		require.Contains(t, r.String(), "use image docker.io/galley-team"+absent+", which is "+s.AuthAddress+"/galley"+absent+
			" by the setting images: pull ")
		require.Contains(t, r.String(), "Check the image's name and tag.")

		p.write("kitchen.yml", strings.Replace(driverKitchen(
			"\none:\nchef_image: "+image+"\nchef_version: "+tag+"\npull_chef_image: true\n"),
			`provisioner: {name: shell, command: "true"}`, "provisioner: {name: dokken}", 1))
		requests = log.During(func() { p.ok("create") })
		require.Len(t, pulls(requests), 1, "%q", requests)
		p.shows("default-one", "cat /opt/chef/content", "mirrored")
	})
}
