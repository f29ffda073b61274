package provisioner

import (
	"context"
	"errors"
	"fmt"
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

// berksfile resolves a Berksfile with berks.
func (c *chef) berksfile(ctx context.Context, file string) (books, error) {
	s := source{
		file: file, lock: file + ".lock", salt: "berks", commands: []string{"berks"},
		update: []string{"update", "-b"},
		export: func(file, to string) []string { return []string{"vendor", to, "-b", file} },
		inputs: func() ([]string, error) { return berksInputs(file) },
	}
	got, err := c.resolver().once(c.key(s), func() (resolved, error) {
		dir, err := c.resolve(ctx, s)
		return resolved{dir: dir}, err
	})
	if err != nil {
		return books{}, err
	}
	filter := newCookbookFilter(c.instance.Provisioner.Chef.CookbookGlobs)
	files, err := cookbooksIn(got.dir, filter)
	if err != nil {
		return books{}, fmt.Errorf("read the vendored cookbooks: %w", err)
	}
	return books{files: files}, nil
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
		dir := rooted(home, string(m[1]))
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue // berks says so better, if it matters
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}
