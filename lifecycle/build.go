package lifecycle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lines"
	"github.com/galley-kitchen/galley/internal/mask"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/label"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// work makes the image of the platform plus the intermediate instructions. It is named by the digest of what it is made
// from, so instances, runs and projects that want the same share it.
func (e *engine) work(ctx context.Context, by requester, d config.Driver, from backend.Image) (backend.Image, error) {
	return e.build(ctx, by, buildRequest{d.OCIPlatform, d.BuildContext,
		workDockerfile(from.ID, d.IntermediateInstructions), d.BuildArgs, d.ClientProxies},
		"building the work image from the intermediate instructions")
}

// workImages is what the names of work images begin with; the digest of all that one is made of follows.
const workImages = "localhost/galley-work:"

// buildRequest is what an image is made of.
type buildRequest struct {
	platform string
	// dir is for COPY and ADD; it may be empty.
	dir, dockerfile string
	args            map[string]string
	// clientProxies adds the proxies of the engine's own client to args.
	clientProxies bool
}

// build makes an image of a Dockerfile, unless the same was made before. announce is
// what the user is told when it takes its time.
func (e *engine) build(ctx context.Context, by requester, want buildRequest, announce string) (backend.Image, error) {
	files, err := buildContext(want.dir, want.dockerfile)
	if err != nil {
		return backend.Image{}, fmt.Errorf("build_context: %w", err)
	}
	digest, err := contextDigest(files, want.args, want.platform)
	if err != nil {
		return backend.Image{}, fmt.Errorf("build_context: %w", err)
	}
	tag := workImages + digest
	return e.shared.Load().builds.Do(tag, func() (_ backend.Image, err error) {
		unlock, err := e.run.machineLock(ctx, tag, func(s string) { by.notice(LevelInfo, s) })
		if err != nil {
			return backend.Image{}, err
		}
		defer func() { err = errors.Join(err, unlock()) }()
		if img, err := e.InspectImage(ctx, tag); !errors.Is(err, backend.ErrNotFound) {
			return img, err
		}
		by.notice(LevelInfo, announce)
		return e.runBuild(ctx, by, files, backend.BuildOptions{Tag: tag, Args: want.args, ClientProxies: want.clientProxies,
			Platform: want.platform,
			Labels:   e.run.labels(label.RoleWork), Credentials: buildCredentials(ctx, by, want.dockerfile)})
	})
}

// buildAttempts is how often a build is tried while other images vanish under it:
// an engine compares each step with all the images that it has.
const buildAttempts = 3

// runBuild builds an image from files. Its output is shown line by line to users who
// want all of it, and in full to all when it fails.
func (e *engine) runBuild(ctx context.Context, by requester, files []sandbox.File,
	o backend.BuildOptions) (backend.Image, error) {
	var log bytes.Buffer
	live := &lines.Writer{Emit: func(line string) error { by.notice(LevelDebug, line); return nil }}
	o.Output = io.MultiWriter(&log, live)
	var img backend.Image
	err := backend.ErrConflict
	for attempt := 1; errors.Is(err, backend.ErrConflict) && attempt <= buildAttempts; attempt++ {
		log.Reset()
		pr, pw := io.Pipe()
		go func() { pw.CloseWithError(archive.Write(pw, files)) }()
		o.Context = pr
		img, err = e.BuildImage(ctx, o)
		pr.Close()
	}
	_ = live.Flush() // a notice cannot fail
	if err != nil {
		stdout, _, flush := by.output()
		_, _ = log.WriteTo(stdout) // which cannot fail
		flush()
	}
	return img, err
}

// buildCredentials are those for the images that a Dockerfile names, one entry for
// each registry. The platform's own image is there already.
func buildCredentials(ctx context.Context, by requester, dockerfile string) []backend.Credentials {
	var list []backend.Credentials
	for _, ref := range baseImages(dockerfile) {
		c := by.credentials(ctx, ref)
		if c != nil && !slices.ContainsFunc(list,
			func(have backend.Credentials) bool { return have.Registry == c.Registry }) {
			list = append(list, *c)
		}
	}
	return list
}

// buildContext is the directory for COPY and ADD, if there is one, with the Dockerfile.
func buildContext(dir, dockerfile string) ([]sandbox.File, error) {
	var files []sandbox.File
	if dir != "" {
		tree, err := sandbox.Tree(dir, "", func(rel string, _ bool) bool { return rel == "Dockerfile" })
		if err != nil {
			return nil, err
		}
		files = tree
	}
	return append(files, sandbox.File{Path: "Dockerfile", Data: []byte(dockerfile)}), nil
}

// contextDigest is a digest of all that an image is made from.
func contextDigest(files []sandbox.File, args map[string]string, platform string) (string, error) {
	words := []string{platform}
	for _, name := range slices.Sorted(maps.Keys(args)) {
		words = append(words, name, args[name])
	}
	digest, err := archive.Digest(words, files)
	if err != nil {
		return "", err
	}
	return digest[:32], nil
}

// workDockerfile is the Dockerfile of a work image.
func workDockerfile(from string, instructions []string) string {
	return fmt.Sprintf("FROM %s\n%s\n", from, strings.Join(instructions, "\n"))
}

// baseImages are the images that a Dockerfile takes something from by name: `FROM image`, `COPY --from=image`, `RUN
// --mount=from=image`. They may want credentials. IDs do not, and of names that hold a variable only the builder knows
// what they stand for.
func baseImages(dockerfile string) []string {
	var refs, stages []string
	add := func(ref string) {
		_, notNumber := strconv.Atoi(ref)
		switch {
		case ref == "", ref == "scratch", notNumber == nil, strings.HasPrefix(ref, "sha256:"), strings.Contains(ref, "$"):
		case slices.Contains(stages, strings.ToLower(ref)), slices.Contains(refs, ref):
		default:
			refs = append(refs, ref)
		}
	}
	for line := range strings.Lines(strings.ReplaceAll(dockerfile, "\\\n", " ")) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		n := 1 // the first word that is no flag
		for n < len(words)-1 && strings.HasPrefix(words[n], "--") {
			n++
		}
		switch strings.ToUpper(words[0]) {
		case "FROM":
			add(words[n])
			if n+2 < len(words) && strings.EqualFold(words[n+1], "AS") {
				stages = append(stages, strings.ToLower(words[n+2]))
			}
		case "COPY", "ADD", "RUN":
			for _, flag := range words[1:n] {
				add(flagFrom(flag))
			}
		}
	}
	return refs
}

// flagFrom is the image in --from=IMAGE or --mount=type=bind,from=IMAGE.
func flagFrom(flag string) string {
	if ref, ok := strings.CutPrefix(flag, "--from="); ok {
		return ref
	}
	mount, ok := strings.CutPrefix(flag, "--mount=")
	if !ok {
		return ""
	}
	for _, part := range strings.Split(mount, ",") {
		if ref, ok := strings.CutPrefix(part, "from="); ok {
			return ref
		}
	}
	return ""
}

// declaresArg matches the instruction ARG with the names behind it.
var declaresArg = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?im)^\s*ARG\s+(.+)$`) })

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
		if !config.IsSecretName(name) {
			if mask.New().String(value) == value {
				continue
			}
			why = "holds a secret"
		}
		return fmt.Errorf("driver.build_args: %s %s, and all who have the image could read it in the image's history.\n"+
			"Give it to the runner, by driver.env or a hook, and do there what needs it. If all may read it, "+
			"give the argument a name that does not say secret", name, why)
	}
	return nil
}

// longSecret is the length from which a secret's value does not stand in instructions by chance, in bytes.
const longSecret = 8

// secretInHistory reports whether the instructions or the build arguments hold the value of a secret that is known by
// another name. The history of the image then has it too.
func secretInHistory(i config.Instance, environ []string) bool {
	values := slices.DeleteFunc(config.SecretValues([]config.Instance{i}, environ),
		func(v string) bool { return len(v) < longSecret })
	text := strings.Join(slices.Concat(i.Driver.IntermediateInstructions, slices.Collect(maps.Values(i.Driver.BuildArgs))),
		"\n")
	return mask.New(values...).String(text) != text
}
