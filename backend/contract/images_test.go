package contract_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh/agent"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/e2e/testbed"
)

func infoCases() []testCase {
	return []testCase{
		{"info/complete", testInfo},
		{"info/close", testClose},
	}
}

func testInfo(t *testing.T, s *suite) {
	require.Contains(t, []int{1, 2}, s.info.CgroupVersion)
	again, err := s.b.Info(s.ctx(t))
	require.NoError(t, err)
	require.Equal(t, s.info, again)
	remaps, err := s.b.RemapsUsers(s.ctx(t))
	require.NoError(t, err)
	require.Equal(t, s.remapsUsers, remaps)
}

// testClose: closing a backend leaves containers and other backends alone.
func testClose(t *testing.T, s *suite) {
	c := s.start(t)
	other := s.connect(t)
	_, err := other.InspectContainer(s.ctx(t), c.ID)
	require.NoError(t, err)
	require.NoError(t, other.Close())
	require.Equal(t, backend.StateRunning, s.inspect(t, c.ID).State)
}

func imageCases() []testCase {
	return []testCase{
		{"image/inspect", testImageInspect},
		{"image/inspect-absent", testImageInspectAbsent},
		{"image/list-by-label", testImageList},
		{"image/remove-absent", testImageRemoveAbsent},
		{"image/remove-in-use", testImageRemoveInUse},
		{"image/remove", testImageRemove},
		{"image/pull-unreachable", testPullUnreachable},
		{"image/pull", testPull},
		{"image/pull-absent", testPullAbsent},
		{"image/pull-unauthorized", testPullUnauthorized},
		{"image/pull-credentials", testPullCredentials},
	}
}

// testImageInspect: what the Dockerfile says is what InspectImage tells.
func testImageInspect(t *testing.T, s *suite) {
	labels := s.labels()
	labels["example.words"] = "two words = one value"
	img := s.build(t, labels, map[string]string{"Dockerfile": strings.Join([]string{
		"FROM " + s.image,
		"VOLUME /z /a",
		`ENTRYPOINT ["echo", "one"]`,
		`CMD ["two"]`,
		"",
	}, "\n")})
	require.True(t, strings.HasPrefix(img.ID, "sha256:"), img.ID)
	require.Len(t, img.ID, len("sha256:")+64)
	require.Len(t, img.Tags, 1)
	require.Equal(t, "linux", img.OS)
	require.Equal(t, s.busybox.Arch, img.Arch)
	require.Equal(t, []string{"/a", "/z"}, img.Volumes)
	require.Equal(t, []string{"echo", "one"}, img.Entrypoint)
	require.True(t, labels.Matches(img.Labels), "labels: %v", img.Labels)

	for _, ref := range []string{img.ID, img.Tags[0],
		strings.TrimSuffix(strings.TrimPrefix(img.Tags[0], "docker.io/library/"), ":latest")} {
		again, err := s.b.InspectImage(s.ctx(t), ref)
		require.NoError(t, err, ref)
		require.Equal(t, img, again, ref)
	}

	c, code := s.finished(t, image(img.ID), command("three"))
	require.Zero(t, code)
	out, _ := s.logs(t, c.ID)
	require.Equal(t, "one three\n", out, "the image's own entrypoint with another command")
}

func testImageInspectAbsent(t *testing.T, s *suite) {
	for _, ref := range []string{s.tag("absent"), "sha256:" + unset} {
		_, err := s.b.InspectImage(s.ctx(t), ref)
		require.ErrorIs(t, err, backend.ErrNotFound, ref)
	}
}

func testImageList(t *testing.T, s *suite) {
	one := backend.Labels{labelRun: s.prefix, labelInstance: "list-one"}
	two := backend.Labels{labelRun: s.prefix, labelInstance: "list-two"}
	first := s.build(t, one, map[string]string{"Dockerfile": "FROM " + s.image + "\nENV N=1\n"})
	second := s.build(t, two, map[string]string{"Dockerfile": "FROM " + s.image + "\nENV N=2\n"})
	ids := func(labels backend.Labels) []string {
		images, err := s.b.ListImages(s.ctx(t), labels)
		require.NoError(t, err)
		var got []string
		for _, img := range images {
			require.True(t, labels.Matches(img.Labels), "labels: %v", img.Labels)
			require.WithinDuration(t, time.Now(), img.Created, time.Hour)
			require.Positive(t, img.Size)
			got = append(got, img.ID)
		}
		return got
	}
	require.Equal(t, []string{first.ID}, ids(one))
	require.Equal(t, []string{second.ID}, ids(two))
	both := ids(backend.Labels{labelRun: s.prefix, labelInstance: ""})
	require.Contains(t, both, first.ID)
	require.Contains(t, both, second.ID)
	require.Empty(t, ids(backend.Labels{labelRun: s.prefix + "-none"}))
}

func testImageRemoveAbsent(t *testing.T, s *suite) {
	for _, ref := range []string{s.tag("absent"), "sha256:" + unset} {
		require.NoError(t, s.b.RemoveImage(s.ctx(t), ref), ref)
	}
}

func testImageRemoveInUse(t *testing.T, s *suite) {
	img := s.build(t, s.labels(), map[string]string{"Dockerfile": "FROM " + s.image + "\nENV USED=yes\n"})
	s.create(t, image(img.ID))
	require.ErrorIs(t, s.b.RemoveImage(s.ctx(t), img.ID), backend.ErrConflict)
	_, err := s.b.InspectImage(s.ctx(t), img.ID)
	require.NoError(t, err)
}

func testImageRemove(t *testing.T, s *suite) {
	img := s.build(t, s.labels(), map[string]string{"Dockerfile": "FROM " + s.image + "\nENV GOES=soon\n"})
	require.NoError(t, s.b.RemoveImage(s.ctx(t), img.Tags[0]))
	for _, ref := range []string{img.Tags[0], img.ID} {
		_, err := s.b.InspectImage(s.ctx(t), ref)
		require.ErrorIs(t, err, backend.ErrNotFound, ref)
	}
	_, err := s.b.InspectImage(s.ctx(t), s.busybox.ID)
	require.NoError(t, err, "the base image stays")
}

// testPullUnreachable: no one listens on port 1, so the registry is not there.
// Engines answer 200 and tell of it in the stream.
func testPullUnreachable(t *testing.T, s *suite) {
	_, err := s.b.PullImage(s.ctx(t), backend.PullOptions{Ref: "127.0.0.1:1/galley/absent:latest"})
	require.ErrorIs(t, err, backend.ErrUnreachable)
}

func testPull(t *testing.T, s *suite) {
	r := s.registry
	s.removeImage(t, r.image)
	var calls atomic.Int64
	img, err := s.b.PullImage(s.ctx(t), backend.PullOptions{
		Ref:      r.image,
		Progress: func(backend.Progress) { calls.Add(1) },
	})
	require.NoError(t, err)
	t.Cleanup(func() { s.removeImage(t, r.image) })
	require.Contains(t, img.Tags, r.image)
	require.Positive(t, calls.Load(), "calls of Progress")
	again, err := s.b.InspectImage(s.ctx(t), r.image)
	require.NoError(t, err)
	require.Equal(t, img.ID, again.ID)
	img, err = s.b.PullImage(s.ctx(t), backend.PullOptions{Ref: r.image})
	require.NoError(t, err, "a second pull")
	require.Equal(t, again.ID, img.ID)
}

func testPullAbsent(t *testing.T, s *suite) {
	_, err := s.b.PullImage(s.ctx(t), backend.PullOptions{Ref: s.registry.absent})
	require.ErrorIs(t, err, backend.ErrNotFound)
}

func testPullUnauthorized(t *testing.T, s *suite) {
	_, err := s.b.PullImage(s.ctx(t), backend.PullOptions{Ref: s.registry.private})
	require.ErrorIs(t, err, backend.ErrUnauthorized, "without credentials")
	wrong := s.registry.credentials
	wrong.Password += "x"
	_, err = s.b.PullImage(s.ctx(t), backend.PullOptions{Ref: s.registry.private, Credentials: &wrong})
	require.ErrorIs(t, err, backend.ErrUnauthorized, "with a wrong password")
	require.NotContains(t, err.Error(), wrong.Password)
}

func testPullCredentials(t *testing.T, s *suite) {
	_, err := s.b.PullImage(s.ctx(t), backend.PullOptions{Ref: s.registry.private,
		Credentials: &s.registry.credentials})
	require.NoError(t, err)
	t.Cleanup(func() { s.removeImage(t, s.registry.private) })
}

func buildCases() []testCase {
	return []testCase{
		{"build/args-and-labels", testBuildArgs},
		{"build/stages", testBuildStages},
		{"build/failing-step", testBuildFails},
		{"build/bad-dockerfile", testBuildSyntax},
		{"build/absent-base", testBuildAbsentBase},
		{"build/docker-format", testBuildFormat},
		{"build/cached", testBuildCached},
		{"build/private", testBuildPrivate},
		{"build/base", testBuildBase},
		{"build/features", testBuildFeatures},
		{"build/feature-fails", testBuildFeatureFails},
		{"build/secret-absent", testBuildSecretAbsent},
	}
}

// build builds an image that is removed when the subtest ends.
func (s *suite) build(t *testing.T, labels backend.Labels, files map[string]string) backend.Image {
	t.Helper()
	img, err := s.tryBuild(t, backend.BuildOptions{Context: tarOfFiles(t, files), Labels: labels})
	require.NoError(t, err)
	return img
}

// buildAgain builds an image, and again where other subtests, or other programs, removed
// one meanwhile: that is no reason for a build to fail but may be one to try again.
func (s *suite) buildAgain(ctx context.Context, o backend.BuildOptions) (img backend.Image, err error) {
	files, err := io.ReadAll(o.Context)
	if err != nil {
		return img, err
	}
	err = backend.ErrConflict
	for attempt := 1; errors.Is(err, backend.ErrConflict) && attempt <= 3; attempt++ {
		o.Context = bytes.NewReader(files)
		img, err = s.b.BuildImage(ctx, o)
	}
	return img, err
}

// tryBuild builds an image under a tag of its own, which is removed again.
func (s *suite) tryBuild(t *testing.T, o backend.BuildOptions) (backend.Image, error) {
	t.Helper()
	o.Tag = s.tag("i")
	t.Cleanup(func() { s.removeImage(t, o.Tag) })
	img, err := s.buildAgain(s.ctx(t), o)
	if err == nil {
		require.Contains(t, img.Tags, o.Tag)
	}
	return img, err
}

func testBuildArgs(t *testing.T, s *suite) {
	var out bytes.Buffer
	img, err := s.tryBuild(t, backend.BuildOptions{
		Context: tarOfFiles(t, map[string]string{
			"Dockerfile": "FROM " + s.image +
				"\nARG GREETING=nothing\nRUN echo \"$GREETING\" > /greeting; echo some''thing\nCOPY dir/file /copied\n",
			"dir/file": "copied\n",
		}),
		Args:   map[string]string{"GREETING": "hello there"},
		Labels: s.labels(),
		Output: &out,
	})
	require.NoError(t, err)
	require.True(t, s.labels().Matches(img.Labels), "labels: %v", img.Labels)
	require.Contains(t, out.String(), "something", "what the step printed")
	c := s.start(t, image(img.ID))
	require.Equal(t, "hello there", s.run(t, c.ID, "cat", "/greeting"))
	require.Equal(t, "copied", s.run(t, c.ID, "cat", "/copied"))
}

// testBuildFeatures: what not every builder knows of a Dockerfile works, or is refused and not built in another way.
func testBuildFeatures(t *testing.T, s *suite) {
	base, err := s.b.InspectImage(s.ctx(t), s.image)
	require.NoError(t, err)
	socket := sshAgent(t)
	for name, c := range map[string]struct {
		needs        []backend.BuildFeature
		instructions string
	}{
		"heredoc": {[]backend.BuildFeature{backend.BuildHeredoc}, "ARG WORD\nCOPY <<EOF /copied\none\nEOF\n" +
			"RUN <<EOF\ngrep one /copied\necho $WORD > /made\nEOF\n"},
		"cache": {[]backend.BuildFeature{backend.BuildMount}, "RUN --mount=type=cache,target=/c cp /etc/passwd /c\n" +
			"RUN --mount=type=cache,target=/c test -s /c/passwd && echo one > /made\n"},
		"mount": {[]backend.BuildFeature{backend.BuildMount},
			"RUN --mount=type=tmpfs,target=/t --mount=type=bind,target=/b cp /b/file /t && cp /t/file /made\n"},
		"secret": {[]backend.BuildFeature{backend.BuildSecret},
			"RUN --mount=type=secret,id=word cp /run/secrets/word /made\n" +
				"COPY . /context\nRUN test \"$(ls /context | grep -v Dockerfile)\" = file\n"},
		"ssh": {[]backend.BuildFeature{backend.BuildSSH},
			"RUN --mount=type=ssh test -S \"$SSH_AUTH_SOCK\" && echo one > /made\n"},
		"platform": {[]backend.BuildFeature{"ARG TARGETOS"},
			"ARG TARGETOS\nRUN test \"$TARGETOS\" = linux && echo one > /made\n"},
		"chmod": {[]backend.BuildFeature{"COPY --chmod", backend.BuildCopy}, "COPY --chmod=600 file /made\n"},
	} {
		// One after another: a case holds a lock until its last subtest has ended, and one that wants to be alone may have
		// all turns of parallel tests wait for it.
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			img, err := s.tryBuild(t, backend.BuildOptions{Labels: s.labels(), Needs: c.needs, Base: base.ID,
				Secrets: map[string][]byte{"word": []byte("one")}, SSHAgent: socket, Args: map[string]string{"WORD": "one"}, Output: &out,
				Context: tarOfFiles(t, map[string]string{"file": "one\n",
					"Dockerfile": "ARG " + backend.BaseArg + "=" + base.ID + "\nFROM $" + backend.BaseArg + "\n" + c.instructions})})
			var refusal *backend.Error
			if errors.Is(err, backend.ErrUnsupported) && errors.As(err, &refusal) {
				require.Contains(t, refusal.Detail, string(c.needs[len(c.needs)-1]))
				require.NotEmpty(t, refusal.Remedy)
				s.record(t, "build-"+name, testbed.Refused, refusal.Detail+"\n"+refusal.Remedy)
				return
			}
			if s.rootless && name == "cache" && err != nil && strings.Contains(out.String(), "Permission denied") {
				s.record(t, "build-"+name, testbed.NotHere, "Podman 4.3 keeps the caches of all users in one directory")
				return
			}
			require.NoError(t, err, "%s", &out)
			require.True(t, s.labels().Matches(img.Labels), "labels: %v", img.Labels)
			made := s.start(t, image(img.ID))
			require.Equal(t, "one", strings.TrimSpace(s.run(t, made.ID, "cat", "/made")))
			require.NotZero(t, s.try(t, made.ID, "test", "-s", "/run/secrets/word"), "the secret is in the image")
			s.record(t, "build-"+name, testbed.Works, "")
		})
	}
}

// sshAgent is the socket of an ssh agent without keys.
func sshAgent(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "agent") // short: a socket's path has 108 bytes
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(agent.NewKeyring(), conn) }()
		}
	}()
	return l.Addr().String()
}

// testBuildFeatureFails: with a builder that runs steps side by side, the error shows the step that failed and what it
// printed.
func testBuildFeatureFails(t *testing.T, s *suite) {
	_, err := s.tryBuild(t, backend.BuildOptions{Labels: s.labels(), Needs: []backend.BuildFeature{backend.BuildMount},
		Context: tarOfFiles(t, map[string]string{"Dockerfile": "FROM " + s.image +
			"\nRUN --mount=type=tmpfs,target=/t echo the rea''son is here && exit 3\n"})})
	if errors.Is(err, backend.ErrUnsupported) {
		return
	}
	require.ErrorIs(t, err, backend.ErrBuildFailed)
	require.ErrorContains(t, err, "the reason is here")
	require.ErrorContains(t, err, "RUN --mount=type=tmpfs,target=/t")
}

// testBuildSecretAbsent: a secret that the instructions want, and that is not given, fails the build.
func testBuildSecretAbsent(t *testing.T, s *suite) {
	_, err := s.tryBuild(t, backend.BuildOptions{Labels: s.labels(), Needs: []backend.BuildFeature{backend.BuildSecret},
		Context: tarOfFiles(t, map[string]string{"Dockerfile": "FROM " + s.image +
			"\nRUN --mount=type=secret,id=absent,required=true cat /run/secrets/absent\n"})})
	require.Error(t, err)
	if !errors.Is(err, backend.ErrUnsupported) {
		require.ErrorContains(t, err, "absent")
	}
}

// testBuildPrivate: the builder gets the credentials of the registry that an image comes from.
func testBuildPrivate(t *testing.T, s *suite) {
	for _, needs := range [][]backend.BuildFeature{nil, {backend.BuildHeredoc}} {
		img, err := s.tryBuild(t, backend.BuildOptions{Labels: s.labels(), Needs: needs,
			Credentials: []backend.Credentials{s.registry.credentials},
			Context: tarOfFiles(t, map[string]string{"Dockerfile": "FROM " + s.registry.private + " AS other\nFROM " + s.image +
				"\nCOPY --from=other /bin/busybox /copied\n"})})
		s.removeImage(t, s.registry.private) // the next build has to pull it too
		if errors.Is(err, backend.ErrUnsupported) {
			continue
		}
		require.NoError(t, err, needs)
		require.Zero(t, s.try(t, s.start(t, image(img.ID)).ID, "test", "-s", "/copied"))
	}
}

// testBuildBase: a build is upon the local image that was asked for, and not upon what a registry has by its name now.
func testBuildBase(t *testing.T, s *suite) {
	t.Cleanup(func() { s.removeImage(t, s.registry.moved) })
	base, err := s.buildAgain(s.ctx(t), backend.BuildOptions{Tag: s.registry.moved, Labels: s.labels(),
		Context: tarOfFiles(t, map[string]string{"Dockerfile": "FROM " + s.image + "\nRUN echo local > /which\n"})})
	require.NoError(t, err)
	for _, needs := range [][]backend.BuildFeature{nil, {backend.BuildMount}} {
		img, err := s.tryBuild(t, backend.BuildOptions{Labels: s.labels(), Needs: needs, Base: base.ID,
			Context: tarOfFiles(t, map[string]string{"Dockerfile": "ARG " + backend.BaseArg + "=" + base.ID + "\nFROM $" +
				backend.BaseArg + "\nRUN cat /which > /made\n"})})
		require.NoError(t, err, needs)
		require.Equal(t, "local", s.run(t, s.start(t, image(img.ID)).ID, "cat", "/made"), needs)
	}
}

func testBuildStages(t *testing.T, s *suite) {
	img := s.build(t, s.labels(), map[string]string{"Dockerfile": strings.Join([]string{
		"FROM " + s.image + " AS maker",
		"ENV STAGE=maker",
		"RUN echo made > /made",
		"FROM " + s.image,
		"COPY --from=maker /made /copied",
		"",
	}, "\n")})
	require.True(t, s.labels().Matches(img.Labels), "labels: %v", img.Labels)
	c := s.start(t, image(img.ID))
	require.Equal(t, "made", s.run(t, c.ID, "cat", "/copied"))
	require.NotZero(t, s.try(t, c.ID, "test", "-e", "/made"))
	require.NotZero(t, s.try(t, c.ID, "sh", "-c", "test -n \"$STAGE\""))
}

// testBuildFails: the error itself shows what the step printed, since the output may have gone nowhere. The quotes keep
// the text from being found in the Dockerfile's own line, which engines print too.
func testBuildFails(t *testing.T, s *suite) {
	var out bytes.Buffer
	_, err := s.tryBuild(t, backend.BuildOptions{
		Context: tarOfFiles(t, map[string]string{
			"Dockerfile": "FROM " + s.image + "\nRUN echo the rea''son is here && exit 3\n",
		}),
		Labels: s.labels(),
		Output: &out,
	})
	require.ErrorIs(t, err, backend.ErrBuildFailed)
	require.Contains(t, err.Error(), "the reason is here")
	require.Contains(t, out.String(), "the reason is here")
}

func testBuildSyntax(t *testing.T, s *suite) {
	_, err := s.tryBuild(t, backend.BuildOptions{
		Context: tarOfFiles(t, map[string]string{"Dockerfile": "FROM " + s.image + "\nBREW tea\n"}),
		Labels:  s.labels(),
	})
	require.Error(t, err)
	require.Contains(t, strings.ToUpper(err.Error()), "BREW")
}

func testBuildAbsentBase(t *testing.T, s *suite) {
	_, err := s.tryBuild(t, backend.BuildOptions{
		Context: tarOfFiles(t, map[string]string{"Dockerfile": "FROM 127.0.0.1:1/galley/absent:latest\n"}),
		Labels:  s.labels(),
	})
	require.Error(t, err)
}

// testBuildFormat: HEALTHCHECK, SHELL and ONBUILD exist in Docker's image format
// only. An engine that builds another one drops them and warns in its output.
func testBuildFormat(t *testing.T, s *suite) {
	var out bytes.Buffer
	base, err := s.tryBuild(t, backend.BuildOptions{
		Context: tarOfFiles(t, map[string]string{"Dockerfile": strings.Join([]string{
			"FROM " + s.image,
			"HEALTHCHECK CMD true",
			"ONBUILD ENV FROM_ONBUILD=kept",
			`SHELL ["/bin/env", "FROM_SHELL=kept", "/bin/sh", "-c"]`,
			"",
		}, "\n")}),
		Labels: s.labels(),
		Output: &out,
	})
	require.NoError(t, err)
	require.NotContains(t, out.String(), "ignored")
	require.Equal(t, []string{"CMD-SHELL", "true"}, base.HealthCheck)
	child := s.build(t, s.labels(), map[string]string{
		"Dockerfile": "FROM " + base.Tags[0] + "\nRUN echo \"$FROM_SHELL\" > /shell\n",
	})
	c := s.start(t, image(child.ID))
	require.Equal(t, "kept", s.look(t, c.ID, "echo $FROM_ONBUILD"), "ONBUILD")
	require.Equal(t, "kept", s.run(t, c.ID, "cat", "/shell"), "SHELL")
}

// testBuildCached: the same Dockerfile gives the same image.
func testBuildCached(t *testing.T, s *suite) {
	var ids []string
	for range 2 {
		img := s.build(t, s.labels(), map[string]string{
			"Dockerfile": "FROM " + s.image + "\nRUN cat /proc/sys/kernel/random/uuid > /uuid\n",
		})
		ids = append(ids, img.ID)
	}
	require.Equal(t, ids[0], ids[1])
}
