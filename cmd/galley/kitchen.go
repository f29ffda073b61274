package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/galley-kitchen/galley/config"
)

// loadRaw reads and merges the project's files.
func (a *app) loadRaw(ctx context.Context) (*config.Config, error) {
	templates, err := a.renderer()
	if err != nil {
		return nil, err
	}
	return config.Load(ctx, config.Options{Dir: a.dir, Home: homeDir(), Env: os.LookupEnv, ERB: templates})
}

// homeDir is the user's home directory, or "" without one: then there is no
// global file, and a path that starts with ~ is an error.
func homeDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return home
}

// load reads the project and resolves the instances that args select. Notices
// and warnings go to stderr. Nothing may be created from a configuration with
// errors.
func (a *app) load(ctx context.Context, args []string) ([]config.Instance, error) {
	conf, err := a.loadRaw(ctx)
	if err != nil {
		return nil, err
	}
	a.tell(conf)
	chosen, err := choose(conf.Instances, rawName, args)
	if err != nil {
		return nil, firstError(a.diagnose(conf, nil), err)
	}
	instances, diags := conf.Resolve(config.ResolveOptions{Home: homeDir(), Env: os.LookupEnv, Select: oneOf(chosen)})
	return instances, a.diagnose(conf, diags)
}

// tell prints what galley chose by itself, such as an overlay.
func (a *app) tell(conf *config.Config) {
	for _, n := range conf.Notices {
		fmt.Fprintln(a.err, "       "+n)
	}
}

func rawName(i config.RawInstance) string { return i.Name }

// diagnose prints warnings and returns the errors as one.
func (a *app) diagnose(conf *config.Config, diags []config.Diagnostic) error {
	var errs []string
	for _, d := range append(append([]config.Diagnostic(nil), conf.Diagnostics...), diags...) {
		d = conf.Annotate(d)
		if d.Severity == config.SeverityError {
			errs = append(errs, d.String())
		} else {
			for line := range strings.Lines(d.String()) {
				fmt.Fprint(a.err, "$$$$$$ "+line)
			}
			fmt.Fprintln(a.err)
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("%s", strings.Join(errs, "\n"))
	}
	return nil
}

// choose selects instances as Test Kitchen does: "all" or nothing, an exact name,
// or an unanchored regular expression; several arguments add up. The order is
// that of the file.
func choose[T any](all []T, name func(T) string, args []string) ([]T, error) {
	if len(all) == 0 {
		return nil, fmt.Errorf("kitchen.yml makes no instances\nIt needs at least one entry in `platforms` and one in `suites`")
	}
	if len(args) == 0 {
		return all, nil
	}
	picked := map[int]bool{}
	for _, arg := range args {
		if arg == "all" {
			return all, nil
		}
		match, err := matcher(all, name, arg)
		if err != nil {
			return nil, err
		}
		found := false
		for i, x := range all {
			if match(name(x)) {
				picked[i], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("no instances for %q; there are:%s", arg, names(all, name))
		}
	}
	var list []T
	for i, x := range all {
		if picked[i] {
			list = append(list, x)
		}
	}
	return list, nil
}

func matcher[T any](all []T, name func(T) string, arg string) (func(string) bool, error) {
	for _, x := range all {
		if name(x) == arg {
			return func(s string) bool { return s == arg }, nil
		}
	}
	re, err := regexp.Compile(arg)
	if err != nil {
		return nil, fmt.Errorf("%q is neither an instance nor a regular expression: %w", arg, err)
	}
	return re.MatchString, nil
}

// names lists instances for an error, but not thousands of them.
func names[T any](all []T, name func(T) string) string {
	const most = 30
	var b strings.Builder
	for i, x := range all {
		if i == most {
			fmt.Fprintf(&b, "\n  and %d more: see galley list", len(all)-most)
			break
		}
		b.WriteString("\n  " + name(x))
	}
	return b.String()
}

func instanceName(i config.Instance) string { return i.Name }
