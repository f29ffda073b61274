package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// workImages is what the names of work images begin with; the digest of all that one is made of follows.
const workImages = "localhost/galley-work:"

// buildRequest is what an image is made of.
type buildRequest struct {
	platform string
	// base is the ID that backend.BaseArg has in dockerfile, or empty.
	base string
	// dir is for COPY and ADD; it may be empty.
	dir, dockerfile string
	args            map[string]string
	// clientProxies adds the proxies of the engine's own client to args.
	clientProxies bool
	// secrets are `build_secrets`. They are no part of the name: an image does not have them.
	secrets map[string]config.BuildSecret
}

// name is the name of the image that is made of the request, by the digest of what goes into it, with its files.
func (b buildRequest) name() (tag string, files []sandbox.File, err error) {
	if b.dir != "" { // for COPY and ADD
		files, err = sandbox.Tree(b.dir, "", func(rel string, _ bool) bool { return rel == "Dockerfile" })
		if err != nil {
			return "", nil, fmt.Errorf("build_context: %w", err)
		}
	}
	files = append(files, sandbox.File{Path: "Dockerfile", Data: []byte(b.dockerfile)})
	words := []string{b.platform}
	for _, name := range slices.Sorted(maps.Keys(b.args)) {
		words = append(words, name, b.args[name])
	}
	digest, err := archive.Digest(words, files)
	if err != nil {
		return "", nil, fmt.Errorf("build_context: %w", err)
	}
	return workImages + digest[:32], files, nil
}

// build makes an image of a Dockerfile, unless the same was made before. It is named by the digest of what it is made
// from, so instances, runs and projects that want the same share it. announce is what the user is told when it takes
// its time.
func (s supplies) build(ctx context.Context, want buildRequest, announce string) (backend.Image, error) {
	tag, files, err := want.name()
	if err != nil {
		return backend.Image{}, err
	}
	return s.eng.shared.Load().builds.Do(tag, func() (backend.Image, error) {
		if s.onlyLook {
			img, err := s.eng.InspectImage(ctx, tag)
			if errors.Is(err, backend.ErrNotFound) {
				err = &backend.Error{Op: "use image " + tag, Kind: backend.ErrNotFound, Detail: "it is not built yet"}
			}
			return img, err
		}
		return s.madeOnce(ctx, tag, func() (backend.Image, error) {
			secrets, err := s.buildSecrets(want)
			if err != nil {
				return backend.Image{}, err
			}
			s.notice(LevelInfo, announce)
			return s.runBuild(ctx, files, backend.BuildOptions{Tag: tag, Base: want.base, Args: want.args,
				ClientProxies: want.clientProxies, Platform: want.platform, Secrets: secrets,
				Credentials: s.buildCredentials(ctx, want.dockerfile)})
		})
	})
}

// madeOnce is the image of a name. Unless it is there, it is made, under a lock of all galleys of this user.
func (s supplies) madeOnce(ctx context.Context, tag string,
	do func() (backend.Image, error)) (_ backend.Image, err error) {
	lock, err := s.run.machineLock(ctx, tag, func(holder string) { s.notice(LevelInfo, "waiting for "+holder) })
	if err != nil {
		return backend.Image{}, err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	if img, err := s.eng.InspectImage(ctx, tag); !errors.Is(err, backend.ErrNotFound) {
		return img, err
	}
	return do()
}

// buildAttempts is how often a build is tried while other images vanish under it:
// an engine compares each step with all the images that it has.
const buildAttempts = 3

// runBuild builds an image from files. Its output is shown line by line to users who
// want all of it, and in full to all when it fails.
func (s supplies) runBuild(ctx context.Context, files []sandbox.File,
	o backend.BuildOptions) (backend.Image, error) {
	var log bytes.Buffer
	live := &lines.Writer{Emit: func(line string) error { s.notice(LevelDebug, line); return nil }}
	for _, f := range files {
		if f.Path == "Dockerfile" {
			o.Needs = buildFeatures(string(f.Data))
			if slices.Contains(o.Needs, backend.BuildSSH) { // an engine can ask for it in any build
				o.SSHAgent = s.run.project().Getenv("SSH_AUTH_SOCK")
			}
		}
	}
	o.Output, o.Labels = io.MultiWriter(&log, live), s.run.labels(label.RoleWork)
	var img backend.Image
	err := backend.ErrConflict
	for attempt := 1; errors.Is(err, backend.ErrConflict) && attempt <= buildAttempts; attempt++ {
		log.Reset()
		pr, pw := io.Pipe()
		go func() { pw.CloseWithError(archive.Write(pw, files)) }()
		o.Context = pr
		img, err = s.eng.BuildImage(ctx, o)
		pr.Close()
	}
	_ = live.Flush() // a notice cannot fail
	if err != nil {
		stdout, _, flush := s.output()
		_, _ = log.WriteTo(stdout) // which cannot fail
		flush()
	}
	return img, err
}

// buildCredentials are those for the images that a Dockerfile names, one entry for
// each registry. The platform's own image is there already.
func (s supplies) buildCredentials(ctx context.Context, dockerfile string) []backend.Credentials {
	var list []backend.Credentials
	for _, ref := range baseImages(dockerfile) {
		c := s.credentials(ctx, ref)
		if c != nil && !slices.ContainsFunc(list,
			func(have backend.Credentials) bool { return have.Registry == c.Registry }) {
			list = append(list, *c)
		}
	}
	return list
}

// declaresArg matches the instruction ARG with the names behind it.
var declaresArg = lazyregexp.New(`(?im)^\s*ARG\s+(.+)$`)

// proxyArgs are the build arguments that builders keep out of the history, unless an ARG declares them.
var proxyArgs = []string{"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"}

// secretBuildArgs refuses build arguments that are secrets. The builders that all engines have write the value of each
// argument into the history of the image, and those of the cache.
func secretBuildArgs(d config.Driver) error {
	var declared []string
	for _, m := range declaresArg().FindAllStringSubmatch(strings.Join(d.IntermediateInstructions, "\n"), -1) {
		for _, word := range strings.Fields(m[1]) {
			name, _, _ := strings.Cut(word, "=")
			declared = append(declared, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.BuildArgs)) {
		value := d.BuildArgs[name]
		if value == "" || slices.Contains(proxyArgs, strings.ToLower(name)) && !slices.Contains(declared, name) {
			continue
		}
		why := "is a secret by its name"
		if !mask.IsSecretName(name) {
			if mask.New().String(value) == value {
				continue
			}
			why = "holds a secret"
		}
		return fmt.Errorf("driver.build_args: %s %s, and all who have the image could read it in the image's history.\n"+
			"Give it by driver.build_secrets and RUN --mount=type=secret instead. If all may read it, give the argument a "+
			"name that does not say secret", name, why)
	}
	return nil
}

// longSecret is the length from which a secret's value does not stand in instructions by chance, in bytes.
const longSecret = 8

// secretInHistory reports whether the instructions or the build arguments hold the value of a secret that is known by
// another name. The history of the image then has it too.
func secretInHistory(i config.Instance, environ []string) bool {
	text := strings.Join(slices.Concat(i.Driver.IntermediateInstructions, slices.Collect(maps.Values(i.Driver.BuildArgs))),
		"\n")
	return mask.New(longSecrets(i, environ)...).String(text) != text
}

// longSecrets are the values of secrets that stand nowhere by chance.
func longSecrets(i config.Instance, environ []string) []string {
	return slices.DeleteFunc(slices.Concat(mask.InEnviron(environ), i.Secrets),
		func(v string) bool { return len(v) < longSecret })
}

// maxBuildSecret bounds the value of a build secret, in bytes: BuildKit takes no more than 500 KiB.
const maxBuildSecret = 500 << 10

// buildSecrets reads the values of the build secrets that the Dockerfile mounts, which are hidden from then on, with
// what they give to the names of secrets. A secret that the Dockerfile needs and that is not there is an error:
// builders take it for an empty one.
func (s supplies) buildSecrets(want buildRequest) (map[string][]byte, error) {
	values := map[string][]byte{}
	needed := secretMounts(want.dockerfile)
	for _, id := range slices.Sorted(maps.Keys(needed)) {
		if strings.Contains(id, "$") { // of which only the builder knows what it stands for
			for id := range want.secrets {
				needed[id] = true
			}
			continue
		}
		if _, ok := want.secrets[id]; needed[id] && !ok {
			return nil, fmt.Errorf("driver.build_secrets has no %q, which RUN --mount=type=secret wants.\n"+
				"Say where it is: build_secrets: {%s: {environment: NAME}}, or {file: PATH}", id, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(want.secrets)) {
		if _, mounted := needed[id]; !mounted {
			continue
		}
		value, err := s.buildSecret(want.secrets[id])
		if err != nil {
			return nil, fmt.Errorf("driver.build_secrets.%s: %w", id, err)
		}
		values[id] = value
		if s.run.o.Hide != nil {
			s.run.o.Hide(append(mask.InCredentials(string(value)), strings.TrimSpace(string(value)))...)
		}
	}
	return values, nil
}

func (s supplies) buildSecret(from config.BuildSecret) ([]byte, error) {
	if from.Environment != "" {
		value := s.run.project().Getenv(from.Environment)
		if value == "" {
			return nil, fmt.Errorf("the environment has no %s, or it is empty. Set it, or name a file", from.Environment)
		}
		return []byte(value), nil
	}
	f, err := os.Open(from.File)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it is only read
	value, err := io.ReadAll(io.LimitReader(f, maxBuildSecret+1))
	if err == nil && len(value) > maxBuildSecret {
		err = fmt.Errorf("%s has more than %d KiB", from.File, maxBuildSecret>>10)
	}
	return value, err
}
