// Package resolve resolves the cookbooks of a Policyfile or a Berksfile with the tools
// of Chef Workstation, on this machine or in a container.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/config"
	"github.com/galley-kitchen/galley/internal/filelock"
	"github.com/galley-kitchen/galley/internal/memo"
	"github.com/galley-kitchen/galley/internal/timing"
	"github.com/galley-kitchen/galley/lifecycle/archive"
	"github.com/galley-kitchen/galley/lifecycle/project"
	"github.com/galley-kitchen/galley/lifecycle/sandbox"
)

// Resolver resolves cookbooks once for all instances of a run that share them. The
// zero value is ready to use; it is safe for concurrent use.
type Resolver struct{ dirs memo.Memo[string] }

// once resolves what instances share; the others wait.
func (r *Resolver) once(ctx context.Context, q Request, s source) (dir string, err error) {
	return timing.Waiting(ctx, "cookbooks", func() (string, error) {
		return r.dirs.Do(q.key(s), func() (string, error) { return q.resolve(ctx, s) })
	})
}

// Request is what to resolve for one instance, and how.
type Request struct {
	project.Project
	// File is the absolute path of the Policyfile or Berksfile.
	File string
	// Keys are those of the provisioner.
	Keys config.Chef
	// Env are the variables of the tool: proxies and the licence.
	Env map[string]string
	// Skip reports whether a file or directory of a cookbook, relative to it, does not matter for the result.
	Skip func(rel string, dir bool) bool
	// Workstation makes containers; nil where there are none.
	Workstation Workstation
	// Notice tells the user something.
	Notice func(format string, args ...any)
}

// source is what a Policyfile and a Berksfile differ in.
type source struct {
	// lock is the lock file.
	lock string
	// commands are names of the tool that resolves it, the best one first.
	commands []string
	// update and install bring the lock file up to date, with and without newer
	// versions; an empty one is left out. export puts the cookbooks into a directory.
	update, install []string
	export          func(file, to string) []string
	// inputs are the directories of cookbooks that the lock does not pin.
	inputs func() ([]string, error)
	// salt is what else the result depends on.
	salt string
}

// key is the same for instances that share cookbooks.
func (q Request) key(s source) string {
	k := q.Keys
	return fmt.Sprintf("%q %q %q %q %q %v %q", q.File, s.salt, k.Resolver, q.image(), k.License, k.AlwaysUpdate,
		k.CookbookGlobs)
}

// resolve brings the lock file up to date as always_update_cookbooks says, and returns the directory of what was
// exported for it. What was exported before for the same lock file and the same local cookbooks is taken as it is.
func (q Request) resolve(ctx context.Context, s source) (dir string, err error) {
	st := store{filepath.Join(q.StateDir, "cookbooks")}
	lock, err := filelock.Acquire(ctx, filepath.Join(st.dir, "lock"), filelock.Options{})
	if err != nil {
		return "", fmt.Errorf("wait for another galley that resolves cookbooks: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	_, err = os.Stat(s.lock)
	locked := err == nil
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if locked && !q.Keys.AlwaysUpdate {
		if dir, ok, err := q.stored(st, s); ok || err != nil {
			return dir, err
		}
	}
	scratch, err := os.MkdirTemp(st.dir, ".new-*")
	if err != nil {
		return "", fmt.Errorf("keep resolved cookbooks: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	out := filepath.Join(scratch, "out")
	h, err := q.findHost(ctx, s, out)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, h.Close(ctx)) }()
	first := s.install
	if locked && q.Keys.AlwaysUpdate {
		first = s.update
	}
	if len(first) > 0 {
		if err := q.run(ctx, h, append(first, h.file)); err != nil {
			return "", err
		}
		if err := h.Download(ctx, h.lock, s.lock); err != nil {
			return "", err
		}
		if dir, ok, err := q.stored(st, s); ok || err != nil {
			return dir, err
		}
	}
	if err := q.run(ctx, h, s.export(h.file, h.out)); err != nil {
		return "", err
	}
	if err := errors.Join(h.Download(ctx, h.out, out), h.Download(ctx, h.lock, s.lock)); err != nil {
		return "", err
	}
	digest, err := q.digest(s)
	if err != nil {
		return "", err
	}
	return st.put(digest, out)
}

// stored finds the result for the lock file and the cookbooks as they are now.
func (q Request) stored(st store, s source) (dir string, ok bool, err error) {
	digest, err := q.digest(s)
	if err != nil {
		return "", false, err
	}
	dir, now := filepath.Join(st.dir, digest), time.Now()
	// The directory's age tells which ones are in use.
	return dir, os.Chtimes(dir, now, now) == nil, nil
}

// digest is made of all that the resolved cookbooks depend on.
func (q Request) digest(s source) (string, error) {
	files := []sandbox.File{{Path: filepath.Base(q.File), Source: q.File}, {Path: filepath.Base(s.lock), Source: s.lock}}
	dirs, err := s.inputs()
	if err != nil {
		return "", err
	}
	for n, dir := range dirs {
		tree, err := sandbox.Tree(dir, fmt.Sprint(n), q.Skip)
		if err != nil {
			return "", fmt.Errorf("read the cookbook that %s names: %w", filepath.Base(q.File), err)
		}
		// A cookbook is what its files are.
		files = append(files, slices.DeleteFunc(tree, func(f sandbox.File) bool { return f.Dir })...)
	}
	digest, err := archive.Digest(append([]string{s.salt}, dirs...), files)
	if err != nil {
		return "", err
	}
	return digest[:32], nil
}

// failed says that cookbooks could not be resolved, with what the tool printed and how to go on.
func (q Request) failed(where string, cause error, printed, remedy string) error {
	err := fmt.Errorf("resolve the cookbooks of %s%s: %w", filepath.Base(q.File), where, cause)
	for _, text := range []string{printed, remedy} {
		if text != "" {
			err = fmt.Errorf("%w\n%s", err, text)
		}
	}
	return err
}

// storeKeeps is how many resolutions a project keeps.
const storeKeeps = 8

// store keeps resolved cookbooks of a project by the digest of what they were made from: .kitchen/galley/cookbooks.
type store struct{ dir string }

// put keeps a directory, all of it or nothing, and forgets the oldest ones.
func (s store) put(digest, from string) (string, error) {
	to := filepath.Join(s.dir, digest)
	err := os.RemoveAll(to)
	if err == nil {
		err = os.Rename(from, to)
	}
	if err == nil {
		err = s.forget()
	}
	if err != nil {
		return "", fmt.Errorf("keep resolved cookbooks: %w", err)
	}
	return to, nil
}

// forget removes what has not been used for longest, and what a galley that died
// left half-made: no other galley is at work while the lock is held.
func (s store) forget() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var kept []fs.FileInfo
	for _, e := range entries {
		st, err := e.Info()
		if err != nil || !st.IsDir() {
			continue
		}
		if strings.HasPrefix(e.Name(), ".new-") {
			if err := os.RemoveAll(filepath.Join(s.dir, e.Name())); err != nil {
				return err
			}
			continue
		}
		kept = append(kept, st)
	}
	slices.SortFunc(kept, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, st := range kept[min(storeKeeps, len(kept)):] {
		if err := os.RemoveAll(filepath.Join(s.dir, st.Name())); err != nil {
			return err
		}
	}
	return nil
}
