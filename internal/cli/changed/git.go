// Package changed finds the instances to which a change in git may matter. Git itself is asked what has changed. In
// doubt it matters.
package changed

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/galley-kitchen/galley/internal/process"
)

// Since is what has changed in a repository since a commit: what was committed, staged, only written, and added.
type Since struct {
	// Ref is the commit as the user wrote it.
	Ref string
	// Files are the paths that differ, from the top of the repository, with slashes. One may be a directory with a
	// repository of its own.
	Files []string

	// top is the repository's directory; project that of the project below it, with slashes, "." for the same.
	top, project string
	commit       string
	// links is set when the project has symbolic links: what they lead to has two names.
	links bool
}

// Find asks git what has changed in the repository of a project since ref.
func Find(ctx context.Context, dir, ref string) (*Since, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, fmt.Errorf("--changed-since asks git, which is not there: %w\nInstall git, or leave the flag out", err)
	}
	dir, err := filepath.EvalSymlinks(dir) // git names its directory without links
	if err != nil {
		return nil, err
	}
	top, err := git(ctx, dir, nil, "rev-parse", "--show-toplevel")
	if err != nil {
		return nil, fmt.Errorf("--changed-since: %s is in no repository that git can use: %w\n"+
			"Run it in a clone of the repository, or leave the flag out", dir, err)
	}
	s := &Since{Ref: ref, top: filepath.FromSlash(strings.TrimSuffix(top, "\n"))}
	project, err := filepath.Rel(s.top, dir)
	if err != nil {
		return nil, err
	}
	s.project = filepath.ToSlash(project)
	commit := ""
	if !strings.HasPrefix(ref, "-") {
		commit, err = git(ctx, dir, nil, "rev-parse", "--verify", "--quiet", ref+"^{commit}")
	}
	if s.commit = strings.TrimSpace(commit); err != nil || s.commit == "" {
		return nil, fmt.Errorf("--changed-since: git has no commit %q here\n"+
			"Check its name, or fetch it: a clone that is not whole has few commits, "+
			"and `git fetch --depth=1 origin %s` gets one", ref, strings.TrimPrefix(ref, "origin/"))
	}
	for _, args := range [][]string{
		{"diff", "--name-only", "--no-renames", "--no-ext-diff", "--ignore-submodules=none", "-z", s.commit, "--"},
		{"ls-files", "--others", "--exclude-standard", "-z"},
	} {
		list, err := git(ctx, s.top, nil, args...)
		if err != nil {
			return nil, fmt.Errorf("--changed-since: %w", err)
		}
		for file := range strings.SplitSeq(list, "\x00") {
			if file != "" {
				s.Files = append(s.Files, strings.TrimSuffix(file, "/"))
			}
		}
	}
	tracked, err := git(ctx, s.top, nil, "ls-files", "--stage", "-z", "--", s.project)
	for entry := range strings.SplitSeq(tracked, "\x00") {
		s.links = s.links || strings.HasPrefix(entry, "120000 ")
	}
	return s, err
}

// extract writes the project as the commit has it into an empty directory, and returns where in it the project is.
func (s *Since) extract(ctx context.Context, dir string) (string, error) {
	env := []string{"GIT_INDEX_FILE=" + filepath.Join(dir, "index")}
	tree := s.commit + ":"
	if s.project != "." {
		tree += s.project
	}
	if _, err := git(ctx, s.top, env, "read-tree", tree); err != nil {
		return "", err
	}
	at := filepath.Join(dir, "project")
	_, err := git(ctx, s.top, env, "checkout-index", "--all", "--prefix="+filepath.ToSlash(at)+"/")
	return at, err
}

// inProject is a file's path from the project's directory, false for one that is elsewhere.
func (s *Since) inProject(file string) (string, bool) {
	rel, err := filepath.Rel(filepath.FromSlash(s.project), filepath.FromSlash(file))
	return filepath.ToSlash(rel), err == nil && filepath.IsLocal(rel)
}

// around reports whether a path is a directory that the project is in.
func (s *Since) around(file string) bool {
	return strings.HasPrefix(path.Clean(s.project)+"/", file+"/")
}

// gitTime bounds how long git may take to end when it is asked to.
const gitTime = 5 * time.Second

// git runs git in a directory and returns what it prints.
func git(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	c := process.Command(ctx, gitTime, "git", append([]string{"-C", dir}, args...)...)
	c.Env = append(append(os.Environ(), "GIT_OPTIONAL_LOCKS=0"), env...)
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n"); err != nil {
		err = fmt.Errorf("git %s: %s", args[0], cmp.Or(first, err.Error()))
	}
	return string(out), err
}
