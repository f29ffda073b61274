package resolve

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

var (
	// berksPath matches the directory of a cookbook on this machine.
	berksPath = regexp.MustCompile(`(?m)^[^#\n]*?\bpath(?::|['"]?\s*=>)\s*['"]([^'"\n]+)['"]`)
	// berksMetadata matches the line by which a cookbook's own Berksfile names it.
	berksMetadata = regexp.MustCompile(`(?m)^\s*metadata\b`)
)

// Berksfile resolves and vendors the cookbooks of a Berksfile with berks. Errors:
// *Error.
func (r *Resolver) Berksfile(ctx context.Context, q Request) (Result, error) {
	s := source{
		lock: q.File + ".lock", salt: "berks", commands: []string{"berks"},
		update: []string{"update", "-b"},
		export: func(file, to string) []string { return []string{"vendor", to, "-b", file} },
		inputs: func() ([]string, error) { return berksInputs(q.File) },
	}
	return r.results.Do(q.key(s), func() (Result, error) {
		dir, err := q.resolve(ctx, s)
		return Result{Dir: dir}, err
	})
}

// berksInputs are the cookbooks on this machine that a Berksfile names.
func berksInputs(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	home := filepath.Dir(file)
	var dirs []string
	if berksMetadata.Match(text) {
		dirs = append(dirs, home)
	}
	for _, m := range berksPath.FindAllSubmatch(text, -1) {
		dir := string(m[1])
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(home, dir)
		}
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue // berks says so better, if it matters
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}
