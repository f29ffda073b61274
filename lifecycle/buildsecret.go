package lifecycle

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/lazyregexp"
	"github.com/galley-kitchen/galley/internal/mask"
)

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

// buildSecrets reads the values of the build secrets that the Dockerfile mounts, which are hidden from then on, with what
// they give to the names of secrets. A secret that the Dockerfile needs and that is not there is an error: builders take
// it for an empty one.
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
