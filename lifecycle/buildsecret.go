package lifecycle

import (
	"fmt"
	"maps"
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
	text := strings.Join(slices.Concat(i.Driver.IntermediateInstructions, slices.Collect(maps.Values(i.Driver.BuildArgs))),
		"\n")
	return mask.New(longSecrets(i, environ)...).String(text) != text
}

// longSecrets are the values of secrets that stand nowhere by chance.
func longSecrets(i config.Instance, environ []string) []string {
	return slices.DeleteFunc(slices.Concat(mask.InEnviron(environ), i.Secrets),
		func(v string) bool { return len(v) < longSecret })
}
