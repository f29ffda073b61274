package resolve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// policyLock is what galley reads of a Policyfile.lock.json.
type policyLock struct {
	Name      string `json:"name"`
	Cookbooks map[string]struct {
		// Source is the directory of a cookbook that is not pinned, relative to the Policyfile.
		Source string `json:"source"`
	} `json:"cookbook_locks"`
}

func readPolicyLock(file string) (policyLock, error) {
	var l policyLock
	data, err := os.ReadFile(file)
	if err != nil {
		return l, fmt.Errorf("read the policy's lock file: %w", err)
	}
	if err := json.Unmarshal(data, &l); err != nil {
		return l, fmt.Errorf("%s: %w\nRemove the file to have it made anew", file, err)
	}
	if l.Name == "" {
		return l, fmt.Errorf("%s: it names no policy\nRemove the file to have it made anew", file)
	}
	return l, nil
}

// Policyfile resolves a Policyfile with chef-cli, and exports the policy with its cookbooks as a repository for the
// client's local mode, into a directory that nothing may change. It returns the policy's name too.
func (r *Resolver) Policyfile(ctx context.Context, q Request) (dir, policy string, err error) {
	k := q.Keys
	lock := strings.TrimSuffix(q.File, filepath.Ext(q.File)) + ".lock.json"
	s := source{
		lock: lock, salt: "policy " + k.PolicyGroup,
		commands: []string{"chef-cli", "chef"},
		install:  []string{"install"}, update: []string{"update"},
		export: func(file, to string) []string {
			args := []string{"export", file, to, "--force"}
			if k.PolicyGroup != "" {
				args = append(args, "--policy_group", k.PolicyGroup)
			}
			if k.License != "" {
				args = append(args, "--chef-license", k.License)
			}
			return args
		},
		inputs: func() ([]string, error) {
			l, err := readPolicyLock(lock)
			if err != nil {
				return nil, err
			}
			var dirs []string
			for _, name := range slices.Sorted(maps.Keys(l.Cookbooks)) {
				if dir := l.Cookbooks[name].Source; dir != "" {
					dirs = append(dirs, beside(q.File, dir))
				}
			}
			return dirs, nil
		},
	}
	if k.ProductName == "cinc" {
		s.commands = []string{"cinc-cli", "chef-cli", "cinc", "chef"}
	}
	if dir, err = r.once(ctx, q, s); err != nil {
		return "", "", err
	}
	l, err := readPolicyLock(lock)
	return dir, l.Name, err
}

var (
	// berksPath matches the directory of a cookbook on this machine.
	berksPath = regexp.MustCompile(`(?m)^[^#\n]*?\bpath(?::|['"]?\s*=>)\s*['"]([^'"\n]+)['"]`)
	// berksMetadata matches the line by which a cookbook's own Berksfile names it.
	berksMetadata = regexp.MustCompile(`(?m)^\s*metadata\b`)
)

// Berksfile resolves and vendors the cookbooks of a Berksfile with berks, into a directory that nothing may change.
func (r *Resolver) Berksfile(ctx context.Context, q Request) (dir string, err error) {
	return r.once(ctx, q, source{
		lock: q.File + ".lock", salt: "berks", commands: []string{"berks"},
		update: []string{"update", "-b"},
		export: func(file, to string) []string { return []string{"vendor", to, "-b", file} },
		inputs: func() ([]string, error) { return berksInputs(q.File) },
	})
}

// beside is a path that a file names, relative to its own directory or absolute.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(file), path)
}

// berksInputs are the cookbooks on this machine that a Berksfile names.
func berksInputs(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var dirs []string
	if berksMetadata.Match(text) {
		dirs = append(dirs, filepath.Dir(file))
	}
	for _, m := range berksPath.FindAllSubmatch(text, -1) {
		dir := beside(file, string(m[1]))
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			continue // berks says so better, if it matters
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}
