package provisioner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// policyLock is what galley reads of a Policyfile.lock.json.
type policyLock struct {
	Name      string `json:"name"`
	Cookbooks map[string]struct {
		// Source is the directory of a cookbook that is not pinned, relative to
		// the Policyfile.
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

// policyfile resolves a Policyfile with chef-cli: the policy's cookbooks and the
// policy itself, as a repository for the client's local mode.
func (c *chef) policyfile(ctx context.Context, file string) (books, error) {
	k := c.instance.Provisioner.Chef
	lock := strings.TrimSuffix(file, filepath.Ext(file)) + ".lock.json"
	s := source{
		file: file, lock: lock, salt: "policy " + k.PolicyGroup,
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
					dirs = append(dirs, rooted(filepath.Dir(file), dir))
				}
			}
			return dirs, nil
		},
	}
	if k.ProductName == productCinc {
		s.commands = []string{"cinc-cli", "chef-cli", "cinc", "chef"}
	}
	got, err := c.resolver().once(c.key(s), func() (resolved, error) {
		dir, err := c.resolve(ctx, s)
		if err != nil {
			return resolved{}, err
		}
		l, err := readPolicyLock(lock)
		return resolved{dir: dir, policy: l.Name}, err
	})
	if err != nil {
		return books{}, err
	}
	files, err := sandbox.Tree(got.dir, "", nil)
	if err != nil {
		return books{}, fmt.Errorf("read the exported policy: %w", err)
	}
	return books{files: files, policy: got.policy}, nil
}

// resolver is the run's, or one of its own.
func (c *chef) resolver() *Resolver {
	if c.project.Resolver == nil {
		return NewResolver()
	}
	return c.project.Resolver
}

// key is the same for instances that share cookbooks.
func (c *chef) key(s source) string {
	k := c.instance.Provisioner.Chef
	return fmt.Sprintf("%q %q %q %q %q %v %q", s.file, s.salt, k.Resolver, c.resolverImage(), k.License, k.AlwaysUpdate, k.CookbookGlobs)
}

// rooted makes a path absolute.
func rooted(root, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(root, path)
}
